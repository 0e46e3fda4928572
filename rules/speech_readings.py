"""Which answer a pattern tells, row by row: in each table the first row that fits decides. None of them is a yes."""

import re
from dataclasses import dataclass

from rules import speech_tables as tables
from rules.answers import Said

_FINDING_THE_PERSON = ("person", "convenient", "time", "willing")
_MAY_WE_GO_ON = ("convenient", "willing")
_ANY_BUT_SMALL_TALK = (
    "confirm", "clear", "purchase", "signature", "signer", "documents", "time", "day", "birth_date", "id_last4",
    "district", "none_of_it", "anything_else", "what",
)  # fmt: skip
_ANY_BUT_A_TIME = ("person", *_MAY_WE_GO_ON, *(question for question in _ANY_BUT_SMALL_TALK if question != "time"))


@dataclass(frozen=True, slots=True)
class Reading:
    """`at`: the questions it is for, () for all. `unless`: what else may not be said."""

    answer: Said
    zh: str
    en: str
    pattern: str = ""
    at: tuple[str, ...] = ()
    unless: str | None = None
    detail: str | None = None
    signer: str | None = None

    def fits(self, plain: str, question: str) -> bool:
        if self.at and question not in self.at:
            return False
        return bool(re.search(self.pattern, plain)) and not (self.unless and re.search(self.unless, plain))


def first(rows: tuple[Reading, ...], plain: str, question: str = "") -> Reading | None:
    return next((row for row in rows if row.fits(plain, question)), None)


def _signed_by(signer: str, who: str) -> Reading:
    pattern = rf"({who})([^我]{{0,3}}(代|帮|替|给).{{0,4}}|[^我]{{0,4}})(签|抄|写|录|操作|弄|办|勾|笔)"
    return Reading(
        Said.NO, "别人代签或代抄", "somebody else signed or copied", pattern, ("signature",), None, None, signer
    )


NO_DEFINITE_ANSWER = Reading(Said.NOT_UNDERSTOOD, "听不出明确的回答", "no definite answer in it")
SELLER_S_WORDS = Reading(Said.UNSURE, "说的是销售人员的话", "tells what the seller said")
NOTHING_ELSE = Reading(Said.NO, "没有其他疑问", "nothing else to ask")
NEITHER = Reading(Said.NOT_UNDERSTOOD, "听不出是否还有疑问", "neither a question nor none")
FIRST_IS_NO = Reading(Said.NO, "先说的是不清楚", "begins with a definite no")
LAST_IS_NO = Reading(Said.NO, "最后说的是不清楚", "ends with a definite no")
DEFINITE_YES = Reading(Said.YES, "整句都是明确的肯定", "the whole utterance is a definite yes")
NOW_CLEAR = Reading(Said.YES, "说明后现在清楚", "is clear now")

# The last clause tells it, whatever was said before
# that he knows it after all, or half
OF_KNOWING = r"清楚|知道|懂|明白|了解|晓得|记得|好像|可能|应该"
BEGINS_WITH_NO = r"^我?(真|都|也|是|完全|根本|可)*(不懂|不知道|不明白|不清楚|不了解|不晓得)(的|啊|呀)?$"
ENDS_WITH_NO = r"(?<!有的)(?<!有些)(不懂|不知道|不明白|不清楚|不了解|不晓得)(的|啊|呀)?$"

