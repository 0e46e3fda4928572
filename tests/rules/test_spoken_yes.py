"""What may stand beside a definite yes, from one end of each table to the other, and what undoes it."""

import pytest

from rules.answers import Said
from rules.speech import understand
from rules.spoken_asides import (
    DOUBTFUL,
    OPEN_BESIDE_AT,
    is_other_talk,
    stands_before,
    stands_beside,
    stands_with,
    taken_back,
)
from rules.spoken_forms import clauses, plain, usual
from rules.spoken_pieces import pieces_of, row_of
from rules.spoken_yes import is_clear_now, is_yes

# the first and the last spelling of every row
SPELLED = (
    ("清楚", "清处 门清"), ("知道", "之道 之到"), ("明白", "名白 鸣白"), ("了解", "了姐 聊解"), ("保单", "保但 报单"),
    ("条款", "条宽 条欵"), ("合同", "何同 合桶"), ("回执", "回直 回只"), ("签字", "千字 签自"), ("签名", "千名 签明"),
    ("亲手签", "亲手千"), ("亲笔", "亲必 亲比"), ("收到", "收倒 收道"), ("拿到了", "那到了 拿倒了"), ("地址", "地子 地只"),
    ("方便", "方边 方遍"), ("愿意", "缘意 源意"), ("本人", "本仁"), ("退保", "退宝 推保"), ("投诉", "投素"), ("缴费", "缴非"),
    ("犹豫期", "犹豫七 优豫期"), ("说明书", "说名书"), ("没错", "没措"), ("我们", "俺们 阿拉"), ("我", "俺"), ("你", "恁 妳"),
    ("是", "係"), ("他", "佢"), ("他们", "伊拉"), ("的", "嘅"), ("了", "咗"), ("看", "睇"), ("不知道", "知不道"),
    ("不晓得", "晓不得"), ("没有", "呒没 莫得"), ("不", "弗 勿"), ("怎么会", "哪能会"), ("怎么", "啷个 咋个"), ("啥", "啥子"),
    ("多少", "几多"), ("自己", "自个儿 自家"), ("放", "搁"), ("家里", "屋里头 屋头"), ("今天", "今儿个 今儿"), ("昨天", "昨儿"),
    ("事情", "事体"), ("晚点", "晏点 晏歇"), ("等一下", "等歇 等一歇"), ("一下", "一歇 一哈"), ("女儿", "囡囡 囡"),
    ("老婆", "堂客 婆娘"), ("老公", "老倌"),
)  # fmt: skip


@pytest.mark.parametrize(("word", "spelled"), SPELLED)
def test_other_spellings(word, spelled):
    assert {usual(other) for other in spelled.split()} == {word}


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("侬清楚", "你清楚"), ("侬讲啥", "侬讲啥"), ("是滴", "是的"), ("恩，清楚", "嗯，清楚"), ("恩情", "恩情"), ("额知道", "额知道".replace("额", "我")),
        ("额，知道", "额，知道"), ("我千的", "我签的"), ("三千的", "三千的"), ("唔知", "不知"), ("唔", "唔"), ("系啊", "是啊"), ("我系", "我是"),
        ("没关系", "没关系"), ("没得问题", "没有问题"), ("没得到", "没得到"), ("要得", "可以"), ("不要得", "不要得"), ("来噻", "可以"), ("得行", "可以"),
        ("觉得行", "觉得行"), ("查得到伐", "查得到吗"), ("伐木", "伐木"), ("我董", "我懂"), ("董先生", "董先生"), ("晓得噻，好", "晓得啊，好"), ("撒", "撒"),
    ],
)  # fmt: skip
def test_what_depends_on_its_neighbours(text, folded):
    assert usual(text) == folded


def test_clauses_and_plain_text():
    assert clauses("清楚，你 说？吗?好…对——行。") == ("清楚", "你说？吗?", "好", "对", "行")
    assert plain(" 清，楚。? ") == "清楚?"


def test_rows_of_pieces():
    assert pieces_of("清楚了", "清楚", "了") is True
    assert pieces_of("了了", "清楚", "了") is False
    assert pieces_of("清楚吧", "清楚", "了") is None
    assert pieces_of("了清楚", "清楚", "了") is True
    # one text, two rows: the one that affirms counts, whichever is found first
    assert pieces_of("清楚", "清楚", "清|楚|清楚") is True
    assert pieces_of("清楚了", "楚了", "清|清楚|了") is True
    assert pieces_of("a" * 18, "x", "a{18}") is False and pieces_of("a" * 19, "x", "a{19}") is None
    assert row_of("看书", "看|书") and not row_of("看报", "看|书")


