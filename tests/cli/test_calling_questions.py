"""`explain calling`: every hold in the promised order, what the attempts tell, several policies, who rings; AC-08 to AC-31."""

import json

import pytest

from cli.explain import answer_line

MOBILE, HOME = "13800138000", "021-55500001"
CONFIRMED = {"number": MOBILE, "status": "CONFIRMED"}
POLICY = {
    "policy_no": "P1", "callable_on": "2026-11-16", "receipt_signed_on": "2026-11-18", "nominal_end": "2026-12-03",
    "policy_term_years": 20, "state": "OPEN",
}  # fmt: skip


def asked(**change):
    """A Monday at ten, one open policy, one good number, a robot that is free; what differs is given."""
    question = {
        "at": "2026-11-23T10:00:00+08:00",
        "person": {"id": "A", "type": "PERSON", "birth_date": "1990-01-01", "language": "zh-CN"},
        "policies": [POLICY],
        "numbers": [CONFIRMED],
        "attempts": [],
        "appointment": None,
        "registry": {"agents": [], "outlets": [], "staff": [], "holders": []},
        "resources": {"robot": True, "agents_free": 0, "dialects": []},
    } | change
    return answer_line(json.dumps({"explain": "calling", **question}))


def policy(**change):
    return {**POLICY, **change}


def dial(at, result="NO_ANSWER", number=MOBILE, **more):
    return {
        "at": at,
        "person": "A",
        "policy_no": "P1",
        "number": number,
        "result": result,
        "at_appointment": False,
    } | more


def agreed(at, asked_by="POLICYHOLDER", number=None):
    return {"at": at, "number": number, "asked_by": asked_by}


AGENT = {"agent_code": "G1", "number": MOBILE, "former_numbers": [], "id_of": "Z", "outlet": None, "selling": True}
NINE = [f"2026-11-{day}T{hour}:00+08:00" for day, hour in
        [(16, 10), (16, 15), (17, 10), (17, 19), (18, 15), (18, 19), (19, 10), (19, 15), (20, 19)]]  # fmt: skip

# from the last reason to the first: each row also has everything that the rows above it have
ORDER = [
    ("NO_DIALECT_AGENT", {"person": {"id": "A", "language": "yue"}}),
    ("SAME_DAY_PART", {"at": "2026-11-23T15:30:00+08:00", "attempts": [dial("2026-11-23T12:10:00+08:00")]}),
    ("MIN_GAP", {"attempts": [dial("2026-11-23T14:00:00+08:00")]}),
    ("DAILY_CAP", {"attempts": [dial("2026-11-23T09:30:00+08:00"), dial("2026-11-23T14:00:00+08:00")]}),
    ("APPOINTMENT_PENDING", {"appointment": agreed("2026-11-24T10:00:00+08:00")}),
    ("IN_CALL", {"attempts": [dial("2026-11-23T14:00:00+08:00", "RINGING")]}),
    ("UNKNOWN_ATTEMPT", {"attempts": [dial("2026-11-23T14:00:00+08:00", "UNKNOWN"), dial("2026-11-23T14:00", "RINGING")]}),
    ("OUTSIDE_HOURS", {"at": "2026-11-23T20:30:00+08:00"}),
    ("HOLIDAY", {"at": "2026-10-01T10:00:00+08:00", "policies": [policy(callable_on="2026-09-30", nominal_end="2026-10-14")],
                 "attempts": [dial("2026-10-01T09:30:00+08:00", "UNKNOWN")], "appointment": None}),
    ("QUIET_HOURS", {"at": "2026-10-01T21:00:00+08:00"}),
    ("PHONE_UNCONFIRMED", {"numbers": [{"number": MOBILE, "status": "CANDIDATE"}]}),
    ("PHONE_SHARED", {"numbers": [CONFIRMED], "registry": {"holders": {MOBILE: ["A", "B", "C"]}}}),
    ("PHONE_IS_AGENTS", {"registry": {"holders": {MOBILE: ["A", "B", "C"]}, "agents": [AGENT]}}),
    ("PHONE_INVALID", {"numbers": [{"number": "1380013800", "status": "CONFIRMED"}]}),
    ("SPECIAL_CALLBACK", {"policies": [policy(callable_on="2026-09-30", special_callback=True)]}),
    ("UNREACHABLE", {"at": "2026-11-23T21:00:00+08:00", "attempts": [dial(at) for at in NINE]}),
    ("REFUSED", {"policies": [policy(special_callback=True, state="REFUSED")]}),
    ("DENIES_PURCHASE", {"policies": [policy(special_callback=True, state="DENIED")]}),
    ("WITH_BRANCH", {"policies": [policy(special_callback=True, state="AT_BRANCH")]}),
    ("WAITING_FOR_RECEIPT", {"policies": [policy(special_callback=True, state="ASLEEP", callable_on=None)]}),
    ("NOT_YET_CALLABLE", {"policies": [policy(special_callback=True, callable_on="2026-11-24")]}),
    ("COMPLETED", {"policies": [policy(special_callback=True, state="COMPLETED", callable_on="2026-11-24")]}),
    ("WITHDRAWN", {"policies": [policy(special_callback=True, state="TERMINATED", callable_on="2026-11-24")]}),
    ("OUT_OF_SCOPE", {"policies": [policy(state="WITHDRAWN", policy_term_years=1)]}),
]  # fmt: skip


