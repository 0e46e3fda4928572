"""Reads the table of destinations, and refuses a bad one: a wrong row here rings nobody, or the wrong people."""

import re
from pathlib import Path

import yaml

from rules.destinations import Destination

SHIPPED = Path(__file__).with_name("destinations.yaml")
PREFIX, NUMBER = re.compile(r"\+\d{0,15}"), re.compile(r"\+[1-9]\d{6,14}")
KEYS = {"prefix", "allow", "caller_id"}


def load_destinations(file: Path | None = None) -> tuple[Destination, ...]:
    """The rows of `file`, or of the shipped one. Raises ValueError naming the row that cannot be taken."""
    file = file or SHIPPED
    rows = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    if not isinstance(rows, list):
        raise ValueError(f"{file}: a list of rows")
    table: dict[str, Destination] = {}
    for place, row in enumerate(rows, 1):
        where = f"{file}, row {place}"
        if not isinstance(row, dict) or set(row) - KEYS:
            raise ValueError(f"{where}: a row has prefix, allow and caller_id, nothing else")
        prefix, allowed, caller_id = row.get("prefix"), row.get("allow", True), row.get("caller_id")
        if not isinstance(prefix, str) or not PREFIX.fullmatch(prefix):
            raise ValueError(f'{where}: prefix is a plus and digits in quotes, such as "+852"')
        if not isinstance(allowed, bool):
            raise ValueError(f"{where}: allow is true or false")
        if caller_id is not None and (not isinstance(caller_id, str) or not NUMBER.fullmatch(caller_id)):
            raise ValueError(f'{where}: caller_id is a whole number in quotes, such as "+85230000000"')
        if prefix in table:
            raise ValueError(f"{where}: {prefix} stands there twice")
        table[prefix] = Destination(prefix, allowed, caller_id)
    return tuple(table.values())