# asides, each beside "清楚" or the like: (question, the yes, asides)
BESIDE = (
    ("clear", "清楚", "你往下说吧 快点往下问 下一条 辛苦您了 不用再解释了 听到了 听见了 小宝别闹 哎小宝别叫唤了 孩子在哭呢 锅糊了 刚才信号断了一下 这个问题我可以明确回答你 "
     "这还用问啊 想起来了 一个字都不差 没有任何异议 我都说了三遍了 还有别的要问的吗 放心好了 妥妥的 好了好了 等一下 我把火关了 让我想想 来了来了"),
    ("clear", "清楚", "你刚说的那个 我是学法律的 从事金融工作 我女儿就在保险公司上班 我跟老伴商量过 买之前我比了好几家 我戴着老花镜看过好几遍 合同上头拿红字写着的 "
     "首期钱都扣了 我们村好几家都买这个 那天业务员给我讲得清清楚楚 是我闺女念给我听的 签合同的时候柜员跟我解释过"),
    ("clear", "清楚", "谁说我不清楚 怎么会不知道 这有啥不清楚的 不清楚我能签字吗 不是不清楚 我没有不清楚的 没什么不懂的地方 不存在不知道的情况"),
    ("confirm", "收到了", "是你现在打的这个号码 快递送来的 放在柜子里了 小韩当面看着我签的 住这儿十几年了 那么厚一本 尾号三七零九 电子的那种 我也点了签收 送到家里了 有厚厚一本"),
    ("purchase", "是我买的", "在镇上买的 跟邻居一起买的 给我孙子买的 上个月买的 合同在家里放着"),
    ("signature", "是我签的", "经理在旁边看着我签的 还录了像 拍了照的 我和老公各签各的 一笔一划写的 当时我在现场 没让别人代 字写得不好看"),
    ("documents", "看过", "都给我了 资料都给了 我闺女一条一条念给我听的 发给我了的"),
    ("person", "是我", "你是保险公司的吧 有什么事你说 不念洗 假不了 货真价实 你找我 这还能有假 咋不是"),
    ("convenient", "可以", "我退休了 天天闲着 快点说就行 刚吃完饭 我把孩子送走了 车停好了 随便问 我听着呢 现在闲着"),
    ("willing", "愿意", "配合你们工作 别太久 快点问就行 这是为我好 都是工作"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "yes", "aside"),
    [(question, yes, aside) for question, yes, asides in BESIDE for aside in asides.split()],
)
def test_an_aside_takes_nothing_from_a_yes_and_is_none(question, yes, aside):
    assert understand(f"{aside}，{yes}", question, 0.9).answer is Said.YES
    if question == "clear":
        assert understand(aside, question, 0.9).answer is not Said.YES


# by their shape alone, without the help of everyday words
SHAPES = (
    ("clear", "保单上写着的 保险里面写着 首期钱扣了 业务员讲过 同志说了好几遍 我教数学的 我做会计这行 您讲的那些 你说的那个 投保那天我算过 我盘算过了 我看过两遍了 "
     "你往下说吧 辛苦您了 听见了 小宝别闹 锅糊了 信号断了一下 这还用问啊 一个字都不差 没有任何异议 还有别的要问的吗 放心好了 妥妥的 我女儿就在保险公司上班"),
    ("clear", "等一下 我把火关了 让我想想 来了来了 刚才在想别的 你说的是犹豫期啊 谁说我不清楚 怎么会不知道 这有啥不清楚的 我没有不清楚的"),
    ("confirm", "刚才打的号码 邮局寄来的 锁在抽屉里 陪着我收的 我一直住这儿 挺大一本 纸质版 我就点了确认 东西寄到楼下了 签好给快递带走了"),
    ("purchase", "是在网点买的 跟老乡一道买的 为孩子投的 单子在抽屉里"),
    ("signature", "也拍了视频 陪着我抄的 在柜台签的 笔一划 我在场 我和老公各签各的 刷脸是自己操作的 没让别人代 字写得不好看"),
    ("documents", "发给我了 资料收到了 我女儿陪着我念给我听"),
    ("person", "怎么了 有话快说 你们是保险公司的吗 找我有什么事 以后别叫错了 你找我 货真价实 咋不是"),
    ("convenient", "本来要出门 正好没事 我刚下班 刚才开会忙完了 靠边停车了 快说就行 我退休了"),
    ("willing", "应该的 支持你们工作 都是为了工作 配合一下"),
)  # fmt: skip


@pytest.mark.parametrize(("question", "asides"), SHAPES)
def test_what_is_set_aside_by_its_shape(question, asides):
    left = [a for a in asides.split() if not (stands_beside(a, question) or stands_before(a) or stands_with(a))]
    assert left == []


# the first and the last of each table of everyday words
EVERYDAY_TALK = (
    ("clear", "大家看 我住院 老婆陪着我 茶 从事金融工作 我上课 加上我 我们年年交 第二行"),
    ("confirm", "有厚厚一本 每张 保单 乡下"),
)  # fmt: skip


