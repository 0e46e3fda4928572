"""Time stamps of a time-stamp authority (RFC 3161) over the ledger's checkpoints, and their renewal: a new stamp over the
newest checkpoint and over every stamp that none covers yet, before their keys or digests grow weak (as RFC 4998 does).

What is stamped is kept as text beside the authority's answer, so that `openssl ts -verify` needs nothing else.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from settings import Settings
from storage.checkpoints import Checkpoint
from storage.db import rows

ALGORITHM = "SHA512"


class AuthorityAway(Exception):
    """The authority does not answer: try again later."""


class StampWrong(Exception):
    """Not a stamp by a trusted authority over this text."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """`stamped`: the text; `token`: the authority's answer, as it came."""

    id: int
    checkpoint_id: int
    at: datetime
    authority: str
    stamped: str
    token: bytes

    @property
    def renews(self) -> bool:
        """Whether it is over earlier stamps too."""
        return "\nstamp " in self.stamped


class Authority:
    """One authority by its address, and the certificates (root first) that its answers must lead to."""

    def __init__(self, url: str, certificates: Sequence[x509.Certificate]):
        self.url, self._certificates = url, tuple(certificates)

    def stamp(self, text: str) -> bytes:
        """The authority's answer over `text`, verified. Blocks up to half a minute. Raises AuthorityAway, StampWrong."""
        asked = TimestampRequestBuilder(text.encode(), HashAlgorithm.SHA512).build()
        try:
            answer = httpx.post(
                self.url,
                content=asked.as_bytes(),
                headers={"Content-Type": "application/timestamp-query"},
                timeout=30,
                trust_env=False,
            )
            answer.raise_for_status()
        except httpx.HTTPError as e:
            raise AuthorityAway(f"{self.url}: {type(e).__name__}") from e
        self._verify(answer.content, text, asked.nonce)
        return answer.content

    def time_of(self, token: bytes, text: str) -> datetime:
        """When the authority saw `text`. Raises StampWrong."""
        return self._verify(token, text)

    def _verify(self, token: bytes, text: str, nonce: int | None = None) -> datetime:
        try:
            found = decode_timestamp_response(token)
            VerifierBuilder(roots=list(self._certificates), nonce=nonce).build().verify_message(found, text.encode())
            return found.tst_info.gen_time
        except (ValueError, VerificationError) as e:
            raise StampWrong(str(e)) from e


def read_certificates(file: Path) -> list[x509.Certificate]:
    """The certificates of a PEM file. Raises StampWrong."""
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as e:
        raise StampWrong(f"the authority's certificates cannot be read: {file}") from e


def authority_of(settings: Settings) -> Authority | None:
    """None where none is set. Raises StampWrong where its certificates are not."""
    if not settings.ledger_tsa_url:
        return None
    if settings.ledger_tsa_certificates is None:
        raise StampWrong("HUIFANG_LEDGER_TSA_CERTIFICATES is not set")
    return Authority(settings.ledger_tsa_url, read_certificates(settings.ledger_tsa_certificates))


# ---------------------------------------------------------------- kept

COLUMNS = "id, checkpoint_id, at, authority, stamped, token"


async def of_checkpoint(connection: AsyncConnection, checkpoint_id: int) -> list[Stamp]:
    found = await rows(
        connection, f"SELECT {COLUMNS} FROM ledger_timestamps WHERE checkpoint_id = :id ORDER BY id", id=checkpoint_id
    )
    return [_stamp(row) for row in found]


async def uncovered(connection: AsyncConnection) -> list[Stamp]:
    """The newest renewal and every stamp after it; all of them where there was none yet."""
    found = await rows(
        connection,
        f"""SELECT {COLUMNS} FROM ledger_timestamps WHERE id >= coalesce(
              (SELECT max(id) FROM ledger_timestamps WHERE strpos(stamped, E'\\nstamp ') > 0), 0) ORDER BY id""",
    )
    return [_stamp(row) for row in found]


async def keep(
    connection: AsyncConnection, checkpoint: Checkpoint, authority: str, stamped: str, token: bytes, now: datetime
) -> Stamp:
    [row] = await rows(
        connection,
        f"""INSERT INTO ledger_timestamps (checkpoint_id, at, authority, algorithm, stamped, token)
            VALUES (:checkpoint, :now, :authority, :algorithm, :stamped, :token) RETURNING {COLUMNS}""",
        checkpoint=checkpoint.id,
        now=now,
        authority=authority,
        algorithm=ALGORITHM,
        stamped=stamped,
        token=token,
    )
    return _stamp(row)


def _stamp(row: dict) -> Stamp:
    return Stamp(**row | {"token": bytes(row["token"])})


def renewal_text(checkpoint: Checkpoint, before: Sequence[Stamp]) -> str:
    """What a renewal stamps: the checkpoint, and of each earlier stamp the digests of its text and of the answer."""
    lines = (
        f"stamp {one.id} sha512:{hashlib.sha512(one.token).hexdigest()}"
        f" text sha512:{hashlib.sha512(one.stamped.encode()).hexdigest()}\n"
        for one in before
    )
    return f"{checkpoint.note}\n{''.join(lines)}"
