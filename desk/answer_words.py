"""What a step of the callback asks, and an answer to it, in words. Some codes mean another thing elsewhere."""

from collections.abc import Callable

from rules.words import word


def _(message: str) -> str:
    return message  # marks the sentence for the catalogue; it is translated when a page is made


STEPS = {
    "P0": _("Check before dialling"),
    "P1": _("Result of the dial"),
    "C1": _("Is it the policyholder?"),
    "C2": _("Introduction"),
    "C3": _("Convenient moment"),
    "T1": _("Somebody else on the line"),
    "T2": _("When to reach the policyholder"),
    "T3": _("Who is calling"),
    "T4": _("Wrong person"),
    "T5": _("Only the policyholder can answer"),
    "T6": _("Consent to a proxy"),
    "A1": _("Appointment"),
    "R1": _("Refusal"),
    "L1": _("Language or hearing"),
    "I1": _("Identity"),
    "M1": _("Bought this insurance"),
    "D1": _("Denies the purchase"),
    "D2": _("Says it was surrendered"),
    "M2.received": _("Contract received"),
    "M2.receipt_signed": _("Receipt signed in person"),
    "M2.receipt_date": _("Day of the receipt"),
    "M3": _("Signed in person"),
    "M4": _("Risk statement copied in person"),
    "M5": _("Clauses and brochure"),
    "M6.coverage": _("What is covered"),
    "M6.exclusions": _("What is not covered"),
    "M6.term": _("Term of the policy"),
    "M7": _("Premiums"),
    "M8": _("Cooling-off period"),
    "M9": _("Loss on surrender"),
    "N1": _("Dividends are not guaranteed"),
    "N2": _("The credited rate can change"),
    "N3": _("Charges"),
    "N4": _("Investment risk"),
    "N5": _("Waiting period and renewal"),
    "K1": _("Address and telephone"),
    "K2": _("How it was sold"),
    "K3": _("Open questions"),
    "Z1": _("Closing words"),
    "X": _("Cut off"),
}
ANSWERS = {
    "QUESTION": _("asks back"),
    "OPERATOR": _("asks for a person"),
    "THIRD_PARTY": _("somebody else answers"),
    "BUSY": _("not now"),
}
# How an answer was given
HOW = {
    "speech": _("spoken"),
    "keys": _("by key"),
    "agent": _("noted by the callback agent"),
    "letter": _("in a letter"),
    "visit": _("at a visit"),
    "form": _("on an electronic form"),
    "system": _("found out without asking"),
}
UNNAMED_STEP = _("Another step")


def step_words(step: str, gettext: Callable[[str], str]) -> str:
    """A step of which only a part is asked (`I1.birth_date`) has the words of the whole."""
    return gettext(STEPS.get(step) or STEPS.get(step.split(".")[0]) or UNNAMED_STEP)


def answer_words(answer: str, lang: str, gettext: Callable[[str], str]) -> str:
    return gettext(ANSWERS[answer]) if answer in ANSWERS else word(answer, lang)


def how_words(how: str, gettext: Callable[[str], str]) -> str:
    return gettext(HOW.get(how, how))
