"""Choices of an answer in the words of the question that is open."""

from collections.abc import Callable

from desk.answer_words import answer_words
from rules.conversation import Choice
from rules.words import word


def _(message: str) -> str:
    return message  # marks the sentence for the catalogue; it is translated when a page is made


# question of the script: what yes and no are called there
YES_AND_NO = {
    "person": (_("It is he himself"), _("It is somebody else")),
    "convenient": (_("Convenient"), _("Not now")),
    "clear": (_("Is clear"), _("Not clear")),
    "documents": (_("Is clear"), _("Not clear")),
    "understands": (_("Can follow"), _("Cannot follow")),
    "anything_else": (_("Has a question"), _("Nothing more")),
    "none_of_it": (_("Nothing of the kind"), _("There was something")),
}
DETAILS = {
    "NO_SUCH_PERSON": _("Wrong number"),
    "DECEASED": _("Has died"),
    "DENIES": _("Insists on never having bought"),
    "CLAUSES_NOT_SUPPLIED": _("Got no clauses"),
    "SLOT1": _("The first of the times"),
    "SLOT2": _("The second of the times"),
    "LANGUAGE": _("Cannot follow the language"),
    "HEARING": _("Hard of hearing"),
    "AGE": _("Too old to follow"),
    "COMPLAINT": _("Complains"),
    "WANTS_SURRENDER": _("Wants to surrender"),
    "ALREADY_SURRENDERED": _("Has surrendered already"),
}
ANSWERS = {
    "SILENT": _("Says nothing, or only “mm”"),
    "REPEAT": _("Say it again"),
    "BUSY": _("Busy: agree on a time"),
    "REFUSE": _("Refuses the callback"),
    "THIRD_PARTY": _("Somebody else speaks"),
    "QUESTION": _("Asks back"),
    "UNSURE": _("Not sure"),
}
# what the agent heard on the line where no code tells it
LINES = ("POWERED_OFF", "SUSPENDED", "SWITCHBOARD", "INVALID_NUMBER", "MACHINE")


def choice_words(choice: Choice, question: str | None, lang: str, gettext: Callable[[str], str]) -> str:
    if choice.signer:
        return word(choice.signer, lang)
    if choice.detail:
        return gettext(DETAILS[choice.detail]) if choice.detail in DETAILS else word(choice.detail, lang)
    if choice.answer in ("YES", "NO") and question in YES_AND_NO:
        yes, no = YES_AND_NO[question]
        return gettext(yes if choice.answer == "YES" else no)
    if choice.answer in ANSWERS:
        return gettext(ANSWERS[choice.answer])
    return answer_words(choice.answer, lang, gettext)
