"""Where the proof of an item says that it was asked and answered, beside the sound that the carrier recorded."""

import io
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import numpy
import pytest
import soundfile

from rules.item_proofs import Asked, Row, Sound, item_proofs, timeline

ITEMS = {
    "M7": "请问您是否清楚每年需要交多少保费，一共要交多少年？",
    "M8": "请问您是否清楚，收到合同以后有一段犹豫期，其间可以全额退保？",
    "M9": "请问您是否清楚，犹豫期过后退保会有损失？",
}
LOUD = 200  # of 32768
LULL_MS = 1_000  # longer than any pause inside a sentence, shorter than the wait for an answer


def stretches(side: numpy.ndarray, rate: int) -> list[tuple[float, float]]:
    """Milliseconds from and to of what is heard on one side, in one piece where the pause is short."""
    loud = numpy.flatnonzero(numpy.abs(side.astype(int)) > LOUD) * 1000 / rate
    cuts = numpy.flatnonzero(numpy.diff(loud) > LULL_MS)
    return list(zip(loud[[0, *(cuts + 1)]], loud[[*cuts, -1]], strict=True))


@pytest.mark.parametrize("carrier", [{"speed": 4.0}], indirect=True)
async def test_questions_and_answers_lie_where_their_proofs_say(carrier, application):
    def now() -> datetime:
        return datetime.fromtimestamp(carrier.exchange.clock.now(), UTC)

    turns, answers, news, told = [], [], {}, {}

    async def voice(params) -> str:
        at = now()
        if turns:
            assert params["Digits"] == "1"
            answers.append(Row(turns[-1].said[-1][0], "YES", at, how="keys"))
        if len(turns) == len(ITEMS):
            return "<Response><Hangup/></Response>"
        step, words = list(ITEMS.items())[len(turns)]
        turns.append(Asked(at, ((step, f"{step}.ask"),), "PROVEN"))
        return (
            "<Response><Gather input='dtmf' numDigits='1' timeout='6' actionOnEmptyResult='true'"
            f" action='{application.url}/voice'><Say>{words}</Say></Gather></Response>"
        )

    async def status(params):
        news[params["CallStatus"]] = now()
        return (204, {}, "")

    async def recording(params):
        told.update(params)
        return (204, {}, "")

    application.answers |= {"/voice": voice, "/status": status, "/recording": recording}
    sid = await carrier.place(
        To="+8618800000008", Url=f"{application.url}/voice", Record="true", RecordingChannels="dual", Trim="do-not-trim",
        StatusCallback=f"{application.url}/status", StatusCallbackEvent="answered completed",
        RecordingStatusCallback=f"{application.url}/recording",
    )  # fmt: skip
    await carrier.ended(sid)
    await carrier.quiet()
    media = await carrier.http.get(told["RecordingUrl"] + ".wav", params={"RequestedChannels": 2})
    samples, rate = soundfile.read(io.BytesIO(media.content), dtype="int16")

    sound = Sound(told["RecordingSid"], parsedate_to_datetime(told["RecordingStartTime"]), len(samples) / rate)
    along = timeline(min(news["in-progress"], turns[0].at), news["completed"], sound)
    proofs = item_proofs(answers, turns, None, script_id="s@1", script_digest=None, sound=sound, along=along)

    asked, answered = stretches(samples[:, 1], rate), stretches(samples[:, 0], rate)
    assert [proof.step for proof in proofs] == list(ITEMS)
    assert len(asked) == len(ITEMS)
    pressed = [[end for _, end in answered if begin < end <= proof.answer_ms + along.within_ms] for proof, (begin, _) in zip(proofs, asked, strict=True)]  # fmt: skip
    for proof, (first, last), keys in zip(proofs, asked, pressed, strict=True):
        assert abs(first - proof.question_ms) <= proof.within_ms
        # each is told from the others
        assert min(asked, key=lambda stretch: abs(stretch[0] - proof.question_ms)) == (first, last)
        assert proof.question_ms < proof.answer_ms
        assert last <= proof.answer_ms + proof.within_ms
        assert keys, "the key lies between the question and what its proof says"
