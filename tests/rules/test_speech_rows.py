"""What an utterance means, from one end of each table to the other, and everything that a reading tells."""

import pytest

from rules.answers import Said
from rules.reasoning import Step
from rules.speech import Understood, understand, understand_key

# the first and the last of what each table knows, and some between them: (answer, question, sentences)
ROWS = (
    ("NO.LANGUAGE", "clear", "听不懂国语 普通话勿会 不会说普通话 说土话 听勿懂 听不懂你说 听不懂"),
    ("NO.HEARING", "clear", "耳朵不好 耳朵听不太清 戴助听器"),
    ("NO.AGE", "clear", "年纪大了搞不清 老糊涂 老了听不懂 老了搞不懂"),
    ("REPEAT", "clear", "请再说一遍 重复一遍 没听懂你再讲 你刚才说的什么来着 什么 你大声 慢点说"),
    ("OPERATOR", "clear", "人工 转客服 你是机器人吗 不想跟机器说"),
    ("OBJECT.COMPLAINT", "clear", "我要投诉 去12315 找消协"),
    ("OBJECT.ALREADY_SURRENDERED", "clear", "已经退保了 我退保了已经 就退掉了"),
    ("OBJECT.WANTS_SURRENDER", "clear", "我要退保 帮我办理退保 退款给我 就要退"),
    ("NO.DECEASED", "person", "人没了 人都没了 已经办过丧事 办了后事 过世"),
    ("NO.NO_SUCH_PERSON", "person", "打错了 刚换的号 我刚换的手机号 我不姓王 查无此人"),
    ("BUSY", "clear", "我在忙 在睡觉 不方便 没空 过一会来电 一会儿再 落地再说 后天再 下午吧 周末说"),
    ("REFUSE", "clear", "不想回访 别烦 不要 不要了 不做回访 不搞这种回访 我挂了"),
    ("REFUSE.INFORMED", "clear", "我都知道不用回访 不接受回访，没有疑问 不需要回访，没有问题"),
    ("QUESTION", "person", "你是谁 您什么事 谁啊 什么公司 做什么 几分钟 有啥事吗"),
    ("THIRD_PARTY", "person", "我是他妹妹 我是她侄子 我是他老婆 我是他女婿 有什么事跟我说 找他什么事 他不在 转告他"),
    ("UNSURE", "clear", "好像清楚 稀里糊涂 有点模糊 记不清楚 一般 要是这样 如果是就清楚 清楚吧 收到呗 明白罢"),
    ("NO", "clear", "谁知道 知道就怪 清楚就怪 鬼清楚 看漏 看漏了"),
    ("UNSURE", "clear", "他们知道 我老婆知道 银行清楚 公司都知道 我儿子看"),
    ("NO", "clear", "不 不清楚 否 白搭 难懂 看漏"),
    ("QUESTION", "clear", "清楚吗 是吗 [? 几天 为何"),
    (
        "YES",
        "clear",
        "真正清楚 每条清楚 清楚每条 一清二楚 我记得 记得 保险责任清楚 终身清楚 十清楚 能退款清楚 讲过，清楚 "
        "老师讲过了，清楚 业务员讲得很清楚的，懂 条款清楚 逐条了清楚 自己看过了清楚 问过的清楚 上个月清楚 "
        "公司经营清楚 经营清楚 早取早亏清楚 取早吃亏的清楚 红利不确定清楚 分红是不一定的清楚 快点说，清楚 "
        "看得清楚 知晓",
    ),
    ("YES", "confirm", "没有错 能 收着 变收到 快递收到 有的"),
    ("YES", "purchase", "明白 投过 给孩子买的 好吧买了 险买了"),
    ("YES", "signature", "是的 手写 全是签的 一笔一划签的"),
    ("YES", "documents", "清楚 理解 给我看过 给了看过"),
    ("YES", "person", "正是 我 怎么了我 我说吧"),
    ("YES", "convenient", "方便 能 您请讲方便 会儿方便"),
    ("YES", "willing", "愿意 那好 没关系愿意 几分钟愿意"),
    ("NO", "anything_else", "没有什么疑问了 不需要 挂了吧没有 问完没有 没事了"),
    ("QUESTION", "anything_else", "有 对 嗯有 有吧 我想问一下 怎么退 不明白这个"),
    ("SILENT", "clear", "赶紧的 可以快点吗 嗯 快点说 好的"),
    ("NOT_UNDERSTOOD", "clear", "天气 天气很好"),
    ("NO", "signer", "业务员 你们 我老婆 我家 家里 不知道 不认识 卖保险的"),
    ("OBJECT.DENIES", "purchase", "没买过 不是我买 谁买的 从没投过 啥时候买了"),
    ("UNSURE", "purchase", "记不清没买过 没印象没买过 不记得买没买"),
    ("NO", "purchase", "我以为存的 储蓄 不就是理财 存钱"),
    ("NO.CLAUSES_NOT_SUPPLIED", "documents", "没给我条款 没见合同条款 说明书没见 条款没给"),
    ("NO", "documents", "资料给我了，条款不懂 看了，不知道的 看了，不晓得啊"),
    ("NO", "signature", "别人代签 他人给签 人家帮写的 我老公帮我抄的 经理签的 柜员勾的 我爱人动的笔"),
    ("UNSURE", "clear", "他们让我说清楚 叫我按的 教我答"),
    ("NOT_UNDERSTOOD", "clear", "没有不清楚 不是没签 并非不知道"),
    ("NOT_UNDERSTOOD", "person", "喂 你好 您好"),
)


