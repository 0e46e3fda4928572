"""Conditions of a script's steps: on product type, premium mode, channel, jurisdiction, and facts of the policy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rules.call_sheet import CallSheet, PolicyFacts
from rules.regions import lies_in

REGULAR_MODES = ("ANNUAL", "HALF_YEARLY", "QUARTERLY", "MONTHLY")
PREMIUM_MODES = ("SINGLE", *REGULAR_MODES)
CHANNELS = ("AGENCY", "BANCASSURANCE", "BANK_DIRECT", "TELEMARKETING", "ONLINE", "BROKERAGE")
PRODUCT_TYPES = ("TRADITIONAL", "PARTICIPATING", "UNIVERSAL", "UNIT_LINKED", "HEALTH", "ACCIDENT")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that holds for a policy or not. `tells`: only somebody whose identity is proven may notice it (R31)."""

    holds: Callable[[CallSheet, PolicyFacts], bool]
    tells: bool
    zh: str
    en: str


FACTS: Mapping[str, Fact] = {
    "proxy_allowed": Fact(
        lambda sheet, _: sheet.proxy_allowed, False, "允许家属经本人授权代答", "an authorised relative may answer"
    ),
    "receipt_on_file": Fact(
        lambda _, policy: policy.receipt_signed_on is not None, True, "已登记回执签署日", "a receipt date is on file"
    ),
    "next_due_known": Fact(
        lambda _, policy: policy.next_due_on is not None, True, "有下次交费日", "the next due date is known"
    ),
    "outlet_known": Fact(lambda _, policy: bool(policy.outlet), True, "有网点名称", "the outlet is known"),
    "premium_term_known": Fact(
        lambda _, policy: policy.premium_term_years is not None, True, "有缴费年限", "the premium term is known"
    ),
    "end_provisional": Fact(
        lambda _, policy: policy.provisional, True, "犹豫期截止日为暂定", "the cooling-off end is provisional"
    ),
    "fees_for_all_types": Fact(
        lambda _, policy: policy.fees_for_all_types,
        True,
        "当地规则要求各类产品都询问费用",
        "the local rules ask every product's fees",
    ),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds where every list that is not empty has the policy's value, and each fact is as it says."""

    product_types: tuple[str, ...] = ()
    premium_modes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()  # all of these
    without: tuple[str, ...] = ()  # and none of these

    @property
    def tells(self) -> bool:
        """Whether what follows from it shows something of the policy."""
        of_policy = self.product_types or self.premium_modes or self.channels or self.jurisdictions
        return bool(of_policy) or any(FACTS[name].tells for name in (*self.facts, *self.without))

    def holds(self, sheet: CallSheet, policy: PolicyFacts) -> bool:
        return (
            _in(policy.product_type, self.product_types)
            and _in(policy.premium_mode, self.premium_modes)
            and _in(policy.channel, self.channels)
            and (not self.jurisdictions or any(lies_in(policy.jurisdiction or "", one) for one in self.jurisdictions))
            and all(FACTS[name].holds(sheet, policy) for name in self.facts)
            and not any(FACTS[name].holds(sheet, policy) for name in self.without)
        )


def met(conditions: Sequence[Condition], sheet: CallSheet, policy: PolicyFacts) -> bool:
    """Whether one of them holds; without any, always."""
    return not conditions or any(condition.holds(sheet, policy) for condition in conditions)


def _in(value: str | None, wanted: tuple[str, ...]) -> bool:
    return not wanted or value in wanted
