"""Callbacks that the carrier signed hold; all others do not. Vectors: twilio-python's tests and Twilio's security page."""

import pytest
from twilio.request_validator import RequestValidator

from telephony.signatures import Signatures

PUBLIC = "https://mycompany.com"
FORM = b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"


def test_the_published_vector_holds():
    assert Signatures(["12345"], PUBLIC).holds("/myapp.php", "foo=1&bar=2", FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


@pytest.mark.parametrize(
    ("path", "query", "form", "signature"),
    [
        ("/myapp.php", "foo=1&bar=2", FORM, None),
        ("/myapp.php", "foo=1&bar=2", FORM, ""),
        ("/myapp.php", "foo=1&bar=2", FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B9="),
        ("/other.php", "foo=1&bar=2", FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("/myapp.php", "foo=1&bar=3", FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("/myapp.php", "foo=1&bar=2", FORM.replace(b"1234&", b"1235&"), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("/myapp.php", "foo=1&bar=2", b"\xff\xfe", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ],
)
def test_anything_else_does_not(path, query, form, signature):
    assert not Signatures(["12345"], PUBLIC).holds(path, query, form, signature)


def test_blank_repeated_and_chinese_parameters_are_signed_too():
    values = {"CalledZip": "", "SpeechResult": "清楚", "StatusCallbackEvent": ["a", "b"]}

    class Form(dict):
        def getlist(self, name):
            return self[name] if isinstance(self[name], list) else [self[name]]

    signature = RequestValidator("t").compute_signature(f"{PUBLIC}/x", Form(values))
    form = b"CalledZip=&SpeechResult=%E6%B8%85%E6%A5%9A&StatusCallbackEvent=b&StatusCallbackEvent=a"
    assert Signatures(["t"], PUBLIC).holds("/x", "", form, signature)
    assert not Signatures(["t"], PUBLIC).holds("/x", "", form.replace(b"CalledZip=&", b""), signature)


def test_two_tokens_are_accepted_while_one_is_rotated():
    signature = RequestValidator("old").compute_signature(f"{PUBLIC}/x", {})
    assert Signatures(["new", "old"], PUBLIC).holds("/x", "", b"", signature)
    assert not Signatures(["new"], PUBLIC).holds("/x", "", b"", signature)