@pytest.mark.parametrize(("label", "question", "sentences"), ROWS)
def test_a_row_of_sentences(label, question, sentences):
    read = {text: understand(text, question, 0.9) for text in sentences.split()}
    assert {text: f"{u.answer}.{u.detail}" if u.detail else str(u.answer) for text, u in read.items()} == dict.fromkeys(
        read, label
    )


@pytest.mark.parametrize(
    "question",
    ["confirm", "clear", "purchase", "signature", "signer", "documents", "time", "day", "birth_date", "id_last4", "district", "none_of_it", "anything_else", "what"],
)  # fmt: skip
def test_a_sound_of_listening_at_every_question_of_the_matter(question):
    assert understand("好的", question).because.zh == "只是应声或催促,不算回答"
    assert understand("好的，大声点", question).answer is Said.REPEAT
    assert (understand("我在炒菜", question).answer is Said.BUSY) is (question != "time")


@pytest.mark.parametrize(
    ("question", "text", "answer", "because", "more"),
    [
        ("clear", "", Said.SILENT, ("没有听到回答", "nothing was said"), {}),
        ("clear", "，。…", Said.SILENT, ("没有听到回答", "nothing was said"), {}),
        ("clear", "嗯嗯", Said.SILENT, ("只是应声或催促,不算回答", "a sound of listening or of hurry is no answer"), {}),
        ("willing", "赶紧的", Said.SILENT, ("只是应声", "a sound of listening"), {}),
        ("willing", "嗯", Said.SILENT, ("只是应声", "a sound of listening"), {}),
        ("convenient", "哎", Said.SILENT, ("只是应声", "a sound of listening"), {}),
        ("willing", "好的", Said.YES, ("整句都是明确的肯定", "the whole utterance is a definite yes"), {}),
        ("convenient", "好", Said.YES, ("整句都是明确的肯定", "the whole utterance is a definite yes"), {}),
        ("person", "喂你好", Said.NOT_UNDERSTOOD, ("只是招呼", "a greeting only"), {}),
        ("clear", "你好", Said.NOT_UNDERSTOOD, ("听不出明确的回答", "no definite answer in it"), {}),
        ("signer", "业务员", Said.NO, ("说出了代签人", "names who signed"), {"signer": "AGENT"}),
        ("signer", "我爱人", Said.NO, ("说出了代签人", "names who signed"), {"signer": "FAMILY"}),
        ("signer", "不知道", Said.NO, ("说出了代签人", "names who signed"), {"signer": "UNKNOWN"}),
        ("signature", "别人代签的", Said.NO, ("别人代签或代抄", "somebody else signed or copied"), {"signer": "UNKNOWN"}),
        ("signature", "家里人替我签", Said.NO, ("别人代签或代抄", "somebody else signed or copied"), {"signer": "UNKNOWN"}),
        ("signature", "老公帮我签", Said.NO, ("别人代签或代抄", "somebody else signed or copied"), {"signer": "FAMILY"}),
        ("signature", "业务员抄的", Said.NO, ("别人代签或代抄", "somebody else signed or copied"), {"signer": "AGENT"}),
        ("signature", "不知道谁签的", Said.NO, ("有否定的说法", "contains a negation"), {}),
        ("convenient", "声音太小了我在开车", Said.BUSY, ("现在不方便", "not a good moment"), {}),
        ("willing", "没听清在开车", Said.BUSY, ("现在不方便", "not a good moment"), {}),
        ("clear", "没听清在开车", Said.REPEAT, ("听到:要求重复", "wants to hear it again"), {}),
        ("convenient", "没听清", Said.REPEAT, ("听到:要求重复", "wants to hear it again"), {}),
        ("convenient", "声音太小了我在开车要投诉", Said.OBJECT, ("听到:要投诉", "complains"), {"detail": "COMPLAINT"}),
        ("clear", "转人工", Said.OPERATOR, ("听到:要求人工", "wants a person"), {}),
        ("clear", "听不懂普通话", Said.NO, ("听到:听不懂普通话", "cannot follow Mandarin"), {"detail": "LANGUAGE"}),
        ("clear", "耳朵不好", Said.NO, ("听到:听力困难", "hard of hearing"), {"detail": "HEARING"}),
        ("clear", "老糊涂", Said.NO, ("听到:年龄原因难以沟通", "too old for this call"), {"detail": "AGE"}),
        ("clear", "早就退保了", Said.OBJECT, ("听到:已经退保", "has left the contract"), {"detail": "ALREADY_SURRENDERED"}),
        ("clear", "我要退保", Said.OBJECT, ("听到:想退保", "wants to leave the contract"), {"detail": "WANTS_SURRENDER"}),
        ("person", "他去世了", Said.NO, ("听到:本人已故", "the person has died"), {"detail": "DECEASED"}),
        ("person", "打错了", Said.NO, ("听到:号码有误,没有此人", "wrong number"), {"detail": "NO_SUCH_PERSON"}),
        ("clear", "打错了", Said.NOT_UNDERSTOOD, ("听不出明确的回答", "no definite answer in it"), {}),
        ("clear", "不想回访", Said.REFUSE, ("不愿意继续", "does not want to go on"), {}),
        ("clear", "我都知道不用回访", Said.REFUSE, ("不愿意继续", "does not want to go on"), {"detail": "INFORMED"}),
        ("person", "我是他老婆", Said.THIRD_PARTY, ("不是本人", "somebody else speaks"), {}),
        ("person", "你是谁", Said.QUESTION, ("询问来电者或来意", "asks who is calling and why"), {}),
        ("time", "我在忙", Said.NOT_UNDERSTOOD, ("听不出明确的回答", "no definite answer in it"), {}),
        ("clear", "我在忙", Said.BUSY, ("现在不方便", "not a good moment"), {}),
        ("anything_else", "不需要", Said.NO, ("没有其他疑问", "nothing else to ask"), {}),
        ("anything_else", "有", Said.QUESTION, ("还有疑问", "has a question"), {}),
        ("anything_else", "怎么退", Said.QUESTION, ("提出了疑问", "asks something"), {}),
        ("anything_else", "天气", Said.NOT_UNDERSTOOD, ("听不出是否还有疑问", "neither a question nor none"), {}),
        ("purchase", "我以为是存款", Said.NO, ("以为是存款或理财", "takes it for a deposit or a savings product"), {}),
        ("purchase", "没买过", Said.OBJECT, ("否认购买", "says that he bought nothing"), {"detail": "DENIES"}),
        ("purchase", "忘了没买过", Said.UNSURE, ("说法不确定", "a hedge is no definite answer"), {}),
        ("documents", "没给我条款", Said.NO, ("没有拿到条款", "was never given the clauses"),
         {"detail": "CLAUSES_NOT_SUPPLIED"}),
        ("documents", "资料给我了，条款不懂", Said.NO, ("最后说的是不清楚", "ends with a definite no"), {}),
        ("clear", "大概看了，真的，不懂", Said.NO, ("最后说的是不清楚", "ends with a definite no"), {}),
        ("clear", "不清楚，我光听他说收益好", Said.NO, ("先说的是不清楚", "begins with a definite no"),
             {"seller_statement": "EXAGGERATED"}),
        ("clear", "不知道，好像讲过", Said.UNSURE, ("说法不确定", "a hedge is no definite answer"), {}),
        ("clear", "可能要亏，咋办", Said.QUESTION, ("反过来提问", "asks back"), {}),
        ("clear", "不知道，收益是多少", Said.NO, ("有否定的说法", "contains a negation"), {}),
        ("clear", "我老婆，她知道", Said.UNSURE, ("说的是别人,不是本人", "speaks of what others know"), {}),
        ("clear", "谁说我不清楚", Said.NOT_UNDERSTOOD, ("双重否定,再确认", "a double negation is asked again"), {}),
        ("clear", "听勿懂", Said.NO, ("听到:听不懂普通话", "cannot follow Mandarin"), {"detail": "LANGUAGE"}),
        ("clear", "先不说了", Said.BUSY, ("现在不方便", "not a good moment"), {}),
        ("clear", "先不说了，别再打", Said.REFUSE, ("不愿意继续", "does not want to go on"), {}),
        ("time", "先不说了", Said.REFUSE, ("不愿意继续", "does not want to go on"), {}),
        ("convenient", "现在不可以", Said.BUSY, ("现在不方便", "not a good moment"), {}),
        ("convenient", "跟我说就行", Said.THIRD_PARTY, ("不是本人", "somebody else speaks"), {}),
        ("willing", "不行", Said.REFUSE, ("不愿意继续", "does not want to go on"), {}),
        ("willing", "不做回访会怎么样", Said.QUESTION, ("反过来提问", "asks back"), {}),
        ("willing", "用不着，我全懂", Said.REFUSE, ("不愿意继续", "does not want to go on"), {"detail": "INFORMED"}),
        ("confirm", "还没呢，快递说在路上", Said.NO, ("有否定的说法", "contains a negation"), {}),
        ("confirm", "没收到，放外面了", Said.BUSY, ("现在不方便", "not a good moment"), {}),
        ("confirm", "没收到，合同放外面了", Said.NO, ("有否定的说法", "contains a negation"), {}),
        ("anything_else", "一下子想不起来有没有", Said.UNSURE, ("说法不确定", "a hedge is no definite answer"), {}),
        ("anything_else", "还有点事", Said.QUESTION, ("还有疑问", "has a question"), {}),
        ("anything_else", "没有" * 30, Said.NO, ("没有其他疑问", "nothing else to ask"), {}),
        ("anything_else", "没有" * 30 + "了", Said.QUESTION, ("提出了疑问", "asks something"), {}),
        ("clear", "大概看了，不懂", Said.NO, ("最后说的是不清楚", "ends with a definite no"), {}),
        ("clear", "大概看了不懂", Said.UNSURE, ("说法不确定", "a hedge is no definite answer"), {}),
        ("clear", "之前不太清楚，现在清楚了", Said.YES, ("说明后现在清楚", "is clear now"), {}),
        ("clear", "开始不懂你这么一说就明白了", Said.YES, ("说明后现在清楚", "is clear now"), {}),
        ("clear", "现在好像清楚了", Said.UNSURE, ("说法不确定", "a hedge is no definite answer"), {}),
        ("clear", "没有人说现在清楚了", Said.NO, ("有否定的说法", "contains a negation"), {}),
        ("clear", "谁知道", Said.NO, ("反问表示不知道", "a rhetorical question that means no"), {}),
        ("clear", "不是不是啊", Said.NO, ("明确的否定", "a definite no"), {}),
        ("clear", "我老婆清楚", Said.UNSURE, ("说的是别人,不是本人", "speaks of what others know"), {}),
        ("clear", "银行清楚", Said.UNSURE, ("说的是别人,不是本人", "speaks of what others know"), {}),
        ("clear", "清楚吗", Said.QUESTION, ("反过来提问", "asks back"), {}),
        ("clear", "是不是", Said.QUESTION, ("反过来提问", "asks back"), {}),
        ("clear", "不知道咋办", Said.QUESTION, ("反过来提问", "asks back"), {}),
        ("clear", "还没看呢", Said.NO, ("有否定的说法", "contains a negation"), {}),
        ("clear", "没有不清楚", Said.NOT_UNDERSTOOD, ("双重否定,再确认", "a double negation is asked again"), {}),
        ("clear", "不会说", Said.NO, ("有否定的说法", "contains a negation"), {}),
        ("clear", "银行的人说是存款，我清楚", Said.UNSURE, ("说的是销售人员的话", "tells what the seller said"),
         {"seller_statement": "CONFUSED"}),
        ("clear", "销售承诺保本", Said.UNSURE, ("说的是销售人员的话", "tells what the seller said"),
         {"seller_statement": "EXAGGERATED"}),
        ("clear", "教我答", Said.UNSURE, ("转述别人教的话", "says what he was told to say"), {"seller_statement": "OTHER"}),
        ("understands", "能听懂", Said.YES, ("整句都是明确的肯定", "the whole utterance is a definite yes"), {}),
        ("identity", "本人", Said.YES, ("整句都是明确的肯定", "the whole utterance is a definite yes"), {}),
        ("clear", "係的", Said.YES, ("整句都是明确的肯定", "the whole utterance is a definite yes"), {}),
        ("willing", "妳说吧", Said.YES, ("整句都是明确的肯定", "the whole utterance is a definite yes"), {}),
        ("clear", "清楚（都）清 楚", Said.YES, ("整句都是明确的肯定", "the whole utterance is a definite yes"), {}),
        # as long as a yes may be, and one longer
        ("clear", "清楚" * 30, Said.YES, ("整句都是明确的肯定", "the whole utterance is a definite yes"), {}),
        ("clear", "清楚" * 30 + "了", Said.NOT_UNDERSTOOD, ("听不出明确的回答", "no definite answer in it"), {}),
    ],
)  # fmt: skip
def test_everything_that_a_reading_tells(question, text, answer, because, more):
    assert understand(text, question, 0.7) == Understood(answer, Step("C10", *because), 0.7, **more)


