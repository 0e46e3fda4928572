import asyncio
import collections
from datetime import UTC, datetime

import pytest

from telephony.carrier import customers
from telephony.carrier.callees import Prompt, Scripted
from telephony.carrier.numbers import Numbers

NUMBERS = [f"+86139{number:08d}" for number in range(3000)]
FACTS = {"name": "张三", "birth_date": "1980-03-05", "id_last4": "123X", "district": "岳麓区"}
BOTH = frozenset({"dtmf", "speech"})


def prompt(text: str, hears=BOTH, digits=None) -> Prompt:
    return Prompt(text, frozenset(hears), digits, "#", datetime(2026, 9, 24, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("为保障您的权益，本次通话将会录音。请问您是张三先生本人吗？是请按1，不是请按2。", "identity"),
        ("请问您现在方便接听吗？方便请按1，不方便请按2。", "convenient"),
        ("请问您现在方便接受投保回访吗？", "convenient"),
        ("为核实身份，请用按键输入您的出生年月日，共八位数字。", "birth"),
        ("请说出您身份证号码的后四位，或用按键输入。", "last4"),
        ("请问您住在哪个区？", "district"),
        ("请问您是否在银行购买了我公司的分红型保险产品？", "purchase"),
        ("请问您收到保险合同了吗？", "received"),
        ("保险合同的回执是您本人签字的吗？", "receipt"),
        ("投保单上的签名，是您亲笔签的吗？", "own_signature"),
        ("风险提示语句是您本人亲笔抄录的吗？", "risk_statement"),
        ("产品说明书和保险条款您收到并阅读了吗？", "clauses_given"),
        ("请问保险条款和产品说明书，您看过并且了解了吗？", "clauses"),
        ("您清楚产品的保险责任吗？清楚请按1，不清楚请按2。", "coverage"),
        ("您清楚责任免除，也就是不赔的情形吗？", "exclusions"),
        ("您清楚保险期间，也就是保障多久吗？", "term"),
        ("您清楚交费期间和每期保费吗？", "premium"),
        ("犹豫期内可以解除合同并全额退还保费。请问您清楚吗？清楚请按1，不清楚请按2。", "cooling_off"),
        ("犹豫期过后退保会有一定损失，您清楚吗？", "surrender_loss"),
        ("红利是不确定的，您清楚吗？", "benefit"),
        ("您清楚产品的费用扣除吗？", "fees"),
        ("您的联系地址正确吗？", "contact"),
        ("您的联系地址和联系电话有变化吗？没有变化请按1，有变化请按2。", "unchanged"),
        ("您还有什么疑问吗？没有疑问请按1，有疑问请按2。", "questions"),
        ("请问什么时间给您回电比较方便？", "time"),
        ("请问是谁签的？家人代签请按1，业务员代签请按2。", "who_signed"),
        ("好的。刚才说到红利。那么您收到保险合同了吗？", "received"),
        ("有一件与您本人有关的服务事项需要核对，请问您现在方便接听吗？方便请按1，不方便请按2。", "convenient"),
        ("投保单是您亲笔签的吗？电子投保的，是您自己操作的吗？是请按1，不是请按2。", "own_signature"),
        ("好的，请您简单说一下，您想了解什么？", "which_question"),
        ("请问您愿意现在继续吗？愿意请按1，另约时间请按2，不愿意请按3。", "willing"),
        ("请问您的出生年月日是哪一天？可以直接说，也可以按八位数字，四位年、两位月、两位日。", "birth"),
        ("您明白吗？", "understanding"),
        ("您吃过饭了吗？", None),
    ],
)
def test_topic(text, topic):
    assert customers.topic_of(text) == topic


@pytest.mark.parametrize(
    ("side", "text", "key"),
    [
        ("yes", "清楚请按1，不清楚请按2", "1"),
        ("no", "清楚请按1，不清楚请按2", "2"),
        ("yes", "不是请按1，是请按2", "2"),
        ("no", "没有收到请按3，收到请按4", "3"),
        ("yes", "您清楚吗？", "1"),
        ("no", "您清楚吗？", "2"),
        ("没有|无", "没有疑问请按1，有疑问请按2", "1"),
        ("^有|有疑问", "没有疑问请按1，有疑问请按2", "2"),
        ("家|爱人", "业务员代签请按1，家人代签请按2", "2"),
        ("no", "愿意请按1，另约时间请按2，不愿意请按3", "3"),
        ("yes", "如果清楚，请按一；如果不清楚，请按二", "1"),
    ],
)
def test_key(side, text, key):
    assert customers.key_for(side, text) == key


