"""An utterance or a key → an answer. Never YES by default: a yes must explain the whole utterance (C10, S2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from rules import speech_tables as tables
from rules.answers import Said
from rules.reasoning import Step

LEAST_CONFIDENCE = 0.4  # below it, what a recogniser offers is a guess
LONGEST_YES = 60  # characters; who says more than this says more than yes
LONGEST_PIECE = 14  # characters of the longest piece in the tables
LONGEST_HEARD = 300  # characters that are looked at

_CLAUSES = re.compile(r"[,，。.、!！;；:：~～…]+")
_NOISE = re.compile(r"[\s,，。.、!！;；:：~～…\"'“”‘’()（）《》\-]+")
_NOW_CLEAR = re.compile(
    r"(现在|这下|(后来|之后).{0,6}就|这么一说|[你您](一|这么)?(说|讲)(完|了|过)?(之后|以后|后)?(我)?|这样)(我)?(就|都|已经|全)?(清楚|明白|知道|懂|了解)(了|啦)$"
)
_EARLIER = re.compile(
    r"^(啊|哦|噢)?(我)?(刚才|刚刚|之前|原来|以前|刚开始|开始|一开始|先前|本来|当时)(我)?(是|还|都|真)?(不|没)(太|怎么|大)?(清楚|知道|明白|懂|了解|注意)(的)?(但是|但|不过|可是)?(我)?"
)
_FINDING_THE_PERSON = ("person", "convenient", "time", "willing")
_ASKED_AS = {"identity": "person", "understands": "confirm"}


@dataclass(frozen=True, slots=True)
class Understood:
    """`because` tells which rule read it so. `detail` refines the answer, such as DECEASED or WANTS_SURRENDER."""

    answer: Said
    because: Step
    confidence: float | None = None
    detail: str | None = None
    signer: str | None = None
    seller_statement: str | None = None


def understand(
    text: str, question: str = "clear", confidence: float | None = None, *, names: tuple[str, ...] = ()
) -> Understood:
    """What a spoken answer to `question` means (see rules.script.QUESTIONS; `identity` is `person`).

    `names` are the person's own names, so that "我是王芳" is understood without a list of names.
    """
    question = _ASKED_AS.get(question, question)
    plain = _plain(text, names)
    if not plain:
        return _say(Said.SILENT, confidence, "没有听到回答", "nothing was said")
    if confidence is not None and confidence < LEAST_CONFIDENCE:
        return _say(Said.NOT_UNDERSTOOD, confidence, "识别把握不足", f"recognised with less than {LEAST_CONFIDENCE}")
    seller = _seller_statement(plain)
    clauses = tuple(filter(None, (_plain(part, names) for part in _CLAUSES.split(text))))
    return _read(plain, clauses, question, confidence, seller)


def understand_key(key: str, keys: Mapping[str, str]) -> Understood:
    """What a pressed key means: `keys` of the step, 9 to hear it again, 0 for a person."""
    meaning = keys.get(key) or {"9": "REPEAT", "0": "OPERATOR"}.get(key)
    if meaning is None:
        return _say(Said.NOT_UNDERSTOOD, None, f"按键{key}没有约定", f"key {key} means nothing here")
    answer, _, detail = meaning.partition(".")
    step = Step("C10", f"按键{key}", f"key {key}")
    if answer in ("FAMILY", "AGENT", "UNKNOWN"):
        return Understood(Said.NO, step, signer=answer)
    return Understood(Said(answer), step, detail=detail or None)


def _read(
    plain: str, clauses: tuple[str, ...], question: str, confidence: float | None, seller: str | None
) -> Understood:
    def found(answer: Said, zh: str, en: str, detail: str | None = None, signer: str | None = None) -> Understood:
        return Understood(answer, Step("C10", zh, en), confidence, detail, signer, seller)

    listening = _whole(tables.LISTENING).fullmatch(plain)
    if listening and question not in ("convenient", "willing", "person"):
        return found(Said.SILENT, "只是应声或催促,不算回答", "a sound of listening or of hurry is no answer")
    if re.fullmatch(r"[嗯唔呃额啊哦噢喔哎]+", plain):
        return found(Said.SILENT, "只是应声", "a sound of listening")
    if question == "signer":
        for signer, pattern in tables.SIGNERS:
            if re.search(pattern, plain):
                return found(Said.NO, "说出了代签人", "names who signed", signer=signer)
    for answer, detail, why, pattern in tables.ANYWHERE:
        # who cannot hear because he is on the way asks for another time, not for another try
        if answer == "REPEAT" and question in ("convenient", "willing") and re.search(tables.BUSY, plain):
            continue
        if re.search(pattern, plain):
            return found(Said(answer), f"听到:{_zh(answer, detail)}", why, detail)
    if question in _FINDING_THE_PERSON:
        for answer, detail, why, pattern in tables.BEFORE_ITEMS:
            if re.search(pattern, plain):
                return found(Said(answer), f"听到:{_zh(answer, detail)}", why, detail)
    nothing_else = question == "anything_else" and _made_of(plain, tables.NOTHING_ELSE, tables.BESIDE_NOTHING_ELSE)
    if re.search(tables.REFUSE, plain) and not (nothing_else or _is_yes(plain, question)):
        informed = "INFORMED" if re.search(tables.INFORMED, plain) else None
        return found(Said.REFUSE, "不愿意继续", "does not want to go on", informed)
    if question in _FINDING_THE_PERSON and re.search(tables.THIRD_PARTY, plain):
        return found(Said.THIRD_PARTY, "不是本人", "somebody else speaks")
    if question in _FINDING_THE_PERSON and re.search(tables.WHO_ASKS, plain) and not _is_yes(plain, question):
        return found(Said.QUESTION, "询问来电者或来意", "asks who is calling and why")
    if question != "time" and re.search(tables.BUSY, plain) and not _is_yes(plain, question):
        return found(Said.BUSY, "现在不方便", "not a good moment")
    if question == "anything_else":
        return _read_anything_else(plain, found)
    if (
        question == "purchase"
        and not _is_yes(plain, question)
        and re.search(
            r"(以为|当(成|作)|不就是|不是|就是|是)(银行)?(的)?(存|理财|定期|储蓄|利息|送)|存(钱|款)|理财|定期|储蓄",
            plain,
        )
    ):
        return found(Said.NO, "以为是存款或理财", "takes it for a deposit or a savings product")
    if (
        question == "purchase"
        and not re.search(tables.FORGOT, plain)
        and re.search(
            r"(没|未|从来没|从没|没有)(有)?(在(你|他)们?那?(里|儿)?)?(买|办|投|签)(过|了|保)?|(啥|什么|哪|几)时(候)?(买|办|投)(过|了)|不是我(买|办|投)|哪(里|儿)?(买|有|来)(过|的)?(什么)?保险|谁买(了|的)",
            plain,
        )
    ):
        return found(Said.OBJECT, "否认购买", "says that he bought nothing", "DENIES")
    if question == "signature" and re.search(r"(别人|人家|家里人|其他人|他人)(代|帮|替|给)", plain):
        return found(Said.NO, "别人代签或代抄", "somebody else signed or copied", signer="UNKNOWN")
    if question == "signature" and not _is_yes(plain, question):
        for signer, pattern in tables.SIGNERS[:2]:
            if re.search(
                rf"({pattern})([^我]{{0,3}}(代|帮|替|给).{{0,4}}|[^我]{{0,4}})(签|抄|写|录|操作|弄|办|勾|笔)", plain
            ):
                return found(Said.NO, "别人代签或代抄", "somebody else signed or copied", signer=signer)
    if question == "documents" and re.search(
        r"(没有?|未)(给|收到|拿|拿到|发|寄|见|见到|见过|看(到|见)过?)?(过)?(我)?(过)?(什么|任何)?(的)?(保险)?(条款|说明书|资料|文件|东西|合同条款)|(条款|说明书|资料).{0,4}(没有?(给|收到|拿到|见))",
        plain,
    ):
        return found(Said.NO, "没有拿到条款", "was never given the clauses", "CLAUSES_NOT_SUPPLIED")
    if _NOW_CLEAR.search(_plain_now(plain)) and not re.search(
        tables.NEGATIONS + "|" + tables.HEDGES, _plain_now(plain)
    ):
        return found(Said.YES, "说明后现在清楚", "is clear now")
    return _read_definite(plain, clauses, question, found)


def _read_definite(plain: str, clauses: tuple[str, ...], question: str, found) -> Understood:
    if re.search(tables.RHETORIC, plain):
        return found(Said.NO, "反问表示不知道", "a rhetorical question that means no")
    if _is_yes(plain, question):
        return found(Said.YES, "整句都是明确的肯定", "the whole utterance is a definite yes")
    if re.fullmatch(r"(不是)+[的啊呀]?", plain):
        return found(Said.NO, "明确的否定", "a definite no")
    if re.search(tables.OTHERS_KNOW, plain):
        return found(Said.UNSURE, "说的是别人,不是本人", "speaks of what others know")
    if re.search(r"(让|叫|教)我(说|讲|答|回答|按)", plain):
        return found(Said.UNSURE, "转述别人教的话", "says what he was told to say")
    if (
        clauses
        and len(clauses) > 1
        and re.search(r"(不懂|不知道|不明白|不清楚|不了解|不晓得)(的|啊|呀)?$", clauses[-1])
    ):
        return found(Said.NO, "最后说的是不清楚", "ends with a definite no")
    if re.search(tables.HEDGES, plain) and not re.search(r"(咋办|怎么办)$", plain):
        return found(Said.UNSURE, "说法不确定", "a hedge is no definite answer")
    negated = re.search(tables.NEGATIONS, plain)
    asks = re.search(tables.QUESTIONS, plain) and not re.search(r"(还没|没有?|没).{1,6}呢$", plain)
    if asks and (
        not negated
        or re.search(
            r"(吗|么|呢)$|咋办$|怎么办$|(?P<y>[一-鿿])不(?P=y)|为什么|什么意思|是不是|有没有|能不能|会不会|可不可以|行不行|能否",
            plain,
        )
    ):
        return found(Said.QUESTION, "反过来提问", "asks back")
    if negated:
        if re.search(r"(没|没有|不是|并非).{0,4}(不|没).{0,3}(清楚|知道|明白|懂|了解|签|收)", plain):
            return found(Said.NOT_UNDERSTOOD, "双重否定,再确认", "a double negation is asked again")
        return found(Said.NO, "有否定的说法", "contains a negation")
    if question == "person" and re.search(r"^(喂|你好|您好)+$", plain):
        return found(Said.NOT_UNDERSTOOD, "只是招呼", "a greeting only")
    if _whole(tables.LISTENING).fullmatch(plain):
        return found(Said.SILENT, "只是应声", "a sound of listening")
    if found(Said.UNSURE, "说的是销售人员的话", "tells what the seller said").seller_statement:
        return found(Said.UNSURE, "说的是销售人员的话", "tells what the seller said")
    return found(Said.NOT_UNDERSTOOD, "听不出明确的回答", "no definite answer in it")


def _read_anything_else(plain: str, found) -> Understood:
    if _made_of(plain, tables.NOTHING_ELSE, tables.BESIDE_NOTHING_ELSE):
        return found(Said.NO, "没有其他疑问", "nothing else to ask")
    if re.fullmatch(
        r"(嗯|我)?(有|有的|有问题|有疑问|有个问题|有一个问题|我想问(一)?下?|想问(一)?下?|问(一)?下|是的|对)(的|啊|吧)?",
        plain,
    ):
        return found(Said.QUESTION, "还有疑问", "has a question")
    if re.search(tables.QUESTIONS, plain) or re.search(tables.NEGATIONS, plain):
        return found(Said.QUESTION, "提出了疑问", "asks something")
    return found(Said.NOT_UNDERSTOOD, "听不出是否还有疑问", "neither a question nor none")


def _is_yes(plain: str, question: str) -> bool:
    core = tables.YES_CORE.get(question)
    if core is None or re.search(f"{tables.AS_YOU_SAY}|{tables.SELLERS_KNOW}", plain):
        return False
    harmless = "|".join(filter(None, (tables.MATTERS, tables.FILLERS, tables.YES_ALSO_FILLERS.get(question))))
    return _made_of(plain, core, harmless)


def _made_of(plain: str, core: str, harmless: str) -> bool:
    """Whether the whole text is a row of pieces that match `core` or `harmless`, at least one of them `core`.

    Position by position instead of one starred pattern: its overlapping alternatives would backtrack for ever on a
    long babble.
    """
    core_piece, harmless_piece = _whole(core), _whole(harmless)
    if len(plain) > LONGEST_YES or not core_piece.search(plain):
        return False
    reached = {0: False}  # position → whether a core piece lies before it
    for start in range(len(plain)):
        if start not in reached:
            continue
        for end in range(start + 1, min(start + LONGEST_PIECE, len(plain)) + 1):
            if reached.get(end):
                continue
            if core_piece.fullmatch(plain, start, end):
                reached[end] = True
            elif harmless_piece.fullmatch(plain, start, end):
                reached[end] = reached.get(end) or reached[start]
    return bool(reached.get(len(plain)))


@cache
def _whole(pattern: str) -> re.Pattern:
    return re.compile(pattern)


def _plain(text: str, names: tuple[str, ...]) -> str:
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = text.replace(name, "本人")
    return _NOISE.sub("", text[:LONGEST_HEARD].replace("？", "?").translate(_FOLD))


def _plain_now(plain: str) -> str:
    return _EARLIER.sub("", plain)


_FOLD = str.maketrans("妳係", "你是")


def _seller_statement(plain: str) -> str | None:
    return next((kind for kind, pattern in tables.SELLER_STATEMENTS if re.search(pattern, plain)), None)


def _say(answer: Said, confidence: float | None, zh: str, en: str) -> Understood:
    return Understood(answer, Step("C10", zh, en), confidence)


_ZH = {
    "REPEAT": "要求重复",
    "OPERATOR": "要求人工",
    "LANGUAGE": "听不懂普通话",
    "HEARING": "听力困难",
    "AGE": "年龄原因难以沟通",
    "COMPLAINT": "要投诉",
    "ALREADY_SURRENDERED": "已经退保",
    "WANTS_SURRENDER": "想退保",
    "DECEASED": "本人已故",
    "NO_SUCH_PERSON": "号码有误,没有此人",
}


def _zh(answer: str, detail: str | None) -> str:
    return _ZH[detail or answer]
