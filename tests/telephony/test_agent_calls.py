"""The rooms that an agent, his customer and a supervisor meet in, as documents for the carrier."""

import re
from xml.etree import ElementTree

import pytest

from telephony.agent_calls import agent_in, customer_in, is_address, patience, supervisor_in

AT = "https://desk.example"


def conference(document: str) -> tuple[dict, str, dict]:
    """Attributes and name of the conference, and the attributes of the Dial around it."""
    dial = ElementTree.fromstring(document).find("Dial")
    room = dial.find("Conference")
    return room.attrib, room.text, dial.attrib


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("+8675512345678", True),
        ("sip:0217@pbx.example", True),
        ("sips:a.b@pbx.example:5061", True),
        ("client:meng_7", True),  # prepared for
        ("075512345678", False),
        ("+0123", False),
        ("sip:nobody", False),
        ("sip:a@b\nX-Header: 1", False),
        ("client:", False),
        ("", False),
    ],
)
def test_what_can_be_rung_for_an_agent(text, may):
    assert is_address(text) is may


def test_the_customer_ends_the_conference_and_the_agent_does_not():
    """Fault 77: when the agent's line breaks, the customer stays and the script is asked what follows."""
    room, name, dial = conference(customer_in("room1", AT, "call1"))
    assert (name, room["endConferenceOnExit"], room["startConferenceOnEnter"]) == ("room1", "true", "true")
    assert dial["action"] == f"{AT}/twilio/voice/call1"
    room, name, dial = conference(agent_in("room1", AT, "leg1"))
    assert (name, room["endConferenceOnExit"], room["startConferenceOnEnter"]) == ("room1", "false", "true")
    assert dial["action"] == f"{AT}/twilio/agent/leg1?left=1"


def test_whoever_comes_first_the_room_reports_to_the_same_place():
    """Fault 76: the first participant's callback holds for all."""
    told = {
        (room["statusCallback"], room["statusCallbackEvent"])
        for room, _, _ in map(
            conference, (customer_in("r", AT, "c"), agent_in("r", AT, "l"), supervisor_in("r", AT, "l", None))
        )
    }
    assert len(told) == 1


def test_a_supervisor_is_heard_by_nobody_or_by_the_agent_alone():
    room, _, _ = conference(supervisor_in("r", AT, "l", None))
    assert room["muted"] == "true" and "coach" not in room
    room, _, _ = conference(supervisor_in("r", AT, "l", "CA1"))
    assert room["coach"] == "CA1" and "muted" not in room
    assert (room["startConferenceOnEnter"], room["endConferenceOnExit"]) == ("false", "false")


def test_names_of_rooms_and_what_waiting_people_hear_tell_nothing():
    for held in (True, False):
        said = "".join(ElementTree.fromstring(patience(held)).itertext())
        assert re.search("[一-鿿]", said)
        assert not any(word in said for word in ("保险", "保单", "投保", "回访"))
