import asyncio
import hashlib
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from telephony.carrier.webhooks import Overrides, Webhooks, signature

CALL = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234"}
CALL |= {"From": "+14158675309", "To": "+18005551212"}
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("url", "params", "expected"),
    [
        ("https://mycompany.com/myapp.php?foo=1&bar=2", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:80/myapp.php?foo=1&bar=2", CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (
            "https://example.com/myapp.php?foo=1&bar=2",
            CALL | {"Caller": "+14158675310", "From": "+14158675310"},
            "L/OH5YylLD5NRKLltdqwSvS0BnU=",
        ),
    ],
)
def test_signature_of_published_vectors(url, params, expected):
    assert signature("12345", url, params) == expected


def test_signature_of_a_json_body_covers_the_url_alone():
    digest = hashlib.sha256(b'{"property": "value", "boolean": true}').hexdigest()
    url = f"https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256={digest}"
    assert signature("12345", url, {}) == "a9nBmqA0ju/hNViExpshrM61xv4="


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("", Overrides()),
        ("top", Overrides()),
        ("rc=2&rp=ct,rt", Overrides(retries=2, policy=frozenset({"ct", "rt"}))),
        ("rp=all", Overrides(policy=frozenset({"4xx", "5xx", "ct", "rt"}))),
        ("ct=1000&rt=500&tt=2000", Overrides(connect=1.0, read=0.5, total=2.0)),
        ("rc=9&ct=1&rt=99999", Overrides(connect=0.1, read=15.0, retries=5)),
        ("rc=many", Overrides()),
    ],
)
def test_overrides_in_the_fragment(fragment, expected):
    assert Overrides.of(fragment) == expected


@pytest.fixture
async def webhooks():
    webhooks = Webhooks(lambda: TOKEN)
    yield webhooks
    await webhooks.close()


@pytest.mark.parametrize(
    ("fragment", "answers", "attempts"),
    [
        ("", [(500, {}, "")], 1),
        ("#rc=3&rp=5xx", [(500, {}, ""), (500, {}, ""), (200, {}, "")], 3),
        ("#rc=2&rp=5xx", [(500, {}, "")], 3),
        ("#rc=2&rp=5xx", [(404, {}, "")], 1),
        ("#rc=2&rp=4xx", [(404, {}, "")], 3),
    ],
)
async def test_retries_as_the_policy_says(webhooks, application, fragment, answers, attempts):
    application.answers["/x"] = answers
    reply = await webhooks.send("POST", f"{application.url}/x{fragment}", {"CallSid": "CA1", "CalledZip": ""})
    seen = application.to("/x")
    assert (reply.attempts, len(seen)) == (attempts, attempts)
    assert all(request.signed for request in seen)
    assert len({request.headers["i-twilio-idempotency-token"] for request in seen}) == 1


async def test_a_refused_connection_is_tried_twice_by_default(webhooks):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    reply = await webhooks.send("POST", f"http://127.0.0.1:{port}/x", {})
    assert (reply.error, reply.attempts) == (11205, 2)


async def test_a_redirect_of_a_post_loses_what_was_posted(webhooks, application):
    application.answers["/from"] = (302, {"location": "/to"}, "")
    application.answers["/to"] = (200, {"content-type": "text/xml"}, "<Response/>")
    reply = await webhooks.send("POST", f"{application.url}/from", {"Digits": "1"})
    (landed,) = application.to("/to")
    assert (landed.method, landed.params, landed.signed) == ("GET", {}, True)
    assert reply.url == f"{application.url}/to"


async def test_an_eleventh_redirect_is_one_too_many(webhooks, application):
    application.answers["/loop"] = (302, {"location": "/loop"}, "")
    reply = await webhooks.send("GET", f"{application.url}/loop", {})
    assert (reply.error, len(application.to("/loop"))) == (11215, 11)


async def test_a_body_over_64_kb_is_refused(webhooks, application):
    application.answers["/big"] = (200, {"content-type": "text/xml"}, "x" * 70_000)
    assert (await webhooks.send("GET", f"{application.url}/big", {})).error == 11750


async def test_a_get_carries_its_parameters_in_the_signed_url(webhooks, application):
    await webhooks.send("GET", f"{application.url}/get?a=1", {"SpeechResult": "清楚的", "CalledZip": ""})
    (request,) = application.requests
    assert request.signed
    assert request.params == {"a": "1", "SpeechResult": "清楚的", "CalledZip": ""}


async def test_cookies_are_kept(webhooks, application):
    application.answers["/set"] = (200, {"set-cookie": "seen=1; Path=/"}, "")
    cookies = {}
    await webhooks.send("POST", f"{application.url}/set", {}, cookies)
    await webhooks.send("POST", f"{application.url}/set", {}, cookies)
    assert [request.headers.get("cookie") for request in application.requests] == [None, "seen=1"]


async def test_a_slow_answer_is_given_up_after_the_time_told(webhooks, application):
    async def slow(params):
        await asyncio.sleep(2)
        return (200, {}, "")

    application.answers["/slow"] = slow
    reply = await webhooks.send("POST", f"{application.url}/slow#rt=200", {})
    assert (reply.error, reply.attempts) == (11200, 1)
    assert reply.ms < 1500


async def test_what_is_not_ascii_in_a_url_is_escaped_and_signed_so(webhooks, application):
    reply = await webhooks.send("GET", f"{application.url}/x?name=张三 a%2Fb", {})
    (request,) = application.requests
    assert (request.signed, request.params) == (True, {"name": "张三 a/b"})
    assert reply.url == f"{application.url}/x?name=%E5%BC%A0%E4%B8%89%20a%2Fb"


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_further_authority_is_trusted_by_ssl_cert_file(webhooks, tmp_path, monkeypatch, trusted):
    certificate, key = self_signed(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        reply = await webhooks.send("GET", f"https://localhost:{server.sockets[0].getsockname()[1]}/x", {})
    assert (reply.status, reply.error) == ((204, None) if trusted else (None, 11220))


def self_signed(folder):
    """Certificate and key of an authority of the test's own, for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"