@pytest.mark.parametrize("index", range(len(ORDER)), ids=[reason for reason, _ in ORDER])
def test_the_first_that_applies_in_the_promised_order(index):
    change = {}
    for _, more in ORDER[: index + 1]:
        change |= more
    answer = asked(**change)
    assert (answer["allowed"], answer["reason"], answer["policies_in_call"]) == (False, ORDER[index][0], [])
    assert answer["route"] is None
    assert answer["steps"]


@pytest.mark.parametrize(
    ("change", "next_at"),
    [
        ({"at": "2026-11-23T08:59:59+08:00"}, "2026-11-23T09:00:00+08:00"),
        ({"at": "2026-11-23T20:30:00+08:00"}, "2026-11-24T09:00:00+08:00"),
        ({"at": "2026-09-30T21:05:00+08:00", "policies": [policy(callable_on="2026-09-01", nominal_end="2026-10-12")]},
         "2026-10-08T09:00:00+08:00"),
        ({"attempts": [dial("2026-11-23T09:30:00+08:00")]}, "2026-11-23T12:30:00+08:00"),
        ({"at": "2026-11-23T18:10:00+08:00", "attempts": [dial("2026-11-23T18:05:00+08:00")]}, "2026-11-24T09:00:00+08:00"),
        ({"policies": [policy(callable_on="2026-11-25")]}, "2026-11-25T09:00:00+08:00"),
        ({"policies": [policy(callable_on="2026-11-25"), policy(policy_no="P2", callable_on="2026-11-24")]},
         "2026-11-24T09:00:00+08:00"),
        ({"policies": [policy(state="AT_BRANCH"), policy(policy_no="P2", callable_on="2026-11-24")]},
         "2026-11-24T09:00:00+08:00"),
        ({"appointment": agreed("2026-11-23T20:45:00+08:00")}, "2026-11-23T20:45:00+08:00"),
        # outside the window, with a time agreed before the next one opens
        ({"at": "2026-11-23T20:32:00+08:00", "appointment": agreed("2026-11-23T20:50:00+08:00")},
         "2026-11-23T20:50:00+08:00"),
        # capped for today, but a time is agreed for this evening, by somebody else
        ({"at": "2026-11-23T15:00:00+08:00", "appointment": agreed("2026-11-23T19:30:00+08:00", "THIRD_PARTY"),
          "attempts": [dial("2026-11-23T09:10:00+08:00"), dial("2026-11-23T14:00:00+08:00")]},
         "2026-11-23T19:30:00+08:00"),
        ({"policies": [policy(state="COMPLETED")]}, None),
        ({"numbers": []}, None),
    ],
)  # fmt: skip
def test_when_it_is_worth_looking_again(change, next_at):
    answer = asked(**change)
    assert (answer["allowed"], answer["next_at"]) == (False, next_at)


# AC-31: no answer Monday 10:00 and 15:00; the third dial of that day is blocked, Tuesday evening is not
@pytest.mark.parametrize(
    ("at", "dials", "reason"),
    [
        ("2026-11-16T15:00:00+08:00", NINE[:1], None),
        ("2026-11-16T18:00:00+08:00", NINE[:2], "DAILY_CAP"),
        ("2026-11-17T19:30:00+08:00", NINE[:2], None),
        ("2026-11-20T19:00:00+08:00", NINE[:8], None),
        ("2026-11-23T10:00:00+08:00", NINE, "UNREACHABLE"),
    ],
)
def test_ac_31_the_plan_of_dials(at, dials, reason):
    answer = asked(at=at, attempts=[dial(when) for when in dials], policies=[policy(callable_on="2026-11-16")])
    assert answer["reason"] == reason


