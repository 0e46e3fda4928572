"""A turn that failed on its way is said again, once; then the call is ended decently."""

import re

from desk.twilio_callbacks import APOLOGY
from settings import settings
from storage import db
from storage.archive import archive


def said(document: str) -> str:
    return re.sub(r"<[^>]+>", " ", re.sub(r"<Redirect.*</Redirect>", "", document)).strip()


def action(document: str) -> str:
    return re.search(r'<Gather[^>]* action="([^"]+)"', document).group(1).replace("&amp;", "&")


async def test_the_stored_turn_is_said_again_once(installation, working_calls, tmp_path):
    from desk.app import create_app

    await db.dispose()
    archive.cache_clear()
    calls = working_calls
    clock = calls.stopped_clock(tmp_path)
    await calls.take_contracts(tmp_path, 8, clock)
    line = calls.AgreeableLine()
    await calls.dial_round.fn(line, calls.Pace(1e6, clock), clock)
    carrier = calls.Carrier(create_app())
    at = f"{settings().public_url}/twilio"
    (first, sid), (second, other) = list(line.placed.items())[:2]

    async def post(address: str, **form: str) -> str:
        return await carrier.post(address, "any", CallSid=form.pop("sid", sid), **form)

    begun = await post(f"{at}/voice/{first}")
    # the answer to it was lost on the way to us: the same question, whose answer counts as an answer to that turn
    again = await post(f"{at}/fallback/{first}", ErrorUrl=action(begun).partition("#")[0], ErrorCode="11200")
    assert said(again) == said(begun)
    assert action(again) == action(begun).replace("#", "&again=1#")
    assert await post(f"{at}/fallback/{first}", ErrorUrl=action(begun).partition("#")[0], ErrorCode="11200") == again
    following = await post(action(again), Digits="1")
    assert said(following) not in (said(begun), APOLOGY)
    # the answer was taken, and what follows was lost on the way back: it is said now
    repeated = await post(f"{at}/fallback/{first}", ErrorUrl=action(begun).partition("#")[0], ErrorCode="11200")
    assert said(repeated) == said(following)

    # the action's address had moved: asked by GET, and nothing of what was posted is in it; that is no silence
    moved = await carrier.post(action(again), "any")
    assert (said(moved), action(moved)) == (said(following), action(following))

    # the same turn failed twice, or nobody knows which one did
    for failed in ({"ErrorUrl": action(again).partition("#")[0]}, {"ErrorUrl": ""}, {}):
        assert APOLOGY in await post(f"{at}/fallback/{first}", ErrorCode="11200", **failed)

    # not even the first word was said
    opened = await post(f"{at}/fallback/{second}", sid=other, ErrorUrl=f"{at}/voice/{second}", ErrorCode="11200")
    assert "again=1" in action(opened)
    async with db.transaction() as connection:
        [row] = await db.rows(connection, "SELECT turn, state FROM calls WHERE id = :id", id=second)
    assert row == {"turn": 1, "state": "ANSWERED"}
    await carrier.aclose()
    await db.dispose()
    archive.cache_clear()
