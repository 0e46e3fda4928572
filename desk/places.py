"""Which registered places a request comes from: the setting names the network of each (R117)."""

import ipaddress
from collections.abc import Mapping
from functools import lru_cache

from fastapi import Request

from rules.retrieval import AUDIT_ROOM, WORKSTATION, Person
from settings import settings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(maxsize=4)
def registered(text: str) -> Mapping[str, tuple[Network, ...]]:
    """`4401/CS=10.1.2.0/24, 00/AUDIT=10.0.9.7` → networks by place; `*` for the branch is each person's own.

    Raises ValueError.
    """
    found: dict[str, tuple[Network, ...]] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        place, equals, network = (part.strip() for part in entry.partition("="))
        branch, slash, room = place.partition("/")
        if not (equals and branch and slash) or room not in (WORKSTATION, AUDIT_ROOM):
            raise ValueError(f"{entry!r} is not BRANCH/{WORKSTATION}=NETWORK or BRANCH/{AUDIT_ROOM}=NETWORK")
        found[place] = (*found.get(place, ()), ipaddress.ip_network(network))
    return found


def places_here(request: Request, person: Person) -> frozenset[str]:
    """The registered places that this request's machine stands in; none where its address is not known."""
    try:
        address = ipaddress.ip_address(request.client.host)
    except (AttributeError, ValueError):
        return frozenset()
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    here = set()
    for place, networks in registered(settings().listening_places).items():
        if any(address in network for network in networks):
            here.add(place.replace("*", person.branch, 1) if place.startswith("*/") else place)
    return frozenset(here)
