"""How recognisers misspell it and how regions say it → the word that the tables know. Nothing here decides an answer.

A form may only be folded into a word of the same sense: 知不道 is 不知道, and 勿 keeps its negation as 不.
"""

import re

# the usual word → its other spellings, wherever they stand
OTHER_SPELLINGS = {
    # homophones that recognisers write
    "清楚": "清处 青楚 轻楚 请楚 倾楚 清除 清初 青处 情楚 清储 灵清 清爽 门儿清 门清",
    "知道": "之道 只道 支道 知到 之到",
    "明白": "名白 明百 民白 鸣白",
    "了解": "了姐 辽解 料解 聊解",
    "保单": "保但 保丹 宝单 报单",
    "条款": "条宽 调款 条欵",
    "合同": "何同 和同 合筒 合桶",
    "回执": "回直 回值 回职 回只",
    "签字": "千字 签自",
    "签名": "千名 签明",
    "亲手签": "亲手千",
    "亲笔": "亲必 亲比",
    "收到": "收倒 收道",
    "拿到了": "那到了 拿倒了",
    "地址": "地子 地只",
    "方便": "方边 方遍",
    "愿意": "缘意 原意 源意",
    "本人": "本仁",
    "退保": "退宝 推保",
    "投诉": "投素",
    "缴费": "缴非",
    "犹豫期": "犹豫七 优豫期",
    "说明书": "说名书",
    "没错": "没措",
    # words of a region
    "我们": "俺们 阿拉",
    "我": "俺",
    "你": "恁 妳",
    "是": "係",
    "他": "佢",
    "他们": "伊拉",
    "的": "嘅",
    "了": "咗",
    "看": "睇",
    "不知道": "知不道",
    "不晓得": "晓不得",
    "没有": "呒没 呒 冇得 冇 莫得",
    "不": "弗 勿",
    "怎么会": "哪能会",
    "怎么": "啷个 咋个",
    "啥": "啥子",
    "多少": "几多",
    "自己": "自个儿 自个 自家",
    "放": "搁",
    "家里": "屋里头 屋头",
    "今天": "今儿个 今儿",
    "昨天": "昨儿",
    "事情": "事体",
    "晚点": "晏点 晏歇",
    "等一下": "等歇 等一歇",
    "一下": "一歇 一哈",
    "女儿": "囡囡 囡",
    "老婆": "堂客 婆娘",
    "老公": "老倌",
}

# what depends on its neighbours: (pattern, usual)
BY_NEIGHBOURS = (
    (r"侬(?!讲啥)", "你"),
    (r"(?<=[是对好行])滴", "的"),
    (r"恩(?=[,，。]|$)", "嗯"),
    (r"额(?=们?(就|也|都|是)*(知道|晓得|清楚|明白|懂|了解|自己|签|买|看|跟|收|拿))", "我"),
    (r"(?<=[我的亲字笔名])千(?=[的了过])", "签"),
    (r"唔(?=知|清|明白|系|是|记得|好|要|得闲|方便)", "不"),
    (r"(?<![关联体没])系(?=啊|呀|的|我|本人|[,，。!！]|$)", "是"),
    (r"没得(?!到)", "没有"),
    (r"(?<![不需想])要得(?![到了起])|来噻|(?<![不觉])得行", "可以"),
    (r"(?<=[一-鿿])伐(?=[,，。?？!！]|$)", "吗"),
    (r"(?<=[我都也全])董(?=[的了得]|$)", "懂"),
    (r"(?<=[一-鿿])[噻哩撒咧唻](?=[,，。!！?？…]|$)", "啊"),
)

_SPELLED = {other: word for word, others in OTHER_SPELLINGS.items() for other in others.split()}
_ANY_SPELLING = re.compile("|".join(sorted(_SPELLED, key=len, reverse=True)))


_BETWEEN_CLAUSES = re.compile(r"(?<=[?])|[,，。.、!！;；:：~～…—]+")
_NOISE = re.compile(r"[\s,，。.、!！;；:：~～…—\"'“”‘’()（）《》\-]+")


def usual(text: str) -> str:
    text = _ANY_SPELLING.sub(lambda found: _SPELLED[found[0]], text)
    for pattern, word in BY_NEIGHBOURS:
        text = re.sub(pattern, word, text)
    return text


def plain(text: str) -> str:
    """Without spaces and punctuation; a question mark is kept, for it tells something."""
    return _NOISE.sub("", text)


def clauses(text: str) -> tuple[str, ...]:
    """The plain parts between the punctuation."""
    return tuple(filter(None, map(plain, _BETWEEN_CLAUSES.split(text))))
