"""Callback agents on duty, the persons they deal with, and the telephones that are rung for them."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from storage.tables.columns import document, instant, sealed


class AgentSeat(SQLModel, table=True):
    """An agent who has signed on to work. `seen_at`: his page asked last; a closed browser is nobody on duty."""

    __tablename__ = "agent_seats"
    login: str = Field(primary_key=True, foreign_key="users.login")
    state: str = Field(description="READY or AWAY")
    since: datetime = instant(nullable=False)
    seen_at: datetime = instant(nullable=False)


class AgentCall(SQLModel, table=True):
    """One person in an agent's hands: from taking the case, or from the robot's hand-over, to the end of the wrap-up.

    Two agents never have the same person, nor one agent two: the database itself keeps both.
    """

    __tablename__ = "agent_calls"
    __table_args__ = (
        Index("uq_agent_calls_open_login", "login", unique=True, postgresql_where=text("state <> 'DONE'")),
        Index("uq_agent_calls_open_person", "person_id", unique=True, postgresql_where=text("state <> 'DONE'")),
        Index("ix_agent_calls_call", "call_id"),
    )
    id: str = Field(primary_key=True)
    login: str = Field(foreign_key="users.login")
    person_id: int = Field(foreign_key="persons.id", sa_type=BigInteger)
    case_ids: list = document("[]")
    call_id: str | None = Field(default=None, foreign_key="calls.id", description="none until the customer is dialled")
    origin: str = Field(description="PREVIEW (taken by the agent) or TRANSFER (handed over by the robot)")
    reason: str | None = Field(default=None, description="of a hand-over: OPERATOR, LOW_CONFIDENCE or NEEDS_AGENT")
    state: str = Field(description="TAKEN, WANTED, RINGING (his own telephone), JOINED, WRAP_UP, DONE")
    outcome: str | None = Field(default=None, description="GIVEN_BACK, NOT_REACHED, LOST (his line broke) or FINISHED")
    problem: str | None = Field(
        default=None, description="why the last wish could not be met; a code of rules/words.py"
    )
    why: list = document("[]")
    line: str | None = Field(default=None, description="what was heard on the line where no code tells it")
    conference: str | None = Field(default=None, description="the carrier's id of the room")
    held: bool = False
    back: str | None = Field(default=None, description="WANTED until the robot has the customer back, then DONE")
    taken_at: datetime = instant(nullable=False)
    lease_until: datetime = instant(nullable=False)
    joined_at: datetime | None = instant()
    left_at: datetime | None = instant()
    done_at: datetime | None = instant()


class AgentLeg(SQLModel, table=True):
    """A telephone of the house in a room: the agent's, or a supervisor's who listens. Written down before it is rung;
    never rung twice."""

    __tablename__ = "agent_legs"
    __table_args__ = (Index("ix_agent_legs_open", "state", postgresql_where=text("state <> 'ENDED'")),)
    id: str = Field(primary_key=True)
    agent_call_id: str = Field(foreign_key="agent_calls.id", index=True)
    login: str = Field(foreign_key="users.login")
    role: str = Field(description="AGENT; LISTEN (a supervisor, unheard) or COACH (heard by the agent alone)")
    address_sealed: bytes = sealed(nullable=False)
    state: str = Field(description="WANTED, RESERVED, RINGING, JOINED, ENDED")
    sid: str | None = Field(default=None, unique=True)
    status: str | None = None
    changed_at: datetime = instant(nullable=False)