def test_ac_31_an_agreed_time_costs_no_daily_dial_and_never_lifts_the_night():
    twice = [dial("2026-11-23T09:10:00+08:00"), dial("2026-11-23T14:00:00+08:00", at_appointment=True)]
    assert asked(at="2026-11-23T18:00:00+08:00", attempts=twice)["allowed"]
    for at, reason in (("20:55", None), ("21:00", "QUIET_HOURS"), ("21:05", "QUIET_HOURS")):
        answer = asked(at=f"2026-11-23T{at}:00+08:00", appointment=agreed("2026-11-23T20:58:00+08:00"))
        assert (answer["reason"], answer["at_appointment"]) == (reason, reason is None)


# AC-08: listed on the first day of National Day, rung on 10-08 unless the profile rings on holidays
@pytest.mark.parametrize(("params", "reason"), [({}, "HOLIDAY"), ({"calling.on_public_holidays": True}, None)])
def test_ac_08_over_a_holiday(params, reason):
    listed = policy(callable_on="2026-10-01", nominal_end="2026-10-16")
    answer = asked(at="2026-10-01T10:00:00+08:00", policies=[listed], params=params)
    assert answer["reason"] == reason
    assert answer["next_at"] == (None if reason is None else "2026-10-08T09:00:00+08:00")


# AC-09
@pytest.mark.parametrize(
    ("holders", "params", "reason"),
    [
        ([{"number": MOBILE, "id": "B"}, {"number": "+86-13800138000", "id": "C"}], {}, "PHONE_SHARED"),
        ([{"number": "013800138000", "id": "B"}, {"number": MOBILE, "id": "B"}], {}, None),  # two policies of one
        ({"+86 138 0013 8000": ["A", "B"], MOBILE: ["C"]}, {}, "PHONE_SHARED"),
        ({MOBILE: 3}, {}, "PHONE_SHARED"),
        ([{"number": MOBILE, "persons": ["A", "B", "C"], "related": True}], {}, "PHONE_SHARED"),
        ([{"number": MOBILE, "persons": ["A", "B", "C"], "related": True}], {"phone.family_exempt": True}, None),
        ([{"number": MOBILE, "id": "B", "relation": "SPOUSE"}, {"number": MOBILE, "id": "C"}],
         {"phone.family_exempt": True}, "PHONE_SHARED"),  # S12: one stranger among them
        ([{"number": MOBILE, "persons": ["A", "B", "C", "D"], "related": True}], {"phone.family_exempt": True},
         "PHONE_SHARED"),
        ([{"number": MOBILE, "id": "B"}, {"number": MOBILE, "id": "C", "status": "TERMINATED",
                                          "underwritten_on": "2020-01-01"}], {}, None),
    ],
)  # fmt: skip
def test_ac_09_one_number_of_several_policyholders(holders, params, reason):
    assert asked(registry={"holders": holders}, params=params)["reason"] == reason


# AC-10
@pytest.mark.parametrize(
    ("registry", "reason"),
    [
        ({"agents": [AGENT]}, "PHONE_IS_AGENTS"),
        ({"agents": [{**AGENT, "selling": False}]}, "PHONE_IS_AGENTS"),
        ({"agents": [{**AGENT, "number": "13900139000", "former_numbers": ["+86" + MOBILE]}]}, "PHONE_IS_AGENTS"),
        ({"agents": [{**AGENT, "id_of": "A"}]}, None),
        ({"agents": [{**AGENT, "id_of": "A"}, {**AGENT, "agent_code": "G2"}]}, "PHONE_IS_AGENTS"),
        ({"agents": [{**AGENT, "id_of": "A"}], "outlets": [MOBILE]}, "PHONE_IS_AGENTS"),
        ({"outlets": {"O1": MOBILE}}, "PHONE_IS_AGENTS"),
        ({"staff": [{"code": "S1", "number": "13900139000", "former_numbers": [MOBILE]}]}, "PHONE_IS_AGENTS"),
        ({"agents": [{**AGENT, "number": "13900139000"}]}, None),
    ],
)  # fmt: skip
def test_ac_10_whose_number_it_is(registry, reason):
    assert asked(registry=registry)["reason"] == reason