def test_how_sure_the_recogniser_must_be():
    guess = Understood(Said.NOT_UNDERSTOOD, Step("C10", "识别把握不足", "recognised with less than 0.4"), 0.39)
    assert understand("清楚", "clear", 0.39) == guess
    assert understand("清楚", "clear", 0.4).answer is Said.YES
    assert understand("清楚").confidence is None and understand("清楚").answer is Said.YES


@pytest.mark.parametrize(
    ("names", "text", "answer"),
    [
        (("王芳",), "我是王芳", Said.YES),
        # the longer name first: what is left of it would be no word
        (("李强", "李强强"), "李强强", Said.YES),
        (("", "王芳"), "王芳", Said.YES),
        ((), "我是王芳", Said.NOT_UNDERSTOOD),
        (("王芳",), "我就是小王", Said.YES),
        (("王芳",), "免贵姓王，我就是王芳", Said.YES),
        # a relation's surname is the same
        (("王芳",), "我是老王", Said.NOT_UNDERSTOOD),
        (("王芳",), "姓王", Said.NOT_UNDERSTOOD),
        (("王芳",), "我不姓王", Said.NO),
        (("王芳",), "小王说是我", Said.NOT_UNDERSTOOD),
    ],
)
def test_the_person_s_own_name(names, text, answer):
    assert understand(text, "person", 0.9, names=names).answer is answer


