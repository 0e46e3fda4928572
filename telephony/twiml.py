"""What the conversation wants said and heard, as a TwiML document."""

import re
from collections.abc import Sequence

from twilio.twiml.voice_response import Gather, VoiceResponse

VOICE = "Polly.Zhiyu-Neural"
SAY_LANGUAGE = "cmn-CN"
GATHER_LANGUAGE = "cmn-Hans-CN"  # Say and Gather spell Mandarin differently
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
SAY_LIMIT = 4096


def ask(
    texts: Sequence[str],
    *,
    action: str,
    keys: bool,
    speech: bool,
    num_digits: int | None,
    timeout: int,
    hints: str = "",
    speech_timeout: str = "auto",
    finish_on_key: str | None = None,
) -> str:
    """Say `texts`, listen, and report to `action` even when nothing was heard."""
    gather = Gather(
        input=" ".join(name for name, wanted in (("dtmf", keys), ("speech", speech)) if wanted),
        action=action,
        method="POST",
        timeout=timeout,
        action_on_empty_result=True,
        language=GATHER_LANGUAGE,
        **({"num_digits": num_digits} if num_digits else {}),
        **({"finish_on_key": finish_on_key} if finish_on_key is not None else {}),
        **({"speech_timeout": speech_timeout} if speech else {}),
        **({"hints": hints} if hints and speech else {}),
    )
    for text in texts:
        gather.say(_clean(text), voice=VOICE, language=SAY_LANGUAGE)
    document = VoiceResponse()
    document.append(gather)
    # Reached only where a carrier does not honour actionOnEmptyResult: ask again rather than hang up.
    document.redirect(action, method="POST")
    return str(document)


def close(texts: Sequence[str]) -> str:
    """Say `texts` and hang up."""
    document = VoiceResponse()
    for text in texts:
        document.say(_clean(text), voice=VOICE, language=SAY_LANGUAGE)
    document.hangup()
    return str(document)


def _clean(text: str) -> str:
    return NOT_XML.sub("", text)[:SAY_LIMIT]