# Said whatever the question, and more important than its answer
ANYWHERE = (
    Reading(
        Said.SILENT, "只是应声或催促,不算回答", "a sound of listening or of hurry is no answer",
        f"^{tables.LISTENING}$", _ANY_BUT_SMALL_TALK,
    ),
    Reading(Said.SILENT, "只是应声", "a sound of listening", r"^[嗯唔呃额啊哦噢喔哎]+$"),
    *(
        Reading(Said.NO, "说出了代签人", "names who signed", pattern, ("signer",), None, None, signer)
        for signer, pattern in tables.SIGNERS
    ),
    Reading(Said.NO, "听到:听力困难", "hard of hearing", tables.HARD_OF_HEARING, detail="HEARING"),
    Reading(Said.NO, "听到:听不懂普通话", "cannot follow Mandarin", tables.NO_MANDARIN, detail="LANGUAGE"),
    Reading(Said.NO, "听到:年龄原因难以沟通", "too old for this call", tables.TOO_OLD, detail="AGE"),
    # who cannot hear because he is on the way asks for another time, not for another try
    Reading(Said.REPEAT, "听到:要求重复", "wants to hear it again", tables.AGAIN, _MAY_WE_GO_ON, tables.BUSY),
    Reading(
        Said.REPEAT, "听到:要求重复", "wants to hear it again", tables.AGAIN,
        ("person", *_ANY_BUT_SMALL_TALK),
    ),
    Reading(Said.OPERATOR, "听到:要求人工", "wants a person", tables.A_PERSON_PLEASE),
    Reading(Said.OBJECT, "听到:要投诉", "complains", tables.COMPLAINT, detail="COMPLAINT"),
    Reading(
        Said.OBJECT, "听到:已经退保", "has left the contract", tables.HAS_SURRENDERED, detail="ALREADY_SURRENDERED"
    ),
    Reading(
        Said.OBJECT, "听到:想退保", "wants to leave the contract", tables.WANTS_TO_SURRENDER,
        unless=tables.SUPPOSING, detail="WANTS_SURRENDER",
    ),
    Reading(Said.NO, "听到:本人已故", "the person has died", tables.DECEASED, _FINDING_THE_PERSON, None, "DECEASED"),
    Reading(
        Said.NO, "听到:号码有误,没有此人", "wrong number", tables.WRONG_NUMBER, _FINDING_THE_PERSON, None,
        "NO_SUCH_PERSON",
    ),
)  # fmt: skip

# "跟我说就行" is no yes of the person
SOMEBODY_ELSE = Reading(Said.THIRD_PARTY, "不是本人", "somebody else speaks", tables.THIRD_PARTY, _FINDING_THE_PERSON)

ANOTHER_LANGUAGE = (
    Reading(Said.NO, "听到:听不懂普通话", "cannot follow Mandarin", tables.REGION_S_OWN_WORDS, detail="LANGUAGE"),
)

# Turns away from the question instead of answering it
INSTEAD_OF_AN_ANSWER = (
    Reading(
        Said.REFUSE, "不愿意继续", "does not want to go on", tables.NO_NEED_AS_INFORMED, _MAY_WE_GO_ON,
        detail="INFORMED",
    ),
    Reading(Said.QUESTION, "反过来提问", "asks back", tables.WHAT_IF_I_REFUSE, _MAY_WE_GO_ON),
    Reading(Said.BUSY, "现在不方便", "not a good moment", tables.NOT_NOW, _ANY_BUT_A_TIME, tables.NEVER_AGAIN),
    Reading(
        Said.REFUSE, "不愿意继续", "does not want to go on", f"(?=.*({tables.INFORMED}))(?=.*({tables.REFUSE}))",
        detail="INFORMED",
    ),
    Reading(Said.REFUSE, "不愿意继续", "does not want to go on", tables.REFUSE),
    SOMEBODY_ELSE,
    Reading(Said.QUESTION, "询问来电者或来意", "asks who is calling and why", tables.WHO_ASKS, _FINDING_THE_PERSON),
    Reading(
        Said.BUSY, "现在不方便", "not a good moment", tables.BUSY, _ANY_BUT_A_TIME, tables.NO_TIME_OF_HIS,
    ),
    Reading(
        Said.NO, "以为是存款或理财", "takes it for a deposit or a savings product", tables.TAKEN_FOR_A_DEPOSIT,
        ("purchase",),
    ),
    Reading(
        Said.OBJECT, "否认购买", "says that he bought nothing", tables.DENIES, ("purchase",), tables.FORGOT, "DENIES"
    ),
    Reading(
        Said.NO, "别人代签或代抄", "somebody else signed or copied", r"(别人|人家|家里人|其他人|他人)(代|帮|替|给)",
        ("signature",), r"没(有)?(让|叫|找|请|要)(别人|人|人家|他人)", None, "UNKNOWN",
    ),
    *(_signed_by(signer, who) for signer, who in tables.SIGNERS[:2]),
    Reading(
        Said.NO, "没有拿到条款", "was never given the clauses", tables.CLAUSES_NOT_SUPPLIED, ("documents",), None,
        "CLAUSES_NOT_SUPPLIED",
    ),
)  # fmt: skip

