"""Which text each shipped version was released with: a text that changes needs a new version number.

`python -m scripts.released_scripts` adds the versions that are new to scripts/calls/released.txt; it never changes a line.
"""

from pathlib import Path

from rules.script import digest
from scripts.call_scripts import all_scripts
from scripts.script_parts import FOLDER

FILE = FOLDER / "released.txt"


def released(file: Path = FILE) -> dict[str, str]:
    """Script id → digest of its text."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return dict(line.split() for line in lines if line.strip())


def add_new(file: Path = FILE) -> list[str]:
    known = released(file)
    new = {script.id: digest(script) for script in all_scripts() if script.id not in known}
    whole = sorted((known | new).items())
    file.write_text("".join(f"{script_id} {text_digest}\n" for script_id, text_digest in whole), "utf-8")
    return sorted(new)


if __name__ == "__main__":
    for script_id in add_new():
        print(script_id)
