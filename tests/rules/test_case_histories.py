"""Any history of calls, papers, branch work and lists: a permitted move each time, one owner at every instant."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.answers import Answer
from rules.calendar import SHANGHAI
from rules.case_changes import Standing, after_update
from rules.cases import CaseState, Owner, may_move, owner_of
from rules.deadlines import case_dates
from rules.list_dates import ContractDates
from rules.order_review import Reviewed, after_review
from rules.outcomes import VERIFICATION_REASONS, mandatory_items
from rules.papers import Evidence
from rules.settlement import CallFacts, CaseFacts, Contact, Settlement, settle
from rules.work_orders import WorkOrderState
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile

NATIONAL, CALENDAR = load_profile("national"), seeded_calendar()
PROXY = NATIONAL.with_params({"callback.allow_authorised_proxy": True})
ITEMS = mandatory_items("PARTICIPATING", "ANNUAL", NATIONAL)
CASE = CaseFacts(
    1, "P1", "IN_CALL", 1, "PARTICIPATING", "ANNUAL", "AGENCY", "310104", "A1", date(2026, 9, 24), date(2026, 10, 9)
)
START = datetime(2026, 9, 22, 10, tzinfo=SHANGHAI)


def answer(step, said="YES", **more):
    return Answer(step, said, policy_no="P1" if step[0] in "MND" else None, **more)


SAID = st.sampled_from(["YES"] * 12 + ["NO", "UNSURE", "SILENT", "QUESTION", "OBJECT", "HANGUP", "REFUSE"])
WORDS = st.one_of(
    *(
        st.just(row)
        for row in (
            answer("R1", "REFUSE", detail="INFORMED"),
            answer("C3", "NO", detail="LANGUAGE"),
            answer("L1"),
            answer("T1", "NO", detail="DECEASED"),
            answer("T1", "NO", detail="NO_SUCH_PERSON"),
            answer("T4"),
            answer("T6"),
            answer("I1", "NO"),
            answer("I1", "REFUSE"),
            answer("M1", "OBJECT", detail="ALREADY_SURRENDERED"),
            answer("D2"),
            answer("D2", "NO"),
            answer("K1", "NO", detail="WRONG"),
            answer("K3", "QUESTION"),
            answer("K3", "OBJECT"),
            answer("M2.receipt_date", date="2026-09-10"),
            answer("M3", "NO", signer="AGENT"),
            answer("M5", "NO", detail="CLAUSES_NOT_SUPPLIED"),
        )
    )
)


@st.composite
def talks(draw):
    opening = draw(st.sampled_from([(), (answer("C1"),), (answer("C1"), answer("I1")), (answer("C1", "THIRD_PARTY"),)]))
    if draw(st.booleans()):  # most callbacks are completed, and most of those are clear
        clear = {item: answer(item) for item in ITEMS}
        changed = draw(st.dictionaries(st.sampled_from(ITEMS), SAID, max_size=2))
        return (
            answer("C1"),
            answer("I1"),
            *(clear | {item: answer(item, said) for item, said in changed.items()}).values(),
        )
    asked = draw(st.integers(0, len(ITEMS)))
    items = tuple(
        answer(item, draw(SAID), corrected=draw(st.sampled_from([None, None, True, False]))) for item in ITEMS[:asked]
    )
    return (*opening, *items, *draw(st.lists(WORDS, max_size=2)))


CALLS = st.builds(
    CallFacts,
    call_id=st.just("c1"),
    carrier_status=st.sampled_from(["completed", "completed", "completed", "busy", "no-answer", "failed"]),
    sip_code=st.sampled_from([None, 404, 486]),
    answered=st.sampled_from([True, True, True, False]),
    answered_by=st.sampled_from([None, "human", "machine_start"]),
    ended_by=st.sampled_from(["us", "us", "callee", None]),
    answers=talks(),
    appointment=st.sampled_from([None, None, START + timedelta(days=1)]),
    recording=st.sampled_from(["VERIFIED", "VERIFIED", "LOST"]),
    line=st.sampled_from([None, None, None, "SUSPENDED"]),
    deliberate=st.sampled_from([None, True, False]),
    voice_doubt=st.booleans(),
)
EVIDENCE = st.builds(
    Evidence,
    policyholder_signature=st.booleans(),
    handler_signature=st.just(True),
    id_copy=st.sampled_from(["POLICYHOLDER", "OTHER"]),
    authenticated=st.booleans(),
)


@st.composite
def contacts(draw, case=CASE, at=START):
    kind = draw(st.sampled_from(["CALL", "CALL", "CALL", "PRECHECK", "PLAN_USED_UP", "LETTER", "VISIT", "E_CALLBACK"]))
    return contact_of(draw, kind, case, at)


def contact_of(draw, kind, case, at):
    reason = {
        "PRECHECK": draw(st.sampled_from(["PHONE_INVALID", "PHONE_SHARED", "SPECIAL_CALLBACK", "RECORD_MISMATCH"])),
        "PLAN_USED_UP": "UNREACHABLE",
    }.get(kind)
    return Contact(
        kind,
        at,
        case,
        reason,
        draw(CALLS) if kind == "CALL" else None,
        tuple(answer(item, draw(SAID)) for item in ITEMS[: draw(st.integers(0, 4))]),
        draw(st.integers(0, 2)),
        draw(talks()) if kind in ("LETTER", "VISIT", "E_CALLBACK") else (),
        draw(EVIDENCE),
        draw(st.booleans()) if kind == "CALL" else False,
        draw(st.booleans()),
    )


def decide(contact, profile=NATIONAL):
    return settle(contact, profile=profile, calendar=CALENDAR, inbox_branch="310104")


@settings(max_examples=150, deadline=None)
@given(contacts(), st.sampled_from([NATIONAL, PROXY]))
def test_settled_twice_is_the_same_also_after_a_journey_as_json(contact, profile):
    found = decide(contact, profile)
    assert decide(contact, profile) == found
    assert decide(Contact.from_json(contact.to_json()), profile) == found
    assert Settlement.from_json(found.to_json()) == found


@settings(max_examples=150, deadline=None)
@given(contacts(), st.sampled_from([NATIONAL, PROXY]))
def test_a_settlement_agrees_with_itself(contact, profile):
    found = decide(contact, profile)
    assert found.owner == owner_of(CaseState(found.case_state))
    assert (found.owner_branch is not None) == (found.owner == Owner.BRANCH)
    kinds = [order.kind for order in found.orders]
    assert len(kinds) == len(set(kinds))
    codes = {reason.code for reason in found.reasons}
    if found.class_ == "VERIFICATION":
        assert not found.completed and codes & VERIFICATION_REASONS
    elif found.class_ is not None:
        assert found.completed and not codes & VERIFICATION_REASONS
    assert found.completed is (found.class_ in ("STANDARD", "SUB_STANDARD", "QUESTION"))
    if found.class_ in ("QUESTION", "VERIFICATION") and found.case_state != "NOT_REQUIRED":
        # what a branch must do is an order, and it never runs from before the contact
        assert found.class_ in kinds and found.owner == Owner.BRANCH
    assert all(order.due_at > contact.ended_at and order.working_days >= 1 for order in found.orders)
    if found.appointment is not None:
        assert found.case_state == "APPOINTED"
    if contact.call is not None and contact.call.recording == "LOST":
        assert not found.completed and not found.counts


class History:
    """One case through time: whatever happens to it, it stands in one state, and that state has one owner."""

    def __init__(self, draw):
        self.draw, self.state, self.round, self.at, self.seen = draw, CaseState.WAITING, 1, START, []
        self.orders: tuple[str, ...] = ()
        self.completed = False

    def move(self, to, why):
        assert may_move(self.state, CaseState(to)), (self.state, to, why)
        self.state = CaseState(to)
        self.seen.append((self.at, owner_of(self.state)))

    def contact(self, kind):
        case = replace(CASE, state=str(self.state), round=self.round)
        found = decide(contact_of(self.draw, kind, case, self.at))
        self.move(found.case_state, f"settled {kind}: {found.result} {found.class_}")
        self.orders = tuple(order.kind for order in found.orders) or self.orders
        self.completed = found.completed and found.counts

    def step(self):
        self.at += timedelta(hours=self.draw(st.integers(1, 80)))
        event = self.draw(st.sampled_from(["day", "dial", "dial", "check", "branch", "branch", "list"]))
        if event == "day" and self.state is CaseState.WAITING:
            self.move(CaseState.CALLABLE, "its day has come")
        elif event == "dial" and self.state in (CaseState.CALLABLE, CaseState.APPOINTED):
            self.move(CaseState.IN_CALL, "reserved")
            self.contact("CALL")
        elif event == "check" and self.state in (CaseState.CALLABLE, CaseState.APPOINTED):
            self.contact(self.draw(st.sampled_from(["PRECHECK", "PLAN_USED_UP"])))
        elif event == "branch" and self.state is CaseState.AT_BRANCH:
            if self.draw(st.booleans()):
                self.contact(self.draw(st.sampled_from(["LETTER", "VISIT", "E_CALLBACK"])))
            else:
                self.review()
        elif event == "list":
            self.take_list()

    def review(self):
        self.move(CaseState.IN_REVIEW, "handled")
        orders = [Reviewed(kind, WorkOrderState.VERIFIED, ()) for kind in self.orders]
        following = after_review(orders, completed=self.completed, usable_number=self.draw(st.booleans()))
        if following is not None:
            self.move(following.state, following.why)

    def take_list(self):
        signed = self.draw(st.sampled_from([None, date(2026, 9, 24)]))
        contract = ContractDates("AGENCY", "PARTICIPATING", date(2026, 9, 1), receipt_signed_on=signed)
        standing = Standing(self.state, date(2026, 9, 16), self.round, True, self.completed)
        change = after_update(
            standing,
            case_dates(contract, NATIONAL, CALENDAR),
            in_scope=self.draw(st.sampled_from([True, True, True, False])),
            special_callback=False,
            news_of_receipt=signed is not None,
            today=self.at.date(),
        )
        self.move(change.state, f"list: {change.why}")
        self.round = change.round


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_one_owner_at_every_instant(data):
    history = History(data.draw)
    for _ in range(12):
        history.step()
    assert all(owner in Owner for _, owner in history.seen)
    assert [at for at, _ in history.seen] == sorted(at for at, _ in history.seen)
