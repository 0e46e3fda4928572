"""A call turn by turn, on the first script: what must be said, asked, recorded and never said."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.calendar import SHANGHAI
from rules.conversation import (
    CallSheet,
    Given,
    Heard,
    PermittedTime,
    PersonFacts,
    PolicyFacts,
    Progress,
    answered,
    begin,
    next_turn,
    offer,
    questionnaire,
    render,
)
from rules.script import BACK, IDENTITY_QUESTIONS, NEXT, NEXT_POLICY
from scripts.call_scripts import all_scripts, load_script

SCRIPT = load_script("bank-participating-regular")
NOW = datetime(2026, 9, 24, 10, 0, tzinfo=SHANGHAI)
MOST_TURNS = 150
RIGHT = {
    "birth_date": "19800305", "id_last4": "123*", "district": "海淀区", "time": "明天上午十点", "day": "九月十号",
    "what": "他爱人，李梅",
}  # fmt: skip


def policy(number=1, **facts):
    return PolicyFacts(
        **{
            "policy_no": f"P{number}",
            "case_id": number,
            "product_type": "PARTICIPATING",
            "product_name": "长乐年年两全保险",
            "premium_mode": "ANNUAL",
            "premium": Decimal("10000"),
            "premium_term_years": 5,
            "policy_term": "10",
            "channel": "BANCASSURANCE",
            "outlet": "和平路支行",
            "nominal_end": date(2026, 10, 9),
            **facts,
        }
    )


def span(day, start=9, end=21):
    return PermittedTime(datetime(2026, 9, day, start, tzinfo=SHANGHAI), datetime(2026, 9, day, end, tzinfo=SHANGHAI))


def sheet(*policies, **changes):
    person = PersonFacts("王芳", "F", "女士", date(1980, 3, 5), "123X", "海淀区", "5678")
    facts = {"person": person, "appointment_times": (span(24, 10), span(28), span(29)), **changes}
    return CallSheet(
        policies=policies or (policy(),),
        insurer="示例人寿",
        hotline="95000",
        staff_number="R001",
        now_date=NOW.date(),
        **facts,
    )


class Call:
    """Plays replies to a call: by step, a list in turn or one for all; "" is silence; else the favourable key."""

    def __init__(self, replies=None, on=None, default=None, stop_at=None, script=SCRIPT):
        self.script = script
        self.sheet = on or sheet()
        self.replies = {
            step: list(said) if isinstance(said, list) else [said] for step, said in (replies or {}).items()
        }
        self.default = default
        self.said, self.answers, self.turns = [], [], 0
        turn = begin(script, self.sheet)
        self.asked = []
        while True:
            rendered = render(script, self.sheet, turn.progress)
            assert rendered == render(script, self.sheet, Progress.from_json(turn.progress.to_json()))
            for utterance in rendered.utterances:
                assert turn.progress.identity == "PROVEN" or not utterance.discloses
                assert len(utterance.text) <= 125 and "{" not in utterance.text
                self.said.append(utterance)
            self.progress = turn.progress
            if rendered.listen is None or turn.progress.step == stop_at:
                break
            self.asked.append(turn.progress.step)
            turn = next_turn(script, self.sheet, turn.progress, self.reply(turn.progress.step), NOW)
            self.answers += turn.answers
            self.turns += 1
            assert self.turns < MOST_TURNS

    def reply(self, step):
        said = self.replies.get(step)
        text = (said.pop(0) if len(said) > 1 else said[0]) if said else self.default
        node = self.script.steps[step]
        if text is None:
            text = RIGHT.get(node.question) or next(iter(node.keys))
        if text == "":
            return Heard("nothing")
        return Heard("keys", text) if text.strip("*#").isdigit() else Heard("speech", text, 0.9)

    @property
    def text(self):
        return "".join(u.text for u in self.said)

    def rows(self, step, final=True):
        return [a for a in self.answers if a.step == step and (a.final or not final)]

    def last(self, step):
        return self.rows(step)[-1]


def walk(script):
    """Every step that can be reached before identity is proven, by any answer, following the script as a graph."""
    identity = [s for s in script.opening if script.steps[s].question in IDENTITY_QUESTIONS]
    seen, todo = (
        set(),
        [script.opening[0], "X", "L1", "A1.default", "A1.none", "A1.offer", "I1.mismatch", "L1.barrier", "R1.refused"],
    )
    while todo:
        step_id = todo.pop()
        if step_id in seen or step_id in (NEXT, BACK, NEXT_POLICY):
            continue
        seen.add(step_id)
        step = script.steps[step_id]
        todo += [t for t in (*step.on.values(), step.next) if t]
        todo += [t for t in script.anywhere.values() if step.question and not script.steps[t].discloses]
        if step_id in script.opening and step_id != identity[-1]:
            todo.append(script.opening[script.opening.index(step_id) + 1])
    return seen


@pytest.mark.parametrize("script", all_scripts(), ids=lambda s: s.id)
def test_nothing_that_can_be_reached_before_identity_discloses(script):
    reached = walk(script)
    assert {"C1", "T2", "R1", "L1", "A1", "I1.birth_date", "R1.refused"} <= reached
    assert not [s for s in reached if script.steps[s].discloses]
    told = [t for t in script.texts.values() if t.step in reached and t.discloses]
    assert told == []


@pytest.mark.parametrize("script", all_scripts(), ids=lambda s: s.id)
def test_every_step_is_reached_from_somewhere(script):
    named = {"X", "L1", "A1.offer", "A1.booked", "A1.default", "A1.none", "R1.refused", "L1.barrier", "I1.mismatch"}
    named |= {"T2.booked", "T2.unbooked", "K3.answered", "K3.noted", "Z1.open", "Z1.undelivered"}
    targets = {t for s in script.steps.values() for t in (*s.on.values(), s.next)} | set(script.anywhere.values())
    paths = {*script.opening, *script.per_policy, *script.closing}
    assert set(script.steps) <= named | targets | paths


def test_a_clear_customer_is_asked_everything_one_by_one():
    call = Call()
    assert call.progress.ended == "COMPLETED"
    items = [step for step in call.asked if step in SCRIPT.per_policy]
    assert items == list(SCRIPT.per_policy)
    assert all(call.last(item).answer == "YES" and call.last(item).corrected is None for item in items)
    assert call.turns == 22


def test_the_robot_introduces_itself_truthfully():
    introduction = next(u.text for u in Call().said if u.id == "C2.say")
    for told in ("示例人寿", "自动语音", "不是真人", "R001", "录音", "5分钟"):
        assert told in introduction


def test_identity_stands_before_the_first_policy_fact():
    call = Call()
    first = next(i for i, u in enumerate(call.said) if u.discloses)
    assert [u.id for u in call.said[:first]][-3:] == ["I1.birth_date.ask", "I1.id_last4.ask", "phrase.begins"]
    for fact in ("长乐年年", "和平路", "10000", "10月9日"):
        assert not any(fact in u.text for u in call.said[:first])


def test_identity_is_kept_nowhere():
    call = Call({"I1.birth_date": "一九八零年三月五号", "I1.id_last4": "幺二三叉"})
    assert call.progress.identity == "PROVEN"
    assert all(a.heard == "" for a in call.rows("I1"))
    assert "1980" not in str(call.progress.to_json())


@pytest.mark.parametrize(
    ("replies", "ended", "rows"),
    [
        ({"I1.id_last4": ["9999", "123*"]}, "COMPLETED", ["NO", "YES"]),
        ({"I1.id_last4": "9999"}, "MISMATCH", ["NO", "NO"]),
        ({"I1.birth_date": "19790101"}, "MISMATCH", ["NO", "NO"]),
        ({"I1.birth_date": "不知道"}, "MISMATCH", ["NO", "NO"]),
        ({"I1.birth_date": "我不想说"}, "DECLINED", ["REFUSE"]),
    ],
)
def test_identity_has_one_retry(replies, ended, rows):
    call = Call(replies)
    assert call.progress.ended == ended
    assert [a.answer for a in call.rows("I1")] == rows


@pytest.mark.parametrize(
    ("missing", "asked"),
    [
        ({}, ["I1.birth_date", "I1.id_last4"]),
        ({"birth_date": None}, ["I1.id_last4", "I1.district"]),
        ({"id_last4": None}, ["I1.birth_date", "I1.district"]),
    ],
)
def test_two_elements_of_those_on_file(missing, asked):
    person = PersonFacts(
        **{"name": "王芳", "title": "女士", "birth_date": date(1980, 3, 5), "id_last4": "123X", "district": "海淀区"}
        | missing
    )
    call = Call(on=sheet(person=person))
    assert [step for step in call.asked if step.startswith("I1")] == asked
    assert call.progress.ended == "COMPLETED"


def test_too_few_elements_prove_nothing():
    call = Call(on=sheet(person=PersonFacts("王芳", birth_date=date(1980, 3, 5))))
    assert (call.progress.ended, call.progress.identity) == ("MISMATCH", "FAILED")


@pytest.mark.parametrize(
    ("item", "replies", "corrected", "answer"),
    [
        ("M8", ["不清楚", "清楚"], True, "YES"),
        ("M8", ["2", "2"], False, "NO"),
        ("M8", ["好像清楚", "还是不太懂"], False, "UNSURE"),
        ("M8", ["犹豫期是什么意思", "明白了"], True, "YES"),
        ("N1", ["", "1"], None, "YES"),
        ("N1", ["再说一遍", "9", "1"], None, "YES"),
        ("M1", ["我以为是存款", "哦，是保险，那我知道了"], True, "YES"),
        ("M1", ["我以为是存款", "就是存款"], False, "NO"),
    ],
)
def test_explained_once_and_asked_again(item, replies, corrected, answer):
    call = Call({item: replies})
    assert (call.last(item).corrected, call.last(item).answer) == (corrected, answer)
    assert call.progress.ended == "COMPLETED"


@pytest.mark.parametrize("silence", [["", ""], ["", "嗯"], ["嗯", "嗯"], ["苹果", "香蕉", "西瓜"]])
def test_no_answer_leaves_the_item_open_and_is_never_a_yes(silence):
    call = Call({"M5": silence})
    assert call.progress.ended == "INCOMPLETE"
    assert call.progress.open_items == ("0/M5",)
    assert call.last("M5").answer in ("SILENT", "NOT_UNDERSTOOD")
    assert "没有得到您明确的回答" in call.said[-1].text


def test_three_silent_turns_close_the_call():
    call = Call({"M5": ["", ""], "M6.coverage": ""})
    assert call.progress.ended == "SILENT"
    assert call.turns == 4 + 6 + 3


@pytest.mark.parametrize("step", ["C1", "C3", "I1.birth_date", "M1", "K3"])
def test_silence_anywhere_ends(step):
    call = Call({step: ""}, default="")
    assert call.progress.ended == "SILENT"


def test_hearing_it_again_is_bounded_and_costs_no_try():
    call = Call({"M3": ["9", "9", "9", "1"]})
    assert call.last("M3").answer == "YES"
    again = Call({"M3": "9"})
    assert again.progress.ended == "INCOMPLETE" and again.turns < 40


def test_a_guess_is_asked_again_then_keys_are_offered():
    turn = Call(stop_at="M9")
    progress, texts = turn.progress, []
    for _ in range(2):
        step = next_turn(SCRIPT, turn.sheet, progress, Heard("speech", "清楚", 0.2), NOW)
        assert [a.answer for a in step.answers] == ["NOT_UNDERSTOOD"]
        progress = step.progress
        texts.append("".join(u.text for u in render(SCRIPT, turn.sheet, progress).utterances))
    assert "按键回答" not in texts[0] and "按键回答" in texts[1]


# ------------------------------------------------------------ acceptance scenarios


def test_ac_11_spouse_answers():
    call = Call({"C1": "我是他爱人，他不在家", "T2": "今天晚上七点半，打他手机13800138000"})
    assert call.progress.ended == "THIRD_PARTY"
    assert call.progress.appointment == datetime(2026, 9, 24, 19, 30, tzinfo=SHANGHAI)
    assert not any(u.discloses for u in call.said)
    for word in ("保险合同", "保费", "投保", "购买", "产品", "回访", "长乐"):
        assert word not in call.text
    assert not [a for a in call.answers if a.step[0] in "MN"]
    assert "13800138000" not in str([a.to_json() for a in call.answers])


def test_a_number_given_by_another_is_a_candidate_only():
    begun = Call({"C1": "他不在"}, stop_at="T2")
    turn = next_turn(SCRIPT, begun.sheet, begun.progress, Heard("speech", "打他手机13800138000，晚上七点", 0.9), NOW)
    assert turn.candidate_number == "13800138000"


@pytest.mark.parametrize("insists", ["跟我说就行", "他出去了，我是他老公", "你哪里啊", "什么事"])
def test_third_party_who_insists_learns_nothing(insists):
    call = Call({"C1": "我是他爱人"}, default=insists)
    assert call.progress.ended == "THIRD_PARTY" and call.turns < 12
    assert not any(u.discloses for u in call.said)


def test_ac_12_deposit_understood_after_explanation():
    call = Call({"M1": ["银行说是存款", "现在明白了"]})
    first, last = call.rows("M1", final=False)[0], call.last("M1")
    assert (first.answer, first.seller_statement, first.final) == ("NO", "CONFUSED", False)
    assert (last.answer, last.corrected) == ("YES", True)


def test_ac_14_contract_not_received():
    call = Call({"M2.received": "没有收到合同"})
    assert call.progress.ended == "CONTRACT_NOT_RECEIVED"
    assert "已经承保" in call.text and "M3" not in call.asked


@pytest.mark.parametrize(
    ("replies", "signer"),
    [
        ({"M3": "2", "M3.who": "1"}, "FAMILY"),
        ({"M3": "不是我签的", "M3.who": "业务员签的"}, "AGENT"),
        ({"M3": "不是我签的", "M3.who": "不知道"}, "UNKNOWN"),
        ({"M3": "不是我签的，是我老公签的"}, "FAMILY"),
    ],
)
def test_ac_15_signed_by_another(replies, signer):
    call = Call(replies)
    assert (call.last("M3").answer, call.last("M3").signer) == ("NO", signer)
    assert call.progress.ended == "COMPLETED"


def test_ac_16_cannot_remember_who_signed():
    call = Call({"M3": "记不清了"})
    assert call.last("M3").answer == "UNSURE" and "M3.who" not in call.asked


def test_ac_17_insists_he_bought_nothing():
    call = Call({"M1": "我没买过保险"})
    assert call.progress.ended == "DENIED"
    assert call.asked.count("M1") == 2 and "M2.received" not in call.asked
    assert any(u.id == "M1.restate" for u in call.said)


def test_ac_18_mm_is_no_answer():
    call = Call(dict.fromkeys(("M6.exclusions", "M6.term", "M7", "M8", "M9"), "嗯"))
    assert call.progress.ended in ("SILENT", "INCOMPLETE")
    assert not any(a.answer == "YES" and a.heard == "嗯" for a in call.answers)


@pytest.mark.parametrize("at", ["C1", "C3", "M6.coverage"])
def test_ac_19_dialect(at):
    call = Call({at: "听不懂普通话", "L1": "听不懂"})
    assert call.progress.ended == "BARRIER"
    assert (call.last("C3").answer, call.last("C3").detail) == ("NO", "LANGUAGE")


def test_a_barrier_that_is_none_goes_on():
    call = Call({"M6.coverage": ["听不懂普通话", "清楚"], "L1": "能听懂"})
    assert call.progress.ended == "COMPLETED"


def test_ac_29_refusal_is_persuaded_once():
    call = Call({"C3": "我都知道了，不用回访", "R1": "不愿意，我都清楚"})
    assert call.progress.ended == "REFUSED"
    assert (call.last("R1").answer, call.last("R1").detail) == ("REFUSE", "INFORMED")
    assert call.asked.count("R1") == 1


def test_who_lets_himself_be_persuaded_goes_on_and_may_refuse_later():
    call = Call({"C3": ["我不想接受回访", "方便"], "R1": "愿意"})
    assert call.progress.ended == "COMPLETED"
    later = Call({"C3": ["我不想接受回访", "方便"], "R1": "愿意", "M7": "别打了，我不想回答"})
    assert later.progress.ended == "REFUSED"


@pytest.mark.parametrize(
    ("said", "booked"),
    [
        ("今天下午三点", datetime(2026, 9, 24, 15, tzinfo=SHANGHAI)),
        ("下周一上午十点", datetime(2026, 9, 28, 10, tzinfo=SHANGHAI)),
        ("一会儿", datetime(2026, 9, 24, 13, tzinfo=SHANGHAI)),  # none told: the next one at least three hours ahead
        ("", datetime(2026, 9, 24, 13, tzinfo=SHANGHAI)),
    ],
)
def test_busy_makes_an_appointment(said, booked):
    call = Call({"C3": "我在开车", "A1": said})
    assert (call.progress.ended, call.progress.appointment) == ("APPOINTED", booked)


def test_a_time_that_is_not_permitted_is_answered_with_the_nearest():
    call = Call({"C3": "我在开车", "A1": "明天上午十点", "A1.offer": "1"})  # the 25th is a holiday
    assert call.progress.appointment == datetime(2026, 9, 24, 20, 30, tzinfo=SHANGHAI)
    late = Call({"C3": "我在开车", "A1": "今天晚上十点", "A1.offer": "晚上十点"})
    assert late.progress.ended == "APPOINTED"
    assert any(s.start <= late.progress.appointment < s.end for s in late.sheet.appointment_times)


def test_without_a_permitted_time_nothing_is_promised():
    call = Call({"C3": "我在开车"}, on=sheet(appointment_times=()))
    assert (call.progress.ended, call.progress.appointment) == ("BUSY", None)


def test_busy_in_the_middle_keeps_what_was_answered():
    call = Call({"M5": "我要开车了", "A1": "今天下午三点"})
    assert call.progress.ended == "APPOINTED"
    assert call.last("M4").answer == "YES" and not call.rows("M5")


def test_wrong_number_and_death_end_at_once():
    assert Call({"C1": "打错了"}).progress.ended == "NO_SUCH_PERSON"
    dead = Call({"C1": "他上个月去世了"})
    assert dead.progress.ended == "DECEASED" and dead.last("T1").detail == "DECEASED"


def test_resumed_call_asks_only_what_is_open_and_identity_again():
    call = Call(on=sheet(policy(open_items=("M8", "N3"))))
    assert [s for s in call.asked if s[0] in "IMN"] == ["I1.birth_date", "I1.id_last4", "M8", "N3"]
    assert any(u.id == "phrase.resumed" for u in call.said)


def test_two_policies_one_identity_items_of_each():
    call = Call({"M8": ["不清楚", "清楚", "清楚"]}, on=sheet(policy(1), policy(2, product_name="安心年年两全保险")))
    assert call.asked.count("I1.birth_date") == 1 and call.asked.count("K3") == 1 and call.asked.count("M8") == 3
    by_policy = {a.policy_no: a.corrected for a in call.rows("M8")}
    assert by_policy == {"P1": True, "P2": None}


def test_the_other_policy_is_asked_where_one_contract_is_missing():
    call = Call({"M2.received": ["没收到", "收到了"]}, on=sheet(policy(1), policy(2)))
    assert call.progress.ended == "COMPLETED"
    assert [a.policy_no for a in call.rows("N3")] == ["P2"]


def test_single_premium_is_not_asked_about_regular_payment():
    assert "M7" not in Call(on=sheet(policy(premium_mode="SINGLE"))).asked


@pytest.mark.parametrize(
    ("replies", "rows"),
    [
        ({"K3": "没有了"}, [("NO", None)]),
        ({"K3": "分红怎么领", "K3.answered": "清楚"}, [("QUESTION", "ANSWERED")]),
        ({"K3": "分红怎么领", "K3.answered": "不清楚"}, [("QUESTION", "NOT_ANSWERABLE")]),
        ({"K3": "要是急用钱能借出来吗怎么办"}, [("QUESTION", "NOT_ANSWERABLE")]),
        ({"K3": "2", "K3.what": "什么时候能拿到发票"}, [("QUESTION", "NOT_ANSWERABLE")]),
        ({"K3": ["我要投诉", "没有了"]}, [("OBJECT", "COMPLAINT"), ("NO", None)]),
        ({"K3": ["我想退保", "没有了"]}, [("OBJECT", "WANTS_SURRENDER"), ("NO", None)]),
        ({"M9": ["我要退保", "清楚"]}, [("OBJECT", "WANTS_SURRENDER"), ("NO", None)]),
    ],
)
def test_open_questions(replies, rows):
    call = Call(replies)
    assert [(a.answer, a.detail) for a in call.rows("K3")] == rows
    assert call.progress.ended == "COMPLETED"


def test_surrender_wish_before_identity_gets_no_policy_fact():
    call = Call({"C3": "我要退保"})
    assert not any(u.discloses for u in call.said)


@pytest.mark.parametrize(("since", "detail"), [("1", "CHANGED"), ("2", "WRONG")])
def test_contact_data(since, detail):
    call = Call({"K1": "2", "K1.since": since})
    assert (call.last("K1").answer, call.last("K1").detail) == ("NO", detail)
    asked = next(u.text for u in call.said if u.id == "K1.ask")
    assert "海淀区" in asked and "5，6，7，8" in asked


@pytest.mark.parametrize(
    ("facts", "told", "never"),
    [
        ({}, "到2026年10月9日为止", "暂定"),
        ({"provisional": True}, "暂定到2026年10月9日，以公司正式通知为准", "到2026年10月9日为止"),
        ({"nominal_end": None}, "截止日期按您签收合同的日期推算", "2026年10月9日"),
    ],
)
def test_ac_28_an_uncertain_end_is_never_told_as_final(facts, told, never):
    text = Call(on=sheet(policy(**facts))).text
    assert told in text and never not in text


def test_an_ended_call_stays_ended():
    call = Call()
    turn = next_turn(SCRIPT, call.sheet, call.progress, Heard("keys", "1"), NOW)
    assert turn.progress == call.progress and turn.answers == ()


def test_tries_of_one_step_have_numbers_of_their_own():
    call = Call({"M8": ["", "再说一遍", "不清楚", "不清楚"]}, on=sheet(policy(1), policy(2)))
    keys = [(a.policy_no, a.step, a.try_no) for a in call.answers]
    assert len(keys) == len(set(keys))


def test_sheet_travels_as_json():
    assert CallSheet.from_json(sheet(policy(open_items=("M8",))).to_json()) == sheet(policy(open_items=("M8",)))


WORDS = ["是的", "清楚", "不清楚", "嗯", "我在开车", "不想", "别打了", "听不懂普通话", "我没买过保险", "打错了", "他不在", "再说一遍", "转人工", "我要退保", "我要投诉", "什么意思", "你是谁", "明天上午十点", "今晚十一点", "一九八零年三月五号", "没有了", "苹果", "业务员让我说清楚", "没收到", "我老公签的", "愿意", "能听懂", "1380013800013800138000", "😀", " "]  # fmt: skip
HEARD = st.one_of(
    st.just(Heard("nothing")),
    st.builds(Heard, st.just("keys"), st.text("0123456789*#", min_size=1, max_size=8)),
    st.builds(Heard, st.just("keys"), st.sampled_from(["1", "1", "1", "2", "19800305", "123*"])),
    st.builds(Heard, st.just("speech"), st.sampled_from(WORDS), st.sampled_from([None, 0.1, 0.5, 0.9, 0.9])),
    st.builds(Heard, st.just("speech"), st.text(max_size=8), st.just(0.9)),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(HEARD, min_size=1, max_size=40), st.integers(1, 2))
def test_whatever_is_heard_the_call_ends_and_tells_nobody_but_the_person(heard, policies):
    on = sheet(*(policy(n + 1) for n in range(policies)))
    turn, now = begin(SCRIPT, on), NOW
    seen = set()
    for number in range(2 * MOST_TURNS):
        rendered = render(SCRIPT, on, turn.progress)
        assert turn.progress.identity == "PROVEN" or not any(u.discloses for u in rendered.utterances)
        if rendered.listen is None:
            break
        now += timedelta(seconds=20)
        one = heard[number % len(heard)]
        turn = next_turn(SCRIPT, on, turn.progress, one, now)
        for answer in turn.answers:
            key = (answer.policy_no, answer.step, answer.try_no)
            assert key not in seen
            seen.add(key)
            silent = one.kind == "nothing" or not one.text.strip()
            assert not (silent and answer.answer == "YES")
        if turn.progress.appointment:
            assert any(s.start <= turn.progress.appointment < s.end for s in on.appointment_times)
    assert turn.progress.ended


# ------------------------------------------------------------ the day of the receipt, the sale, a proxy


def test_c44_the_day_of_the_receipt_is_asked_and_kept():
    call = Call({"M2.receipt_date": "九月十八号"})
    row = call.last("M2.receipt_date")
    assert (row.answer, row.date, row.policy_no) == ("YES", "2026-09-18", "P1")


@pytest.mark.parametrize(
    ("said", "answer"),
    [("记不清了", "UNSURE"), ("2", "UNSURE"), (["嗯", "嗯"], "SILENT"), (["苹果", "九月二十号"], "YES")],
)
def test_a_day_that_is_not_told_holds_nothing_up(said, answer):
    call = Call({"M2.receipt_date": said})
    assert (call.last("M2.receipt_date").answer, call.progress.ended) == (answer, "COMPLETED")


def test_who_did_not_sign_the_receipt_is_not_asked_when():
    call = Call({"M2.receipt_signed": "没有签"})
    assert "M2.receipt_date" not in call.asked and call.progress.ended == "COMPLETED"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("没有", "YES"),
        ("1", "YES"),
        ("2", "NO"),
        ("没人说过", "YES"),
        ("没有，都是合同里写的", "YES"),
        ("没有人教过我", "YES"),
        ("他说保本保息", "NO"),
        ("有的", "NO"),
        ("没有告诉我有损失", "NO"),
    ],
)
def test_k2_nothing_promised_beside_the_contract(said, answer):
    call = Call({"K2": said})
    assert (call.last("K2").answer, call.last("K2").policy_no) == (answer, None)
    assert call.progress.ended == "COMPLETED"


RELATIVE = {"C1": "我是他爱人", "T2": ["跟我说就行", "明天上午十点"]}


def test_c6_without_the_parameter_nobody_is_asked_for_a_proxy():
    call = Call(RELATIVE)
    assert "T5.beside" not in call.asked and call.progress.ended == "THIRD_PARTY"


def test_c6_the_policyholder_proves_himself_and_consents_before_a_relative_answers():
    call = Call(RELATIVE | {"T5.beside": "可以", "T6": "同意"}, on=sheet(proxy_allowed=True))
    assert call.asked.index("I1.birth_date") < call.asked.index("T6") < call.asked.index("M1")
    assert [a.answer for a in call.rows("T6")] == ["YES", "YES"]
    assert "M3" not in call.asked and "M4" not in call.asked  # S9: confirmed in writing
    assert set(call.progress.open_items) == {"0/M3", "0/M4"}
    assert call.progress.ended == "INCOMPLETE"


def test_c6_who_does_not_consent_answers_himself():
    call = Call(RELATIVE | {"T5.beside": "可以", "T6": "我自己来"}, on=sheet(proxy_allowed=True))
    assert call.last("T6").answer != "YES"
    assert "M3" in call.asked and call.progress.ended == "COMPLETED"


def test_c6_nobody_beside_the_phone():
    call = Call(RELATIVE | {"T5.beside": "不在"}, on=sheet(proxy_allowed=True))
    assert call.progress.ended == "THIRD_PARTY" and not any(u.discloses for u in call.said)


# ------------------------------------------------------------ variants and product types


def of_type(product_type, mode="ANNUAL", **facts):
    return sheet(policy(product_type=product_type, premium_mode=mode, channel="AGENCY", outlet=None, **facts))


@pytest.mark.parametrize(
    ("name", "on", "asked"),
    [
        ("agency-universal-regular", of_type("UNIVERSAL"), ["M7", "M8", "M9", "N2", "N3.universal"]),
        ("agency-unit-linked-single", of_type("UNIT_LINKED", "SINGLE"), ["M7", "M8", "M9", "N4", "N3.unit_linked"]),
        ("agency-health-regular", of_type("HEALTH"), ["M7", "M8", "M9", "N5"]),
        ("agency-health-regular", of_type("HEALTH", fees_for_all_types=True), ["M7", "M8", "M9", "N5", "N3"]),
        ("agency-traditional-single", of_type("ACCIDENT", "SINGLE"), ["M7", "M8", "M9"]),
        ("agency-simplified", of_type("UNIVERSAL"), ["M2.received", "M2.receipt_signed", "M8"]),
    ],
)
def test_the_items_of_a_product(name, on, asked):
    script = load_script(name)
    call = Call(on=on, script=script)
    items = [step for step in call.asked if step in script.per_policy]
    assert items[-len(asked):] == asked  # fmt: skip
    assert call.progress.ended == "COMPLETED"
    assert all(call.last(script.steps[item].records).answer == "YES" for item in items)


@pytest.mark.parametrize("variant", ["supplementary", "after-care", "resumed"])
@pytest.mark.parametrize(
    ("product_type", "mode", "open_items", "asked"),
    [
        ("UNIVERSAL", "SINGLE", ("N3",), ["N3.universal"]),
        ("HEALTH", "ANNUAL", ("M1", "M7", "N5"), ["M1", "M7", "N5"]),
        ("PARTICIPATING", "MONTHLY", ("M4", "N1"), ["M4", "N1"]),
        ("TRADITIONAL", "SINGLE", ("M7",), ["M7.single"]),
    ],
)
def test_a_shorter_call_asks_what_is_open_after_identity(variant, product_type, mode, open_items, asked):
    script = load_script(f"direct-{variant}")
    call = Call(on=of_type(product_type, mode, open_items=open_items), script=script)
    assert [step for step in call.asked if step in script.per_policy] == asked
    said = [u.id for u in call.said]
    assert said.index("phrase.resumed") < said.index(f"{asked[0]}.ask")
    assert call.progress.ended == "COMPLETED"


# ------------------------------------------------------------ the same script, read by somebody


def by_hand(script=SCRIPT, on=None, notes=None):
    """A call led by an agent who notes the first choice, save where `notes` says otherwise, step by step."""
    on, notes, offers, rows = on or sheet(), dict(notes or {}), [], []
    turn = begin(script, on)
    while True:
        shown = offer(script, on, turn.progress)
        offers.append(shown)
        if shown.ended:
            return offers, rows, turn.progress
        given = notes.pop(shown.step, None)
        if given is None:
            words = {"birth_date": "1980年3月5号", "id_last4": "123X", "district": "海淀区"}.get(shown.takes)
            first = shown.choices[0]
            given = Given("YES", text=words) if words else Given(first.answer, first.detail, first.signer)
            if shown.takes == "day":
                given = Given("YES", day=date(2026, 9, 18))
        turn = answered(script, on, turn.progress, given, NOW)
        rows += turn.answers
        assert len(offers) < MOST_TURNS


def test_an_agent_leads_the_same_steps_as_the_robot():
    offers, rows, progress = by_hand()
    robot = Call()
    assert [o.step for o in offers if not o.ended] == robot.asked
    assert [(a.step, a.answer) for a in rows] == [(a.step, a.answer) for a in robot.answers]
    assert progress.ended == "COMPLETED"


def test_before_identity_an_agent_is_shown_nothing_of_the_policy():
    for shown in by_hand(on=sheet(policy(outlet="和平路支行")))[0]:
        if shown.identity != "PROVEN":
            words = f"{[u.text for u in shown.say]}{shown.explanation}{shown.restatement}"
            assert not any(fact in words for fact in ("长乐", "和平路", "10000", "保单", "投保", "犹豫期"))


def test_an_agents_note_is_explained_and_asked_again_like_any_answer():
    offers, rows, _ = by_hand(notes={"M8": Given("UNSURE"), "M3": Given("NO", signer="FAMILY")})
    m8 = [o for o in offers if o.step == "M8"]
    assert len(m8) == 2 and m8[0].explanation and m8[0].purpose
    last = [a for a in rows if a.step == "M8"][-1]
    assert (last.answer, last.corrected) == ("YES", True)
    assert next(a.signer for a in rows if a.step == "M3") == "FAMILY"


def test_keys_of_an_offer_are_distinct_and_say_yes_and_no():
    for shown in by_hand()[0]:
        keys = [c.key for c in shown.choices]
        assert len(keys) == len(set(keys)), shown.step
        if shown.takes == "choice" and not shown.ended and shown.step != "K3":
            assert {"YES", "NO"} <= {c.answer for c in shown.choices} or shown.step in ("C3", "R1")


# ------------------------------------------------------------ the same items on paper


def test_a_questionnaire_asks_the_items_of_a_call():
    asked = questionnaire(SCRIPT, sheet(policy(1), policy(2, open_items=("M8", "N3"))))
    assert [q.step for q in asked if q.policy_no == "P1"] == [SCRIPT.steps[item].records for item in SCRIPT.per_policy]
    assert [q.step for q in asked if q.policy_no == "P2"] == ["M8", "N3"]
    assert [q.step for q in asked if q.policy_no is None] == ["K1", "K2", "K3"]


def test_on_paper_nobody_is_told_to_press_a_key():
    for name in ("bank-participating-regular", "direct-unit-linked-single", "agency-simplified"):
        script = load_script(name)
        for q in questionnaire(script, of_type(script.product_types[0], script.premium_modes[0])):
            assert "按" not in q.words and q.words.endswith("？"), q.words
            assert q.answers in ((), ("YES", "NO", "UNSURE"))
            assert q.answers or q.step in ("K3", "M2.receipt_date")
