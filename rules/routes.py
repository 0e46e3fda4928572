"""Who makes a call that may be made: the robot, a callback agent, or an agent who speaks the customer's language."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from rules.calling.facts import Candidate
from rules.languages import MANDARIN
from rules.parameters import Profile
from rules.reasoning import Step

ELDERLY_YEARS = 65  # S7: completed years

# What a profile may say about who rings (`calling.callers`)
ROBOT_ONLY, AGENT_ONLY, ROBOT_THEN_AGENT = "ROBOT_ONLY", "AGENT_ONLY", "ROBOT_THEN_AGENT"


@dataclass(frozen=True, slots=True)
class Resources:
    """What is free at this instant.

    `dialects`: languages, beside Mandarin, that a free agent speaks; None where no agent of the house speaks one, so that
    waiting for him is no use. `agents_on_duty`: the busy ones too; who should get a person first waits for one of them,
    and who speaks one of `spoken`, for one of those who speak it.
    """

    robot: bool = True
    agents_free: int = 0
    dialects: Collection[str] | None = None
    agents_on_duty: int = 0
    spoken: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """`by` is robot, agent or dialect agent; None with the hold code NEEDS_AGENT or NO_DIALECT_AGENT."""

    by: str | None
    hold: str | None
    steps: tuple[Step, ...]


def completed_years(birth_date: date, on: date) -> int:
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def route(
    language: str,
    birth_date: date | None,
    resources: Resources,
    on: date,
    profile: Profile,
    *,
    wants_person: bool = False,
) -> Route:
    """A speaker of the customer's language first (C30); the elderly, and who asked the robot for a person, get a person
    first where one is on duty. The profile may leave everybody to the robot, or to the agents."""
    resources = _permitted(resources, profile["calling.callers"])
    if language != MANDARIN:
        if language in (resources.dialects or ()):
            step = Step("C30", f"客户语言为{language}，由会说的坐席拨打", f"an agent who speaks {language} rings")
            return Route("dialect agent", None, (step,))
        if resources.dialects is not None or profile["calling.dialect_agent_only"] or not resources.robot:
            step = Step("C30", f"没有会说{language}的坐席空闲", f"nobody who speaks {language} is free")
            return Route(None, "NO_DIALECT_AGENT", (step,))
    if first := _person_first(birth_date, on, wants_person):
        if resources.agents_free:
            return Route("agent", None, (first,))
        if resources.agents_on_duty:
            busy = Step("S7", "坐席都在通话中，等其空闲", "every agent is on a call: one of them is waited for")
            return Route(None, "NEEDS_AGENT", (first, busy))
    if resources.robot:
        return Route("robot", None, (Step("R28", "由机器人拨打", "the robot rings"),))
    if resources.agents_free:
        return Route("agent", None, (Step("R28", "由坐席拨打", "a callback agent rings"),))
    return Route(None, "NEEDS_AGENT", (Step("R28", "没有坐席空闲", "no callback agent is free"),))


def _permitted(resources: Resources, callers: str) -> Resources:
    """What the profile lets ring of what is there."""
    if callers == ROBOT_ONLY:
        return Resources(robot=resources.robot)
    return replace(resources, robot=False) if callers == AGENT_ONLY else resources


def _person_first(birth_date: date | None, on: date, wants_person: bool) -> Step | None:
    if birth_date is not None and completed_years(birth_date, on) >= ELDERLY_YEARS:
        return Step("S7", "年满65周岁，先由人工拨打", "65 or older: a person rings first")
    if wants_person:
        return Step(
            "S7",
            "客户曾要求人工或机器人未能听懂，由人工拨打",
            "asked for a person, or was not understood: a person rings",
        )
    return None


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom is selected who is rung: the robot, or one agent with the `languages` he speaks beside Mandarin.

    `taken`: persons whom somebody else has before him and is about to ring.
    """

    by: str  # robot or agent
    resources: Resources
    languages: Collection[str] = ()
    taken: Collection[int] = ()

    def leaves(self, case: Candidate, on: date, profile: Profile) -> bool:
        """Whether the case's person is rung by others, or by nobody now."""
        if case.person_id in self.taken:
            return True
        if self.by == "robot" and not self.resources.agents_on_duty and profile["calling.callers"] != AGENT_ONLY:
            return False
        there = self.resources
        if case.language not in (there.dialects or ()):
            # waiting is of use only where somebody here speaks it
            there = replace(there, dialects=() if case.language in there.spoken else None)
        found = route(case.language, case.birth_date, there, on, profile, wants_person=case.wants_person)
        if self.by == "robot":
            return found.by != "robot"
        speaks = case.language == MANDARIN or case.language in self.languages
        return found.by not in ("agent", "dialect agent") or not speaks
