"""Whether the telephone numbers of a policy may be rung at all, before anybody dials."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rules.cases import CaseState
from rules.parameters import Profile
from rules.reasoning import Step

# The branch looks into the number already
_NUMBER_IN_DOUBT = frozenset({"PHONE_INVALID", "PHONE_SHARED", "PHONE_IS_AGENTS"})
# Still to be rung (then it is settled without a dial), or nothing is asked of it
_NOT_SETTLED = frozenset(
    {CaseState.WAITING, CaseState.CALLABLE, CaseState.IN_CALL, CaseState.APPOINTED, CaseState.NOT_REQUIRED}
)


@dataclass(frozen=True, slots=True)
class PhoneFacts:
    """What is known of one number of one policy.

    `number` is normalised, None where what the list gave is no telephone number. `holders` counts the distinct
    policyholders (by ID number) of policies in force or younger than two years that carry it. `is_agents` says that
    it is or once was the number of any agent, member of staff or outlet. `self_policy`: the policyholder is that
    agent himself. `related`: every one of the holders is a proven relative of the others (S12).
    """

    number: str | None
    holders: int = 1
    is_agents: bool = False
    self_policy: bool = False
    dead: bool = False
    confirmed: bool = True
    related: bool = False


class NumberChecks:
    """The checks of one profile, its figures read once; asked for a million numbers in one selection."""

    def __init__(self, profile: Profile):
        self._own_allowed: bool = profile["phone.allow_self_policy"]
        self._threshold: int = profile["phone.shared_threshold"]
        self._family: int = profile["phone.family_exempt_max"] if profile["phone.family_exempt"] else 0
        self._unconfirmed: bool = profile["phone.dial_unconfirmed"]

    def problem_of(self, facts: PhoneFacts) -> str | None:
        """What is wrong with one number, or None. An agent's number on his own policy is allowed (C24)."""
        if facts.number is None or facts.dead:
            return "PHONE_INVALID"
        if facts.is_agents and not (facts.self_policy and self._own_allowed):
            return "PHONE_IS_AGENTS"
        return "PHONE_SHARED" if facts.holders >= self._threshold and self._of_strangers(facts) else None

    def shared(self, facts: PhoneFacts) -> bool:
        return facts.holders >= self._threshold and self._of_strangers(facts)

    def _of_strangers(self, facts: PhoneFacts) -> bool:
        return not (facts.related and facts.holders <= self._family)

    def any_usable(self, numbers: Iterable[PhoneFacts]) -> bool:
        for facts in numbers:  # noqa: SIM110 - any() makes a generator for each of a million
            if (facts.confirmed or self._unconfirmed) and self.problem_of(facts) is None:
                return True
        return False

    def usable(self, numbers: Iterable[PhoneFacts]) -> tuple[str, ...]:
        """The numbers that may be rung, in the order given (mobile, home, office), each once."""
        usable = [
            facts.number
            for facts in numbers
            if (facts.confirmed or self._unconfirmed) and self.problem_of(facts) is None
        ]
        return tuple(dict.fromkeys(usable)) if len(usable) > 1 else tuple(usable)

    def problem(self, numbers: Sequence[PhoneFacts]) -> str | None:
        """Why none of a policy's numbers may be rung, or None where at least one may.

        A number of its own that is in order is enough: the duty is to reach the person (R6). PHONE_INVALID holds only
        when no confirmed number is left that reaches anybody; a number not yet confirmed gives PHONE_UNCONFIRMED only
        where there never was a confirmed one (C25).
        """
        if self.any_usable(numbers):
            return None
        confirmed = [facts for facts in numbers if facts.confirmed or self._unconfirmed]
        if not confirmed and any(facts.number is not None and not facts.dead for facts in numbers):
            return "PHONE_UNCONFIRMED"
        problems = set(map(self.problem_of, confirmed))
        for problem in ("PHONE_IS_AGENTS", "PHONE_SHARED"):
            if problem in problems:
                return problem
        return "PHONE_INVALID"


def usable_numbers(numbers: Sequence[PhoneFacts], profile: Profile) -> tuple[str, ...]:
    """The numbers that may be rung, in the order given (mobile, home, office), each once."""
    return NumberChecks(profile).usable(numbers)


def phone_problem(numbers: Sequence[PhoneFacts], profile: Profile) -> str | None:
    """Why none of a policy's numbers may be rung, or None where at least one may."""
    return NumberChecks(profile).problem(numbers)


def shared_since(
    state: str, class_: str | None, reasons: Collection[str], numbers: Sequence[PhoneFacts], profile: Profile
) -> Step | None:
    """Why a callback that has come to its class is looked at again, None where it is not: one of its numbers turned out
    to be shared (AC-09). Its class stays: whether the policyholder himself spoke, a quality check finds out."""
    if class_ is None or CaseState(state) in _NOT_SETTLED or _NUMBER_IN_DOUBT & set(reasons):
        return None
    shared = [facts for facts in numbers if facts.confirmed and shared_by_too_many(facts, profile)]
    if not shared:
        return None
    most = max(facts.holders for facts in shared)
    return Step(
        "R74",
        f"回访后发现号码由{most}名投保人共用：结果保留，另作品质检查",
        f"{most} policyholders turned out to share the number after the callback: its result stays, and is checked",
    )


def shared_by_too_many(facts: PhoneFacts, profile: Profile) -> bool:
    """As many policyholders as the threshold, and not all of one proven family (C23, S12)."""
    return NumberChecks(profile).shared(facts)