def test_ac_11_a_number_that_somebody_else_names_is_not_dialled():
    both = [CONFIRMED, {"number": "13700137000", "status": "CANDIDATE"}]
    time_and_number = agreed("2026-11-23T10:00:00+08:00", "THIRD_PARTY", "13700137000")
    answer = asked(numbers=both, appointment=time_and_number)
    assert (answer["allowed"], answer["number"], answer["at_appointment"]) == (True, "+86" + MOBILE, True)


@pytest.mark.parametrize(
    ("attempts", "reason", "number"),
    [
        ([dial("2026-11-20T10:00:00+08:00", "INVALID_NUMBER")], None, "+862155500001"),
        ([dial("2026-11-20T10:00:00+08:00", "NO_SUCH_PERSON")], None, "+862155500001"),
        ([dial("2026-11-20T10:00:00+08:00", "NO_SUCH_PERSON", person="B")], None, "+86" + MOBILE),
        ([dial("2026-11-20T10:00:00+08:00", "SUSPENDED"), dial("2026-11-19T10:00:00+08:00", "SWITCHBOARD", HOME)],
         "PHONE_INVALID", None),
        ([dial("2026-11-20T10:00:00+08:00")], None, "+862155500001"),  # in turn
        ([dial("2026-11-20T10:00:00+08:00", "HANGUP_DELIBERATE")], None, "+862155500001"),
        ([dial(f"2026-11-{n}T10:00:00+08:00", "HANGUP_DELIBERATE") for n in (19, 20)], "REFUSED", None),  # S1
        ([dial("2026-11-20T10:00:00+08:00", "REFUSED")], "REFUSED", None),  # C31
        ([dial("2026-11-23T09:59:00+08:00", "REJECTED")], None, "+86" + MOBILE),  # the carrier rang nobody
        ([dial("2026-11-23T12:00:00+08:00")], None, "+86" + MOBILE),  # has not been made yet
    ],
)  # fmt: skip
def test_what_the_attempts_tell(attempts, reason, number):
    answer = asked(attempts=attempts, numbers=[CONFIRMED, {"number": HOME, "status": "CONFIRMED"}])
    assert (answer["reason"], answer["number"]) == (reason, number)


def test_a_refusal_is_over_when_the_branch_books_a_time():
    booked = agreed("2026-11-23T10:00:00+08:00", "BRANCH")
    assert asked(attempts=[dial("2026-11-20T10:00:00+08:00", "REFUSED")], appointment=booked)["allowed"]


def test_one_call_for_what_is_callable_now():
    """S8, and the one of another person's policies."""
    answer = asked(
        policies=[
            policy(nominal_end="2026-12-05"),
            policy(policy_no="P2", callable_on="2026-11-24"),
            policy(policy_no="P3", nominal_end="2026-12-01"),
            policy(policy_no="P4", state="COMPLETED"),
        ]
    )
    assert answer["policies_in_call"] == ["P3", "P1"]
    assert {(h["policy_no"], h["reason"]) for h in answer["held"]} == {("P2", "NOT_YET_CALLABLE"), ("P4", "COMPLETED")}


def test_an_after_care_call_has_a_plan_of_its_own():
    """R92: behind nine dials, the last of them completed, and behind the hand-over moment."""
    nine = [dial(at) for at in NINE[:8]] + [dial(NINE[8], "COMPLETED")]
    due = {"at": "2026-12-02T10:00:00+08:00", "attempts": nine}
    assert asked(**due, policies=[policy(state="AFTER_CARE_DUE")])["allowed"]
    assert asked(**due, policies=[policy()])["reason"] == "UNREACHABLE"


