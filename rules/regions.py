"""Administrative divisions by their codes (GB/T 2260), by which local rules and scripts are chosen (R9)."""


def lies_in(place: str, region: str) -> bool:
    """A code ending in pairs of zeros also stands for what lies in it (510100 in 510000)."""
    stem = region
    while len(stem) > 2 and stem.endswith("00"):
        stem = stem[:-2]
    return place.startswith(stem) if len(region) == 6 and region.isdigit() else place == region
