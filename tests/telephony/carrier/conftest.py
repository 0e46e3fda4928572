"""A carrier served over loopback, and an application that it calls: both real servers on ports of their own."""

import asyncio
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import httpx
import pytest
from twilio.request_validator import RequestValidator

from telephony.carrier.app import create_app
from telephony.carrier.exchange import CarrierConfig
from tests.loopback import served

TOKEN = "0123456789abcdef0123456789abcdef"
ACCOUNT = "AC" + "0a" * 16


@dataclass
class Request:
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    signed: bool


@dataclass
class Application:
    """Answers each path with what `answers` holds: TwiML text, or (status, headers, text), or a list of such in turn."""

    url: str = ""
    answers: dict = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path, query = scope["path"], scope["query_string"].decode()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        posted = dict(parse_qsl(body.decode(), keep_blank_values=True))
        url = self.url + path + (f"?{query}" if query else "")
        # Twilio's own validator is the judge of what the carrier signs
        signed = RequestValidator(TOKEN).validate(url, posted, headers.get("x-twilio-signature", ""))
        params = posted | dict(parse_qsl(query, keep_blank_values=True))
        self.requests.append(Request(scope["method"], path, params, headers, signed))
        answer = self.answers.get(path, (204, {}, ""))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = await answer(params)
        status, more, text = answer if isinstance(answer, tuple) else (200, {"content-type": "text/xml"}, answer)
        start = {"type": "http.response.start", "status": status}
        await send(start | {"headers": [(name.encode(), value.encode()) for name, value in more.items()]})
        await send({"type": "http.response.body", "body": text.encode() if isinstance(text, str) else text})

    def to(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]


class Carrier:
    def __init__(self, url: str, exchange):
        self.url, self.exchange = url, exchange
        self.http = httpx.AsyncClient(base_url=url, auth=(ACCOUNT, TOKEN), trust_env=False, timeout=20)
        self.root = f"/2010-04-01/Accounts/{ACCOUNT}"

    async def create(self, **form) -> httpx.Response:
        form = {"To": "+8618800000000", "From": "+15005550006"} | form
        return await self.http.post(f"{self.root}/Calls.json", data=form)

    async def place(self, **form) -> str:
        answer = await self.create(**form)
        assert answer.status_code == 201, answer.text
        return answer.json()["sid"]

    async def get(self, path: str, **query) -> dict:
        answer = await self.http.get(self.root + path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ended(self, sid: str) -> dict:
        await asyncio.wait_for(self.exchange.calls[sid].over.wait(), 20)
        return await self.get(f"/Calls/{sid}.json")

    async def log(self, **query) -> list[dict]:
        return (await self.http.get("/control/log", params=query)).json()["events"]

    async def quiet(self) -> None:
        """Until nothing of any call is under way any more, callbacks and processing of recordings included."""
        for _ in range(2000):
            if not self.exchange._tasks:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the carrier did not come to rest")

    async def put(self, path: str, body) -> httpx.Response:
        return await self.http.put("/control" + path, content=json.dumps(body))


@pytest.fixture
async def carrier(tmp_path, request):
    """Options through `@pytest.mark.parametrize("carrier", [{...}], indirect=True)`; speed 100 unless told."""
    options = {"speed": 100.0, "seed": 7, "state": tmp_path} | getattr(request, "param", {})
    app = create_app(CarrierConfig(account_sid=ACCOUNT, auth_token=TOKEN, **options))
    async with served(app) as url:
        carrier = Carrier(url, app.app.state.exchange)
        yield carrier
        await carrier.http.aclose()


@pytest.fixture
async def application():
    application = Application()
    async with served(application) as url:
        application.url = url
        yield application
