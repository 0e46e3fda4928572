"""Is a callback really the carrier's? (twilio.com/docs/usage/security, vectors in the tests)"""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator


class Signatures:
    """Checks against each of `tokens` (two while one is rotated), over the address the carrier was told, since a proxy
    in front of the desk changes what the desk itself sees."""

    def __init__(self, tokens: Sequence[str], public_url: str):
        self._validators = [RequestValidator(t) for t in tokens]
        self._public = public_url

    def holds(self, path: str, query: str, form: bytes, signature: str | None) -> bool:
        """`path` and `query` as they stood in the request line, `form` the raw body of a POST (empty for GET)."""
        if not signature:
            return False
        values = read_form(form)
        if values is None:
            return False
        url = self._public + path + (f"?{query}" if query else "")
        try:
            return any(v.validate(url, _MultiDict(values), signature) for v in self._validators)
        except ValueError:  # what stands in the request line is no address
            return False


def read_form(form: bytes) -> dict[str, list[str]] | None:
    """The parameters of a form; None where it is none. Blank ones are signed too (CalledZip=), and a name may come twice."""
    values: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(form.decode(), keep_blank_values=True):
            values.setdefault(name, []).append(value)
    except ValueError:
        return None
    return values


class _MultiDict(dict):
    """What RequestValidator expects of a form with repeated names."""

    def getlist(self, name: str) -> list[str]:
        return self[name]