@pytest.mark.parametrize(("question", "talk"), EVERYDAY_TALK)
def test_everyday_talk_stands_beside_the_matter_s_own_word_only(question, talk):
    assert [
        clause for clause in talk.split() if not (is_other_talk(clause, question) or stands_beside(clause, question))
    ] == []
    assert not is_yes("茶，对", "clear") and is_yes("茶，清楚", "clear")


# the first and the last doubt of each line of the table
DOUBTS = "不 一些 印象 点儿 多少 啥 但 认了 上当 就行 还钱 还给 返 被 成了 当作 似 别 会 算 呢 想"


@pytest.mark.parametrize("doubt", DOUBTS.split())
def test_a_doubt_in_an_aside_is_no_aside(doubt):
    """It stands in a clause that would be one without it."""
    assert stands_beside("我是学法律的", "clear")
    assert not stands_beside(f"我是学{doubt}法律的", "clear"), DOUBTFUL


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("没收……哦哦你说的是合同啊，收到了", "你说的是合同啊，收到了"),
        ("我不清……哎不对，我清楚，刚才说岔了", "我清楚"),
        ("不知道，不对，知道，口误", "知道"),
        ("我老婆签的……不是不是，我签的", "我签的"),
        ("没，哦收到了", "收到了"),
        ("没有，说错了，有的", "有的"),
        ("不不不，我是说我知道", "我知道"),
        ("不，我意思是说知道", "知道"),
        ("不清楚，知道", None),
        ("清楚，不对，不清楚", None),
        ("", None),
    ],
)
def test_what_is_left_of_a_start_taken_back(text, rest):
    assert taken_back(text) == rest


@pytest.mark.parametrize(
    ("text", "question", "yes"),
    [
        ("没，哦收到了", "confirm", True),
        ("没，哦是的", "confirm", False),
        ("没有，说错了，收到了", "confirm", True),
        ("谁说我没收到，收到了", "confirm", True),
        ("谁说我没收到，是的", "confirm", False),
        ("我老公不清楚，但我是清楚的", "clear", True),
        ("我老公不清楚，对", "clear", False),
        ("清楚，我想想", "clear", False),
        ("我想想，清楚", "clear", True),
        ("犹豫期是吧，清楚", "clear", True),
        ("存款是吧，清楚", "clear", False),
        ("你说的是犹豫期啊，清楚", "clear", True),
        ("你说的是存款啊，清楚", "clear", False),
        ("清楚" * 30, "clear", True),
        ("清楚" * 30 + "了", "clear", False),
        ("清楚，" + "茶" * 30, "clear", True),
        ("清楚，" + "茶" * 31, "clear", False),
        ("但我清楚", "clear", True),
        ("没有，说错了，是的", "confirm", False),
        ("是我，我妈在做饭", "person", False),
        ("是我买的，我老婆来交的", "purchase", False),
        ("清楚，你看着写", "clear", False),
        ("清楚，钱放着", "clear", False),
        ("两个月前收到了", "confirm", True),
        ("拿放大镜看过", "documents", True),
        ("咋不是，我就是", "person", True),
        ("咋不是，本人", "person", True),
        ("咋不是，对", "person", False),
        ("你说对就对", "clear", False),
        ("清楚，咋说都是", "clear", False),
        ("行了", "convenient", False),
        ("行了，方便", "convenient", True),
        ("是吧", "person", False),
        ("清楚", "time", False),
        ("说什么", "convenient", False),
    ],
)
def test_a_yes_clause_by_clause(text, question, yes):
    assert is_yes(text, question) is yes


@pytest.mark.parametrize(
    ("text", "question", "now"),
    [
        ("之前不太懂，后来我又打客服问了一遍，现在完全明白了", "clear", True),
        ("原先糊涂，现在算是弄明白了", "clear", True),
        ("经您一讲，我清楚了", "documents", True),
        ("现在是的", "clear", False),
        ("现在清楚了", "willing", False),
        ("我儿子现在清楚了", "clear", False),
        ("清楚了", "clear", False),
    ],
)
def test_clear_by_now(text, question, now):
    assert is_clear_now(text, question) is now


def test_other_talk_only_where_the_person_is_looked_for():
    assert is_other_talk("我边走边听", "convenient") and not is_other_talk("我边走边听", "willing")
    assert not is_other_talk("明天上午", "convenient") and not is_other_talk("她是我妈", "person")
    assert stands_before("等一下") and stands_with("咋不是") and not stands_beside("等一下", "clear")
    assert set(OPEN_BESIDE_AT) == {"confirm", "purchase", "signature", "documents", "person", "convenient", "willing"}
