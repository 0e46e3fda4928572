"""Whether the telephone numbers of a policy may be rung at all, before anybody dials."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.parameters import Profile


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


def number_problem(facts: PhoneFacts, profile: Profile) -> str | None:
    """What is wrong with one number, or None. An agent's number on his own policy is allowed (C24)."""
    if facts.number is None or facts.dead:
        return "PHONE_INVALID"
    if facts.is_agents and not (facts.self_policy and profile["phone.allow_self_policy"]):
        return "PHONE_IS_AGENTS"
    if facts.holders >= profile["phone.shared_threshold"]:
        exempt = (
            profile["phone.family_exempt"] and facts.related and facts.holders <= profile["phone.family_exempt_max"]
        )
        if not exempt:
            return "PHONE_SHARED"
    return None


def usable_numbers(numbers: Sequence[PhoneFacts], profile: Profile) -> tuple[str, ...]:
    """The numbers that may be rung, in the order given (mobile, home, office), each once."""
    unconfirmed = profile["phone.dial_unconfirmed"]
    usable: list[str] = []
    for facts in numbers:
        if (facts.confirmed or unconfirmed) and number_problem(facts, profile) is None and facts.number not in usable:
            usable.append(facts.number)
    return tuple(usable)


def phone_problem(numbers: Sequence[PhoneFacts], profile: Profile) -> str | None:
    """Why none of a policy's numbers may be rung, or None where at least one may.

    A number of its own that is in order is enough: the duty is to reach the person (R6). PHONE_INVALID holds only
    when no confirmed number is left that reaches anybody; a number not yet confirmed gives PHONE_UNCONFIRMED only
    where there never was a confirmed one (C25).
    """
    if usable_numbers(numbers, profile):
        return None
    confirmed = [facts for facts in numbers if facts.confirmed or profile["phone.dial_unconfirmed"]]
    if not confirmed and any(facts.number is not None and not facts.dead for facts in numbers):
        return "PHONE_UNCONFIRMED"
    problems = {number_problem(facts, profile) for facts in confirmed}
    for problem in ("PHONE_IS_AGENTS", "PHONE_SHARED"):
        if problem in problems:
            return problem
    return "PHONE_INVALID"