# C57: 2026-12-03 ends it; the third working day before is 11-30
@pytest.mark.parametrize(
    ("at", "more", "reason"),
    [
        ("2026-11-29T10:00:00+08:00", {}, None),
        ("2026-11-30T09:00:00+08:00", {}, "UNREACHABLE"),
        ("2026-11-30T09:00:00+08:00", {"attempts": []}, None),
        ("2026-11-30T09:00:00+08:00", {"appointment": agreed("2026-12-02T10:00:00+08:00")}, "APPOINTMENT_PENDING"),
        ("2026-12-02T10:00:00+08:00", {"appointment": agreed("2026-12-02T10:00:00+08:00")}, None),
        ("2026-11-30T09:00:00+08:00", {"appointment": agreed("2026-12-03T10:00:00+08:00")}, "UNREACHABLE"),
        ("2026-12-20T10:00:00+08:00", {"policies": [policy(callable_on="2026-12-01")]}, None),
        ("2027-01-02T10:00:00+08:00", {"policies": [policy(callable_on="2026-12-01")]}, None),
        ("2027-01-03T10:00:00+08:00", {"policies": [policy(callable_on="2026-12-01")]}, "UNREACHABLE"),
        # the end follows from the signature where it is not given
        ("2026-11-30T09:00:00+08:00", {"policies": [policy(nominal_end=None)]}, "UNREACHABLE"),
    ],
)
def test_the_hand_over_to_the_branch(at, more, reason):
    assert asked(**{"at": at, "attempts": [dial("2026-11-20T10:00:00+08:00")]} | more)["reason"] == reason


@pytest.mark.parametrize(
    ("person", "resources", "route"),
    [
        ({}, {"robot": True}, "robot"),
        ({}, {"robot": False, "agents_free": 1}, "agent"),
        ({"birth_date": "1961-11-23"}, {"robot": True, "agents_free": 1}, "agent"),  # S7: 65 today
        ({"birth_date": "1961-11-24"}, {"robot": True, "agents_free": 1}, "robot"),
        ({"language": "yue"}, {"robot": True, "agents_free": 1, "dialects": ["yue"]}, "dialect agent"),  # AC-19
    ],
)
def test_who_rings(person, resources, route):
    answer = asked(person={"id": "A", **person}, resources=resources)
    assert (answer["allowed"], answer["route"]) == (True, route)


@pytest.mark.parametrize("params", [{}, {"calling.dialect_agent_only": True}])
def test_ac_19_a_speaker_who_is_not_free_is_waited_for(params):
    answer = asked(person={"id": "A", "language": "yue"}, resources={"robot": True, "agents_free": 2, "dialects": ["wuu"]}, params=params)  # fmt: skip
    assert (answer["reason"], answer["route"], answer["policies_in_call"]) == ("NO_DIALECT_AGENT", None, [])
    free = asked(person={"id": "A", "language": "yue"}, resources={"dialects": ["yue"]}, params=params)
    assert free["route"] == "dialect agent"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"at": None}, "MISSING"),
        ({"at": "ten"}, "BAD_INSTANT"),
        ({"policies": []}, "MISSING"),
        ({"policies": [3]}, "BAD_SHAPE"),
        ({"policies": {"policy_no": "P1"}}, "BAD_SHAPE"),
        ({"policies": [policy(state="LOST")]}, "BAD_CHOICE"),
        ({"policies": [policy(callable_on="24.11.2026")]}, "BAD_DATE"),
        ({"policies": [policy(policy_term_years="long")]}, "BAD_SHAPE"),
        ({"policies": [policy(special_callback="yes")]}, "BAD_SHAPE"),
        ({"person": {"id": "A", "type": "DOG"}}, "BAD_CHOICE"),
        ({"person": {"id": "A", "birth_date": "1990"}}, "BAD_DATE"),
        ({"numbers": MOBILE}, "BAD_SHAPE"),
        ({"numbers": [{"number": MOBILE, "status": "GOOD"}]}, "BAD_CHOICE"),
        ({"attempts": [{"person": "A"}]}, "MISSING"),
        ({"attempts": [dial("2026-11-20T10:00:00+08:00", "VANISHED")]}, "BAD_CHOICE"),
        ({"appointment": {"number": MOBILE}}, "MISSING"),
        ({"appointment": agreed("2026-11-23T10:00:00+08:00", "NEIGHBOUR")}, "BAD_CHOICE"),
        ({"registry": {"holders": 3}}, "BAD_SHAPE"),
        ({"registry": {"agents": [1]}}, "BAD_SHAPE"),
        ({"resources": {"agents_free": "two"}}, "BAD_SHAPE"),
        ({"resources": {"dialects": "yue"}}, "BAD_SHAPE"),
        ({"params": {"calling.windows": "always"}}, "BAD_PARAMETER"),
        ({"params": {"attempts.max_per_week": 3}}, "BAD_PARAMETER"),
    ],
)
def test_a_wrong_question_is_refused_with_its_code(change, code):
    assert asked(**change)["error"].startswith(f"{code}: ")