def test_digits_to_be_typed_are_no_choice():
    assert customers.offered("可以直接说，也可以按八位数字。") == []
    assert customers.offered("请问投保文件是您自己操作的吗？是请按1，不是请按2。") == [("是", "1"), ("不是", "2")]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("1980-03-05", "一九八零年三月五号"),
        ("1975-10-10", "一九七五年十月十号"),
        ("1966-12-21", "一九六六年十二月二十一号"),
        ("2001-11-30", "二零零一年十一月三十号"),
    ],
)
def test_spoken_date(day, words):
    assert customers.spoken_date(datetime.fromisoformat(day).date()) == words


def test_shares_of_a_list_are_those_of_the_table():
    drawn = collections.Counter(customers.drawn(7, number) for number in NUMBERS)
    assert set(drawn) == set(customers.characters())
    for name, about in customers.describe().items():
        assert abs(100 * drawn[name] / len(NUMBERS) - about["share"]) < 2.5, name


def test_a_callee_is_the_same_again_whenever_and_in_whatever_order_it_is_called():
    asks = ["请问您是张三本人吗？", "您清楚保险责任吗？", "您清楚红利吗？", "您还有什么疑问吗？"]

    def answers(numbers, order):
        heard = {}
        for number in order:
            callee = numbers.dial(number)
            heard.setdefault(number, []).append((callee.ring(), [callee.react(prompt(ask)) for ask in asks]))
        return heard

    some = NUMBERS[:60]
    assert answers(Numbers(7), some + some) == answers(Numbers(7), some[::-1] + some)
    assert answers(Numbers(7), some) != answers(Numbers(8), some)


@pytest.mark.parametrize("character", ["agreeable", "clear", "hesitant", "hurried", "asks"])
def test_facts_are_told_as_they_are(character):
    callee = customers.customer(character, 7, NUMBERS[0], 1, FACTS)
    assert callee.react(prompt("请说出您的出生年月日。", {"speech"})).text == "一九八零年三月五号"
    assert callee.react(prompt("请输入您的出生年月日。", {"dtmf"}, 8)).text == "19800305"
    assert callee.react(prompt("请输入身份证后四位。", {"dtmf"}, 4)).text == "123*"
    assert callee.react(prompt("请说出身份证后四位。", {"speech"})).text == "幺二三X"
    assert callee.react(prompt("请问您住在哪个区？", {"speech"})).text == "岳麓区"


def test_wrong_identity_data_never_agree():
    for number in NUMBERS[:50]:
        callee = customers.customer("wrong-id", 7, number, 1, FACTS)
        assert callee.react(prompt("请输入您的出生年月日。", {"dtmf"}, 8)).text not in ("", "19800305")
        assert callee.react(prompt("请输入身份证后四位。", {"dtmf"}, 4)).text not in ("", "123*")


MEANT = {
    "deposit-understands": [("您购买了保险吗？", "thinks_deposit"), ("您购买了保险吗？", "understood")],
    "deposit-insists": [("您购买了保险吗？", "thinks_deposit"), ("您购买了保险吗？", "thinks_deposit")],
    "not-received": [("您收到保险合同了吗？", "not_received")],
    "spouse-signed": [("是您亲笔签名的吗？", "spouse_did"), ("请问是谁签的？", "spouse_signed")],
    "denies": [("您购买了保险吗？", "denies")],
    "spouse": [("您是张三本人吗？", "not_me_family")],
    "wrong-number": [("您是张三本人吗？", "wrong_number")],
    "refuses": [("您是张三本人吗？", "is_me"), ("您现在方便吗？", "refuses")],
    "dialect": [("您是张三本人吗？", "cannot_follow")],
    "asks": [("您还有什么疑问吗？", "question"), ("您还有什么疑问吗？", "no_question")],
}


@pytest.mark.parametrize("character", MEANT)
def test_what_a_character_says(character):
    phrases = customers._data()["meanings"]
    for number in NUMBERS[:20]:
        callee = customers.customer(character, 7, number, 1, FACTS)
        for ask, meaning in MEANT[character]:
            reaction = callee.react(prompt(ask, {"speech"}))
            assert (reaction.kind, reaction.text in phrases[meaning]["say"]) == ("say", True), (ask, reaction)


def test_hesitant_customers_understand_after_the_explanation_and_some_never_do():
    points = ["保险责任", "责任免除", "保险期间", "缴费方式", "犹豫期", "退保损失", "红利", "费用", "条款"]
    for character, last in (("hesitant", {"1"}), ("unclear-stays", {"1", "2"})):
        for number in NUMBERS[:30]:
            callee = customers.customer(character, 7, number, 1, FACTS)
            ask = [f"您清楚{point}吗？清楚请按1，不清楚请按2。" for point in points]
            first = [callee.react(prompt(text, {"dtmf"}, 1)).text for text in ask]
            second = [callee.react(prompt(text, {"dtmf"}, 1)).text for text in ask]
            assert set(second) <= last
            assert ("2" in second) == (character == "unclear-stays")
            assert set(first) <= {"1", "2"}


