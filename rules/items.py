"""Which items a callback has: what needs a definite answer before it is completed."""

from rules.parameters import Profile

NEW_TYPES = ("PARTICIPATING", "UNIVERSAL", "UNIT_LINKED")
# The items of the short script for a sale whose audio-video record passed its check
SIMPLIFIED_ITEMS = ("M1", "M2.received", "M2.receipt_signed", "M8")
# S9: what a proxy never answers for
SIGNATURE_ITEMS = ("M3", "M4")


def mandatory_items(
    product_type: str, premium_mode: str, profile: Profile, traceability: str = "NONE"
) -> tuple[str, ...]:
    """The items that need a definite answer, in the order they are asked (R48, R49, C46).

    `traceability` PASSED shortens the list where the profile allows the short script; an INVALIDATED record never does.
    """
    if profile["script.simplified"] and traceability == "PASSED":
        return SIMPLIFIED_ITEMS
    items = ["M1", "M2.received", "M2.receipt_signed", "M3"]
    if product_type in NEW_TYPES:
        items.append("M4")
    items += ["M5", "M6.coverage", "M6.exclusions", "M6.term"]
    if premium_mode != "SINGLE":
        items.append("M7")
    items += ["M8", "M9"]
    if product_type == "PARTICIPATING":
        items.append("N1")
    if product_type == "UNIVERSAL":
        items.append("N2")
    if product_type in NEW_TYPES or profile["matrix.fees_for_all_types"]:
        items.append("N3")
    if product_type == "UNIT_LINKED":
        items.append("N4")
    if product_type == "HEALTH":
        items.append("N5")
    return tuple(items)
