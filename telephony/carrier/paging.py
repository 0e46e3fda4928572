"""Lists as Twilio pages them: newest first, links as paths, a page token that stays put while new entries arrive."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from telephony.carrier.errors import invalid


class Row(NamedTuple):
    """Something to be listed that is its resource and no more."""

    sid: str
    resource: dict


def page(request, key: str, newest_first: list, resource) -> dict:
    """One page of `newest_first` (things with a `sid`) under `key`. `PageSize` 1 to 1000, 50 unless told."""
    query = request.query_params
    try:
        size = min(max(int(query.get("PageSize", 50)), 1), 1000)
        number = max(int(query.get("Page", 0)), 0)
    except ValueError:
        raise invalid("PageSize", query.get("PageSize", "")) from None
    start = number * size
    if token := query.get("PageToken"):
        # P + A(fter) or B(efore) + the sid at the edge of the page that the link stood on
        where = next((i for i, thing in enumerate(newest_first) if thing.sid == token[2:]), None)
        if where is not None:
            start = where + 1 if token[1] == "A" else max(0, where - size)
    shown = newest_first[start : start + size]
    # the path as the client asked for it: the router has taken the .json off
    path = request.scope["path"] + ".json"
    kept = [(name, value) for name, value in query.multi_items() if name not in ("Page", "PageToken", "PageSize")]

    def link(which: int, token: str | None = None) -> str:
        pairs = [*kept, ("PageSize", size), ("Page", which)] + ([("PageToken", token)] if token else [])
        return f"{path}?{urlencode(pairs)}"

    more = start + size < len(newest_first)
    return {
        key: [resource(thing) for thing in shown],
        "first_page_uri": link(0),
        "next_page_uri": link(number + 1, "PA" + shown[-1].sid) if more else None,
        "previous_page_uri": link(number - 1, "PB" + shown[0].sid) if number and shown else None,
        "page": number,
        "page_size": size,
        "start": start,
        "end": start + len(shown) - 1 if shown else start,
        "uri": link(number, query.get("PageToken")),
    }


def _span(name: str, text: str) -> tuple[float, float]:
    """First and last second that a date or an instant stands for with `name` (UTC)."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise invalid(name, text) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    # "on this date" (no < or >): the client libraries send the midnight of a date, and the day is meant
    whole_day = len(text.strip()) == 10 or name[-1] not in "<>"
    if whole_day:
        moment = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return moment.timestamp(), (moment + timedelta(days=1)).timestamp() - 1 if whole_day else moment.timestamp()


def within(query, name: str):
    """A test for a time against `Name`, `Name<` and `Name>` of the query, each including its end."""
    low, high = float("-inf"), float("inf")
    for key, text in query.multi_items():
        if key in (name, name + ">", name + "<"):
            first, last = _span(key, text)
            low = max(low, first) if not key.endswith("<") else low
            high = min(high, last) if not key.endswith(">") else high
    if low == float("-inf") and high == float("inf"):
        return lambda moment: True
    return lambda moment: moment is not None and low <= int(moment) <= high