ANYTHING_ELSE = (
    Reading(
        Said.UNSURE, "说法不确定", "a hedge is no definite answer",
        r"(想不起|不确定|不好说|说不好|没想好|还没想|不知道有没有|再想想|不一定)",
    ),
    Reading(
        Said.QUESTION, "还有疑问", "has a question",
        r"^(嗯|我)?(有|有的|有问题|有疑问|有个问题|有一个问题|我想问(一)?下?|想问(一)?下?|问(一)?下|是的|对)(的|啊|吧)?$",
    ),
    Reading(Said.QUESTION, "提出了疑问", "asks something", f"{tables.QUESTIONS}|{tables.NEGATIONS}"),
    Reading(Said.QUESTION, "还有疑问", "has a question", r"^(嗯|我)?(还)?(真)?(有(的|个|一个|几个|点|两个)|想(问|请教|咨询|了解))"),
)  # fmt: skip

# A yes is none where somebody else speaks through it, or knows it
NOT_ONE_S_OWN_KNOWLEDGE = (
    Reading(Said.NO, "反问表示不知道", "a rhetorical question that means no", tables.RHETORIC),
    Reading(Said.NO, "明确的否定", "a definite no", r"^(不是)+[的啊呀]?$"),
    Reading(Said.UNSURE, "说的是别人,不是本人", "speaks of what others know", tables.OTHERS_KNOW, unless=tables.I_DO_NOT),
    Reading(Said.UNSURE, "转述别人教的话", "says what he was told to say", tables.TOLD_TO_SAY),
)  # fmt: skip

DOUBLE_NEGATION = Reading(
    Said.NOT_UNDERSTOOD,
    "双重否定,再确认",
    "a double negation is asked again",
    r"(没|没有|不是|并非|不存在|不能说)[^，]{0,4}(不|没)[^，]{0,3}(清楚|知道|明白|懂|了解|签|收)",
)
_ASKS_BACK = (Said.QUESTION, "反过来提问", "asks back")
DOUBTFUL = (
    # a plain question is one in spite of "usually" or "if" in it, unless he says that he does not know
    Reading(*_ASKS_BACK, tables.PLAIN_QUESTION, unless=f"{tables.FORGOT}|{tables.DOES_NOT_KNOW}"),
    Reading(Said.UNSURE, "说法不确定", "a hedge is no definite answer", tables.HEDGES),
    Reading(*_ASKS_BACK, tables.QUESTIONS, unless=f"{tables.NEGATIONS}|{tables.NOT_YET}"),
    Reading(*_ASKS_BACK, f"(?=.*({tables.QUESTIONS})).*({tables.QUESTION_DESPITE_NOT})", unless=tables.NOT_YET),
    DOUBLE_NEGATION,
    # "not convenient" asks for another time, "not willing" ends the call: neither is a plain no
    Reading(Said.BUSY, "现在不方便", "not a good moment", tables.NEGATIONS, ("convenient",)),
    Reading(Said.REFUSE, "不愿意继续", "does not want to go on", tables.NEGATIONS, ("willing",)),
    Reading(Said.NO, "有否定的说法", "contains a negation", tables.NEGATIONS),
)  # fmt: skip

# Nothing but a sound
SOUNDS = (
    Reading(Said.NOT_UNDERSTOOD, "只是招呼", "a greeting only", r"^(喂|你好|您好)+$", ("person",)),
    Reading(Said.SILENT, "只是应声", "a sound of listening", f"^{tables.LISTENING}$"),
)  # fmt: skip