@pytest.mark.parametrize(
    ("key", "keys", "answer", "zh", "en", "more"),
    [
        ("1", {"1": "YES"}, Said.YES, "按键1", "key 1", {}),
        ("2", {"2": "NO.LANGUAGE"}, Said.NO, "按键2", "key 2", {"detail": "LANGUAGE"}),
        ("1", {"1": "YES.SLOT1"}, Said.YES, "按键1", "key 1", {"detail": "SLOT1"}),
        ("2", {"2": "FAMILY"}, Said.NO, "按键2", "key 2", {"signer": "FAMILY"}),
        ("3", {"3": "AGENT"}, Said.NO, "按键3", "key 3", {"signer": "AGENT"}),
        ("4", {"4": "UNKNOWN"}, Said.NO, "按键4", "key 4", {"signer": "UNKNOWN"}),
        ("9", {}, Said.REPEAT, "按键9", "key 9", {}),
        ("0", {}, Said.OPERATOR, "按键0", "key 0", {}),
        ("9", {"9": "NO"}, Said.NO, "按键9", "key 9", {}),
        ("7", {"1": "YES"}, Said.NOT_UNDERSTOOD, "按键7没有约定", "key 7 means nothing here", {}),
    ],
)
def test_everything_that_a_key_tells(key, keys, answer, zh, en, more):
    assert understand_key(key, keys) == Understood(answer, Step("C10", zh, en), None, **more)
