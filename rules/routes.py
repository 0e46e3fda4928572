"""Who makes a call that may be made: the robot, a callback agent, or an agent who speaks the customer's language."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from rules.parameters import Profile
from rules.reasoning import Step

ELDERLY_YEARS = 65  # S7: completed years
MANDARIN = "zh-CN"


@dataclass(frozen=True, slots=True)
class Resources:
    """What is free at this instant.

    `dialects`: languages, beside Mandarin, that a free agent speaks; None where no agent of the house speaks one, so that
    waiting for him is no use.
    """

    robot: bool = True
    agents_free: int = 0
    dialects: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """`by` is robot, agent or dialect agent; None with the hold code NEEDS_AGENT or NO_DIALECT_AGENT."""

    by: str | None
    hold: str | None
    steps: tuple[Step, ...]


def completed_years(birth_date: date, on: date) -> int:
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def route(language: str, birth_date: date | None, resources: Resources, on: date, profile: Profile) -> Route:
    """A speaker of the customer's language first (C30); the elderly get a person first where one is free."""
    if language != MANDARIN:
        if language in (resources.dialects or ()):
            step = Step("C30", f"客户语言为{language}，由会说的坐席拨打", f"an agent who speaks {language} rings")
            return Route("dialect agent", None, (step,))
        if resources.dialects is not None or profile["calling.dialect_agent_only"] or not resources.robot:
            step = Step("C30", f"没有会说{language}的坐席空闲", f"nobody who speaks {language} is free")
            return Route(None, "NO_DIALECT_AGENT", (step,))
    if birth_date is not None and completed_years(birth_date, on) >= ELDERLY_YEARS and resources.agents_free:
        return Route("agent", None, (Step("S7", "年满65周岁，先由人工拨打", "65 or older: a person rings first"),))
    if resources.robot:
        return Route("robot", None, (Step("R28", "由机器人拨打", "the robot rings"),))
    if resources.agents_free:
        return Route("agent", None, (Step("R28", "由坐席拨打", "a callback agent rings"),))
    return Route(None, "NEEDS_AGENT", (Step("R28", "没有坐席空闲", "no callback agent is free"),))
