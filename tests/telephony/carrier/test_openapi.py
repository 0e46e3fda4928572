"""Every answer of the REST surface against Twilio's own description of it (HUIFANG_TWILIO_OPENAPI names the file).

The description asks for no key and forbids none, so that every documented key is there is checked beside it; it describes
no errors, and three of its own examples fail it, which is listed in DEFECTS.
"""

import json
import os
import re
from email.utils import parsedate_to_datetime
from pathlib import Path

import jsonschema
import pytest

from telephony.carrier.app import ROUTES

FILE = os.environ.get("HUIFANG_TWILIO_OPENAPI")
# (schema's name, key): what Twilio's own examples have there and its schema does not permit
DEFECTS = {
    ("api.v2010.account.call.call_recording", "price"),
    ("api.v2010.account.conference", "reason_conference_ended"),
    ("api.v2010.account.notification", "request_method"),
    ("api.v2010.account.call.call_notification", "request_method"),
    ("api.v2010.account.notification-instance", "request_method"),
    ("api.v2010.account.call.call_notification-instance", "request_method"),
}
ROOM = (
    '<Response><Say>您好。</Say><Dial record="record-from-answer"><Conference record="record-from-start">case</Conference>'
    "</Dial></Response>"
)


class Description:
    def __init__(self, file: Path):
        self.whole = json.loads(file.read_text("utf-8"))
        self.paths = {
            re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))): operations
            for path, operations in self.whole["paths"].items()
        }

    def schema_of(self, method: str, path: str, status: int) -> dict | None:
        """The schema of that answer's body; None for an answer without one. KeyError where there is no such operation."""
        operations = next(o for pattern, o in self.paths.items() if pattern.fullmatch(path))
        content = operations[method.lower()]["responses"][str(status)].get("content", {})
        return content["application/json"]["schema"] if content else None

    def plain(self, schema: dict, name: str = "") -> dict:
        """As JSON Schema: references put in, `nullable` as a type more, without what is defective."""
        if reference := schema.get("$ref"):
            name = reference.rpartition("/")[2]
            return self.plain(self.whole["components"]["schemas"][name], name)
        made = {
            key: value for key, value in schema.items() if key in ("type", "enum", "pattern", "minLength", "maxLength")
        }
        if "properties" in schema:
            made["properties"] = {
                key: {} if (name, key) in DEFECTS else self.plain(value) for key, value in schema["properties"].items()
            }
        if "items" in schema:
            made["items"] = self.plain(schema["items"])
        if schema.get("nullable"):
            made = {"anyOf": [made, {"type": "null"}]}
        return made

    def keys(self, schema: dict) -> set[str]:
        if reference := schema.get("$ref"):
            return self.keys(self.whole["components"]["schemas"][reference.rpartition("/")[2]])
        return set(schema.get("properties", ()))

    def part(self, schema: dict, key: str) -> dict:
        if reference := schema.get("$ref"):
            return self.part(self.whole["components"]["schemas"][reference.rpartition("/")[2]], key)
        return schema["properties"][key]


def problems(description: Description, answer) -> list[str]:
    method, path = answer.request.method, answer.request.url.path
    schema = description.schema_of(method, path, answer.status_code)
    if schema is None:
        return [] if answer.content == b"" else ["a body where there is none"]
    body = answer.json()
    found = [
        f"{method} {path}: {'/'.join(map(str, error.path))}: {error.message[:160]}"
        for error in jsonschema.Draft202012Validator(description.plain(schema)).iter_errors(body)
    ]
    things, of = [body], schema
    for key, value in body.items():
        if isinstance(value, list):
            things, of = value, description.part(schema, key)["items"]
    for thing in things:
        # metadata that only the newest pages know of is no part of the description
        if missing := description.keys(of) - set(thing) - {"next_page_uri", "previous_page_uri"}:
            found.append(f"{method} {path}: {sorted(missing)} missing")
        for key, value in thing.items():
            if key.startswith("date_") and value is not None:
                parsedate_to_datetime(value)
    return found


