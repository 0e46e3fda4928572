"""Where may be rung, and under which number of ours: the row with the longest prefix that fits decides."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Destination:
    """`prefix` as E.164 begins (`+` and digits; `+` alone fits everybody). `caller_id` None: the account's usual one."""

    prefix: str
    allowed: bool = True
    caller_id: str | None = None


EVERYWHERE = Destination("+")


def destination_of(number: str, table: Iterable[Destination]) -> Destination:
    """The row for an E.164 number; one that no row fits may be rung under the usual number."""
    fitting = (row for row in table if number.startswith(row.prefix))
    return max(fitting, key=lambda row: len(row.prefix), default=EVERYWHERE)
