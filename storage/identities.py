"""How a person or a number is recognised without being readable: what is put through the vault's keyed hash.

Two places that hash the same thing differently would never find each other, so all of them ask here.
"""

from datetime import date

from rules.addresses import compared_form
from rules.contracts import Contract, person_key
from storage.vault import vault


def number_hash(number: str) -> bytes:
    """Of a telephone number in its one normal form (`rules.phones`), with its extension."""
    return vault().fingerprint(f"phone:{number}")


def name_hash(name: str) -> bytes:
    return vault().fingerprint(name.strip())


def address_hash(address: str | None) -> bytes | None:
    """Of an address in the form in which two are compared; None for one that is never equal to another (R95)."""
    form = compared_form(address)
    return vault().fingerprint(f"address:{form}") if form else None


def id_hash(id_no: str) -> bytes:
    """Of a valid ID card number, whoever bears it: a policyholder, or an agent who bought for himself."""
    return vault().fingerprint(f"id:{id_no.upper()}")


def policyholder_hash(contract: Contract, today: date) -> bytes:
    """Of the policyholder: by the ID card where it can be right, else by what `person_key` says is safe."""
    key = person_key(contract, today)
    if key.startswith("ID:"):
        return id_hash(key.removeprefix("ID:"))
    return vault().fingerprint(f"weak:{key}")
