"""May a branch file this layer as its own? Stricter only, and for what it really concludes (R127, C58)."""

from datetime import date

from rules.branches import below
from rules.list_columns import CHANNEL, PRODUCT_TYPE
from rules.profiles import LayerKind, LooserValue
from scripts.house import Filed, House
from scripts.rule_profiles import ProfileError, profile_names, profile_versions


class FilingRefused(Exception):
    """`zh` and `en` say why; of a looser value they name both values and whose they are."""

    def __init__(self, zh: str, en: str):
        super().__init__(en)
        self.zh, self.en = zh, en


def must_hold(house: House, branch: str, name: str, on: date) -> None:
    """Put together with everything that stands above it, for the branch and every one below it, for each channel and
    product type: as it will be on `on`, or on the first day of the file if that comes later. Raises FilingRefused."""
    if branch not in house.tree.by_code:
        raise FilingRefused(f"没有代码为 {branch} 的机构。", f"There is no branch with the code {branch}.")
    if name not in profile_names(house.folder):
        raise FilingRefused(
            f"没有名为 {name} 的规则版本：请先把文件放进 scripts/profiles。",
            f"No profile is called {name}: put its file into scripts/profiles first.",
        )
    try:
        newest = profile_versions(name, house.folder)[0]
    except ProfileError as wrong:
        raise FilingRefused(f"{name} 的文件有误：{wrong}", f"The file of {name} does not hold: {wrong}") from wrong
    if newest.layer.kind != LayerKind.BRANCH:
        raise FilingRefused(
            f"{newest.layer.owner_zh}不是机构版，不能由机构备案。",
            f"{newest.layer.owner_en} is no branch layer and cannot be filed by a branch.",
        )
    day = max(on, newest.effective_from or on)
    if not newest.in_force(day):
        raise FilingRefused(
            f"{newest.layer.id} 已于{newest.effective_until}失效。",
            f"{newest.layer.id} ended on {newest.effective_until}.",
        )
    others = tuple(f for f in house.filed if f.branch != branch or not f.stands(day))
    as_filed = House(house.tree, house.company, (*others, Filed(branch, name, on)), house.folder)
    counts = False
    for code in sorted(below(branch, house.tree)):
        for channel in CHANNEL.codes:
            for product_type in PRODUCT_TYPE.codes:
                try:
                    profile = as_filed.profile_of(code, channel, product_type, day)
                except ProfileError as refused:
                    cause = refused.__cause__
                    if isinstance(cause, LooserValue):
                        raise FilingRefused(f"{cause.zh}。", f"{cause.en}.") from refused
                    raise FilingRefused(
                        f"规则版本有误：{refused}", f"The profile does not hold: {refused}"
                    ) from refused
                counts = counts or newest.layer.id in profile.layers
    if not counts:
        raise FilingRefused(
            f"{newest.layer.id} 的辖区、渠道、险种与 {branch} 及其下级机构没有一件相合，备案没有意义。",
            f"{newest.layer.id} is for places, channels or product types that {branch} and the branches below it have none of.",
        )