def test_who_hangs_up_does_so_in_the_middle():
    for character in ("hangs-midway", "wrong-number", "refuses", "dialect"):
        for number in NUMBERS[:20]:
            callee = customers.customer(character, 7, number, 1, FACTS)
            kinds = [callee.react(prompt("您现在方便吗？")).kind for _ in range(12)]
            assert kinds[0] != "hangup"
            assert kinds[-1] == "hangup"


def test_dials_that_meet_nobody():
    outcomes = {
        name: [customers.customer(name, 7, number, nth, {}).ring().outcome for nth in (1, 2) for number in NUMBERS[:50]]
        for name in ("not-home", "never-home", "engaged", "unreachable", "clear")
    }
    assert set(outcomes["not-home"][:50]) == {"no-answer"}
    assert set(outcomes["not-home"][50:]) == {"no-answer", "answer"}
    assert set(outcomes["never-home"]) == {"no-answer"}
    assert set(outcomes["engaged"][:50]) == {"busy"}
    assert set(outcomes["unreachable"]) == {"failed"}
    assert set(outcomes["clear"]) == {"answer"}


def test_a_script_replies_as_often_as_told_then_by_default():
    callee = Scripted({"replies": [{"when": "清楚", "say": "不清楚", "times": 1}], "default": {"press": "1"}})
    assert [callee.react(prompt("清楚吗")).text for _ in range(3)] == ["不清楚", "1", "1"]


@pytest.mark.parametrize(
    "behaviour",
    [
        "cheerful",
        {"ring": "loud"},
        {"replies": [{"say": "a", "press": "1"}]},
        {"replies": [{"when": "(", "say": "a"}]},
        {"answers": []},
        {"answer_delay": "soon"},
        {"replies": [{"say": "a", "delay": "x"}]},
        {"replies": [{"when": 5, "say": "a"}]},
        {"replies": None},
    ],
)
async def test_a_behaviour_that_does_not_exist_is_refused(carrier, behaviour):
    answer = await carrier.put("/numbers/+8613900000009", {"behaviour": behaviour})
    assert answer.status_code == 400
    assert answer.json()["error"]


async def test_control_of_numbers_one_and_many(carrier):
    many = {number: {"facts": FACTS} for number in NUMBERS[:2000]}
    assert (await carrier.put("/numbers", many)).json() == {"numbers": 2000}
    one = (await carrier.put(f"/numbers/{NUMBERS[0]}", {"behaviour": "busy"})).json()
    assert (one["source"], one["behaviour"]) == ("control", "busy")
    other = (await carrier.http.get(f"/control/numbers/{NUMBERS[1]}")).json()
    assert (other["source"], other["behaviour"]) == ("seed", customers.drawn(7, NUMBERS[1]))
    assert other["facts_known"] == sorted(FACTS)
    assert "clear" in (await carrier.http.get("/control/characters")).json()["characters"]
    assert (await carrier.http.get("/control/numbers/+8618800000001")).json()["source"] == "reserved"
    sid = await carrier.place(To=NUMBERS[0], Twiml="<Response/>")
    assert (await carrier.ended(sid))["status"] == "busy"
    assert {event["call_sid"] for event in await carrier.log(number=NUMBERS[0])} == {sid}
    assert (await carrier.put("/numbers/86 139-0000-0007", {"behaviour": "busy"})).json()["number"] == "+8613900000007"
    sid = await carrier.place(To="+8613900000007", Twiml="<Response/>")
    assert (await carrier.ended(sid))["status"] == "busy"
    await carrier.http.delete("/control/log")
    assert await carrier.log() == []


@pytest.mark.parametrize("carrier", [{"speed": 300.0}], indirect=True)
async def test_a_whole_list_is_called_with_every_kind_of_end(carrier, application):
    ask = '<Response><Gather input="dtmf speech" action="/{}" speechTimeout="auto"><Say>{}</Say></Gather></Response>'
    steps = ["请问您是张三本人吗？", "您现在方便吗？", "您购买了保险吗？", "您清楚红利吗？", "您还有什么疑问吗？"]
    for step, text in enumerate(steps):
        application.answers["/voice" if step == 0 else f"/{step}"] = ask.format(step + 1, text)
    application.answers[f"/{len(steps)}"] = "<Response><Say>再见。</Say></Response>"
    sids = [await carrier.place(To=number, Url=f"{application.url}/voice", Timeout="30") for number in NUMBERS[:80]]
    ends = collections.Counter(call["status"] for call in await asyncio.gather(*map(carrier.ended, sids)))
    finished = len(application.to(f"/{len(steps)}"))
    assert set(ends) == {"completed", "no-answer", "busy", "failed"}
    assert 0.5 < finished / len(sids) < 0.85
