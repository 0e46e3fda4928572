"""The keys that sign the ledger's checkpoints and the seals of evidence packs: an Ed25519 and an ML-DSA-65 key together,
so that one of the two may be broken within the twenty years. With a new pair the old private keys are destroyed; the
old public ones stay, since what they signed must be verified for as long as it is kept.

The file, of mode 0600: `PRIVATE NAME BASE64`, once, 32 bytes of seed for each of the two, and `PUBLIC KEY` lines for the
pairs before. NAME is the ledger's origin (C2SP tlog-checkpoint) and stays the same.
"""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from storage.verify_pack import ED25519, ML_DSA_65, PublicKey, parse_key, write_note

_SEED = 32
# A schema-less URL without a port: what a note's key name and a checkpoint's origin may be.
_NAME = re.compile(r"[a-z0-9.-]+(/[A-Za-z0-9._-]+)*")


class LedgerKeysWrong(Exception):
    """No usable signing keys, and why."""


class LedgerKeys:
    """The pair that signs, and every public key that ever did."""

    def __init__(self, name: str, seeds: bytes, former: Sequence[PublicKey] = ()):
        if not _NAME.fullmatch(name):
            raise LedgerKeysWrong(f"{name!r} is no name for a ledger: wanted one like ledger.example/callbacks")
        if len(seeds) != 2 * _SEED:
            raise LedgerKeysWrong(f"wanted {2 * _SEED} bytes of seeds")
        self.name, self._seeds, self.former = name, seeds, tuple(former)
        self._signers = (
            (ED25519, Ed25519PrivateKey.from_private_bytes(seeds[:_SEED])),
            (ML_DSA_65, MLDSA65PrivateKey.from_seed_bytes(seeds[_SEED:])),
        )

    @property
    def current(self) -> tuple[PublicKey, ...]:
        """The public keys of the pair that signs."""
        return tuple(PublicKey(self.name, kind, key.public_key().public_bytes_raw()) for kind, key in self._signers)

    @property
    def public(self) -> tuple[PublicKey, ...]:
        """Every public key, those that sign first."""
        return (*self.current, *self.former)

    def sign(self, text: str) -> bytes:
        """`text` as a note signed by both. It ends with a line end and holds no empty line."""
        if not text.endswith("\n") or "\n\n" in text or text.startswith("\n"):
            raise ValueError("a note's text is whole lines, none of them empty")
        data = text.encode()
        return write_note(
            text,
            [
                (key.name, key.id, signer.sign(data))
                for key, (_, signer) in zip(self.current, self._signers, strict=True)
            ],
        )

    def written(self) -> str:
        """The content of the key file."""
        return "".join(
            [
                f"PRIVATE {self.name} {base64.b64encode(self._seeds).decode()}\n",
                *(f"PUBLIC {key}\n" for key in self.former),
            ]
        )


def parse(text: str) -> LedgerKeys:
    """The content of a key file. Raises LedgerKeysWrong."""
    private, former = [], []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        try:
            if word == "PRIVATE":
                name, encoded = rest.split(" ")
                private.append((name, base64.b64decode(encoded, validate=True)))
            elif word == "PUBLIC":
                former.append(parse_key(rest))
            else:
                raise LedgerKeysWrong("wanted PRIVATE and PUBLIC lines in the ledger's key file")
        except (ValueError, binascii.Error) as e:
            raise LedgerKeysWrong(f"a {word} line of the ledger's key file cannot be read") from e
    if len(private) != 1:
        raise LedgerKeysWrong(f"wanted one PRIVATE line in the ledger's key file, found {len(private)}")
    return LedgerKeys(*private[0], former)


def read(file: Path | None) -> LedgerKeys:
    """Raises LedgerKeysWrong."""
    if file is None:
        raise LedgerKeysWrong("no ledger keys: set HUIFANG_LEDGER_KEY_FILE")
    try:
        return parse(file.read_text())
    except OSError as e:
        raise LedgerKeysWrong(f"ledger key file {file}: {e.strerror}") from e


def new_pair(file: Path, name: str | None = None) -> LedgerKeys:
    """Make a pair and write it down, the first (with its `name`) or in the place of the one that signed until now.
    Raises LedgerKeysWrong."""
    before = read(file) if file.exists() else None
    if before is None and name is None:
        raise LedgerKeysWrong("a new ledger needs a name")
    made = LedgerKeys(before.name if before else name, secrets.token_bytes(2 * _SEED), before.public if before else ())
    unfinished = file.with_name(file.name + ".new")
    with open(unfinished, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        out.write(made.written())
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)
    return made