async def tour(carrier) -> list:
    """Every operation that the carrier offers, once at least. Returns the answers."""
    answers = []

    async def hooked(response) -> None:
        await response.aread()
        if response.status_code < 300 and response.request.url.path.endswith(".json"):
            answers.append(response)

    carrier.http.event_hooks["response"].append(hooked)
    http, root = carrier.http, carrier.root
    room = {"Twiml": ROOM, "Record": "true"}
    first, second = await carrier.place(**room), await carrier.place(To="sip:agent@desk.example", Twiml=ROOM)
    exchange = carrier.exchange
    for _ in range(600):
        rooms = [r for r in exchange.conferences.by_sid.values() if r.open]
        if rooms:
            break
        await exchange.advance(0.5)
    [meeting] = rooms

    async def get(path: str, **query):
        answer = await http.get(root + path, params=query)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    async def post(path: str, **form):
        answer = await http.post(root + path, data=form)
        assert answer.status_code in (200, 201), (path, answer.text)
        return answer.json()

    await http.get("/2010-04-01/Accounts.json")
    await http.get(root + ".json")
    at = f"/Conferences/{meeting.sid}"
    for path in ("/Calls", f"/Calls/{first}", "/Conferences", at, f"{at}/Participants", f"{at}/Participants/{first}"):
        await get(path + ".json")
    third = await post(f"{at}/Participants.json", From="+15005550006", To="+8618800000006", Label="third")
    await post(f"{at}/Participants/{second}.json", Hold="true")
    recorded = await post(f"/Calls/{first}/Recordings.json")
    one = f"/Calls/{first}/Recordings/{recorded['sid']}"
    await get(one + ".json")
    await exchange.advance(20)
    await post(one + ".json", Status="paused")
    of_room = (await get(f"{at}/Recordings.json"))["recordings"][0]["sid"]
    await get(f"{at}/Recordings/{of_room}.json")
    await post(f"{at}/Recordings/{of_room}.json", Status="paused", PauseBehavior="skip")
    await post(f"/Calls/{first}.json", TimeLimit="4000")
    assert (await http.delete(f"{root}{at}/Participants/third.json")).status_code == 204
    await post(f"{at}.json", Status="completed")
    await carrier.place(Twiml="<Response><Foobar/></Response>")
    await exchange.advance(60)
    for path in ("/Recordings", f"/Recordings/{recorded['sid']}", f"/Calls/{first}/Recordings", "/Notifications",
                 f"/Calls/{first}/Notifications", f"/Calls/{first}/Events", f"/Recordings/{of_room}/AddOnResults",
                 f"/Recordings/{of_room}/Transcriptions", f"/Calls/{third['call_sid']}"):  # fmt: skip
        await get(path + ".json")
    notice = (await get("/Notifications.json"))["notifications"][0]
    await get(f"/Notifications/{notice['sid']}.json")
    await get(f"/Calls/{notice['call_sid']}/Notifications/{notice['sid']}.json")
    for path in (one, f"{at}/Recordings/{of_room}", f"/Calls/{first}"):
        assert (await http.delete(f"{root}{path}.json")).status_code == 204, path
    kept = (await get("/Recordings.json"))["recordings"][0]["sid"]
    assert (await http.delete(f"{root}/Recordings/{kept}.json")).status_code == 204
    return answers


def untried(answers) -> set[tuple[str, str]]:
    """Operations of the REST surface that the tour left out; media are no JSON."""
    done = {(a.request.method, a.request.url.path.removesuffix(".json")) for a in answers}
    return {
        (method, route.path)
        for route in ROUTES
        if not route.path.endswith((".wav", ".mp3"))
        for method in route.methods - {"HEAD"}
        if not any(m == method and route.path_regex.match(path) for m, path in done)
    }


if FILE:

    @pytest.mark.parametrize("carrier", [{"speed": 0.0}], indirect=True)
    async def test_every_answer_agrees_with_the_description(carrier):
        answers = await tour(carrier)
        assert untried(answers) == set()
        description = Description(Path(FILE))
        assert [problem for answer in answers for problem in problems(description, answer)] == []

    def test_the_description_is_the_one_that_is_meant():
        description = Description(Path(FILE))
        schema = description.schema_of("GET", "/2010-04-01/Accounts/AC1/Calls/CA1.json", 200)
        right = {"status": "queued", "duration": "3", "sid": "CA" + "0" * 32}
        validator = jsonschema.Draft202012Validator(description.plain(schema))
        assert validator.is_valid(right)
        for wrong in ({"status": "initiated"}, {"duration": 3}, {"sid": "CA1"}):
            assert not validator.is_valid(right | wrong)


@pytest.mark.parametrize("carrier", [{"speed": 0.0}], indirect=True)
async def test_the_tour_goes_everywhere(carrier):
    assert untried(await tour(carrier)) == set()
