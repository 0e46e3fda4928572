"""Checks an evidence pack with nothing but the pack and the public keys of the ledger that it comes from:

    python verify_pack.py PACK --key FILE [--tsa CERTIFICATES]

This one file is all that is needed, with Python 3.11 and the package `cryptography` (50 or newer; ML-DSA-65); for --tsa
also `rfc3161-client`. Without --tsa it says nothing of the time: then the date is the owner's own word. It imports nothing of the system that made the pack, asks no database and no network, and trusts no key that lies in the pack.

核验证据包：只需本文件、证据包和台账公钥（须另行取得，不可取自包内）。
"""

import argparse
import base64
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# The types of a signed note (C2SP signed-note): Ed25519 has a number there, what has none begins with 0xff and a name.
ED25519 = b"\x01"
ML_DSA_65 = b"\xffML-DSA-65"
BOTH = (ED25519, ML_DSA_65)

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
BAGIT_FILE, INFO, MANIFEST, TAGS, SEAL = (
    "bagit.txt", "bag-info.txt", "manifest-sha512.txt", "tagmanifest-sha512.txt", "seal.note",
)  # fmt: skip
PAYLOAD = "data/"
CHECKPOINT, LINES, EVENTS = "data/ledger/checkpoint.note", "data/ledger/lines.jsonl", "data/ledger/events.jsonl"
RECORDINGS = "data/recordings.json"
STAMPS = "data/ledger/timestamps"
SEALING_PURPOSE = "/evidence"  # a seal's first line never is a checkpoint's


class Wrong(Exception):
    """What does not hold: a code, the file it is about, a sentence."""

    def __init__(self, code: str, file: str, message: str):
        super().__init__(message)
        # a name on disk need not be text
        self.code, self.file, self.message = code, file.encode(errors="replace").decode(), message

    def as_json(self) -> dict:
        return {"code": self.code, "file": self.file, "message": self.message}


# ---------------------------------------------------------------- public keys and signed notes


@dataclass(frozen=True)
class PublicKey:
    """One public key, as `NAME+ID+BASE64` says it."""

    name: str
    kind: bytes
    data: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self.kind + self.data).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.kind + self.data).decode()}"

    def verifies(self, signature: bytes, text: bytes) -> bool:
        loaded = (Ed25519PublicKey if self.kind == ED25519 else MLDSA65PublicKey).from_public_bytes(self.data)
        try:
            loaded.verify(signature, text)
        except InvalidSignature:
            return False
        return True


def parse_key(text: str) -> PublicKey:
    """Raises ValueError for what is no public key of a known kind, or one whose id is not its own."""
    name, key_id, encoded = text.strip().split("+", 2)
    data = base64.b64decode(encoded, validate=True)
    for kind, length in ((ED25519, 32), (ML_DSA_65, 1952)):
        if data.startswith(kind) and len(data) == len(kind) + length:
            found = PublicKey(name, kind, data[len(kind) :])
            if not name or found.id.hex() != key_id:
                raise ValueError(f"key id {key_id} is not that of the key")
            return found
    raise ValueError("a key of an unknown kind")


def parse_keys(text: str) -> list[PublicKey]:
    """One key a line; empty lines and those that begin with # aside. Raises ValueError."""
    return [parse_key(line) for line in text.splitlines() if line.strip() and not line.startswith("#")]


def parse_note(data: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text of a signed note, with its last line end, and its signatures: name, key id, signature. A note has exactly
    one form: raises ValueError for anything else."""
    text, found, block = data.decode().rpartition("\n\n")[0] + "\n", [], data.decode().rpartition("\n\n")[2]
    for line in block.removesuffix("\n").split("\n"):
        mark, name, encoded = line.split(" ")
        signature = base64.b64decode(encoded, validate=True)
        if mark != "—" or not name or len(signature) < 5:
            raise ValueError("not a signature of a note")
        found.append((name, signature[:4], signature[4:]))
    if write_note(text, found) != data:
        raise ValueError("not the one form of a signed note")
    return text, found


def write_note(text: str, signatures: Iterable[tuple[str, bytes, bytes]]) -> bytes:
    """`text` ends with a line end."""
    lines = "".join(f"— {name} {base64.b64encode(key_id + made).decode()}\n" for name, key_id, made in signatures)
    return f"{text}\n{lines}".encode()


def signed_text(data: bytes, keys: Sequence[PublicKey], *, only: bool = False) -> tuple[str, str]:
    """The text of a note that both an Ed25519 and an ML-DSA-65 key of one name among `keys` have signed, and that name.
    `only`: nobody else may have signed, each once. Raises ValueError."""
    text, found = parse_note(data)
    by_name: dict[str, set[bytes]] = {}
    for name, key_id, signature in found:
        key = next((k for k in keys if k.name == name and k.id == key_id), None)
        if key is None:
            if only:
                raise ValueError("signed by a key that is not trusted")
            continue  # a witness that is not known here
        if not key.verifies(signature, text.encode()):
            raise ValueError("a signature does not hold")
        by_name.setdefault(name, set()).add(key.kind)
    for name, kinds in by_name.items():
        if kinds >= set(BOTH) and (not only or len(found) == len(BOTH)):
            return text, name
    raise ValueError("not signed by both keys, Ed25519 and ML-DSA-65")


def parse_checkpoint(text: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint's text (C2SP tlog-checkpoint). Raises ValueError."""
    origin, size, root = text.split("\n")[:3]
    data = base64.b64decode(root, validate=True)
    if not origin or str(int(size)) != size or int(size) < 0 or len(data) != 32:
        raise ValueError("not a checkpoint")
    return origin, int(size), data


# ---------------------------------------------------------------- the tree (RFC 6962, section 2.1)


def leaf_hash(value: dict) -> bytes:
    """Of a ledger line or an event, by its canonical JSON."""
    written = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(b"\x00" + written.encode()).digest()


def root_of(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of the tree of `size` with this leaf at `index`. Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError("not in the tree")
    found, last, left = leaf, size - 1, list(proof)
    while last:
        if index % 2 or index < last:
            if not left:
                raise ValueError("a proof too short")
            other = left.pop(0)
            pair = other + found if index % 2 else found + other
            found = hashlib.sha256(b"\x01" + pair).digest()
        index, last = index // 2, last // 2
    if left:
        raise ValueError("a proof too long")
    return found


# ---------------------------------------------------------------- the sealed object, as it lies in the archive


# A chunk of the sealed form is held in memory; none is ever larger.
LARGEST_CHUNK = 24


def opened(sealed: BinaryIO, size: int, key: bytes, name: str) -> Iterator[bytes]:
    """The recording in a sealed object of the form HFS1 (AES-256-GCM in chunks), a chunk at a time. Raises ValueError."""
    header = sealed.read(40)
    if len(header) != 40 or header[:4] != b"HFS1" or header[4] > LARGEST_CHUNK or header[5:8] != bytes(3):
        raise ValueError("not a sealed object")
    info = b"huifang recording 1\0" + name.encode()
    cipher = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=header[8:], info=info).derive(key))
    step = (1 << header[4]) + 16
    count = -(-(size - 40) // step)
    if count < 1:
        raise ValueError("not a sealed object")
    for number in range(count):
        nonce = bytes(7) + number.to_bytes(4, "big") + bytes([number == count - 1])
        try:
            yield cipher.decrypt(nonce, sealed.read(step), header)
        except InvalidTag as e:
            raise ValueError("another key or changed bytes") from e


# ---------------------------------------------------------------- the folder (BagIt, RFC 8493)


def files_in(pack: Path) -> dict[str, bytes]:
    """Every file by its path, with its SHA-512. Raises Wrong for what is no plain file, and for an empty folder."""
    found: dict[str, bytes] = {}

    def walk(folder: Path, prefix: str) -> None:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        if not entries:
            raise Wrong("ADDED", prefix, "an empty folder that is not part of the pack")
        for entry in entries:
            path = prefix + entry.name
            if min(entry.name) < " ":
                raise Wrong("ADDED", path, "a name that could pass for several in the manifest")
            if entry.is_dir(follow_symlinks=False):
                walk(Path(entry.path), path + "/")
            elif entry.is_file(follow_symlinks=False):
                with open(entry.path, "rb") as opened_file:
                    found[path] = hashlib.file_digest(opened_file, "sha512").digest()
            else:
                raise Wrong("ADDED", path, "not a plain file")

    walk(pack, "")
    return found


def manifest_of(digests: dict[str, bytes]) -> bytes:
    """The one way to write a manifest: by path, two spaces, a line each."""
    lines = (f"{digests[path].hex()}  {path}\n" for path in sorted(digests))
    return "".join(lines).encode(errors="surrogateescape")


def seal_text(name: str, subject: str, tags: bytes) -> str:
    """What a seal signs: whose it is, what the pack is about, and the digest of the file that names every other."""
    return f"{name}{SEALING_PURPOSE}\n{subject}\n{base64.b64encode(hashlib.sha512(tags).digest()).decode()}\n"


def _whole(pack: Path, keys: Sequence[PublicKey]) -> str:
    """Every file is the one that was sealed, none is missing, none was added. Returns the name in the seal."""
    found = files_in(pack)
    for name in (BAGIT_FILE, INFO, MANIFEST, TAGS, SEAL):
        if name not in found:
            raise Wrong("MISSING", name, "not there")
    tags = (pack / TAGS).read_bytes()
    try:
        text, name = signed_text((pack / SEAL).read_bytes(), keys, only=True)
        lines = text.split("\n")
        if len(lines) != 4 or text != seal_text(name, lines[1], tags):
            raise ValueError("it is a seal over something else")
    except (ValueError, UnicodeDecodeError) as problem:
        raise Wrong("SEAL", SEAL, f"the seal does not hold: {problem}") from problem
    _compare(TAGS, tags, {path: found[path] for path in (BAGIT_FILE, INFO, MANIFEST)})
    if (pack / BAGIT_FILE).read_bytes() != BAGIT:
        raise Wrong("FORM", BAGIT_FILE, "another version of BagIt")
    payload = {path: digest for path, digest in found.items() if path.startswith(PAYLOAD)}
    if extra := sorted(found.keys() - payload.keys() - {BAGIT_FILE, INFO, MANIFEST, TAGS, SEAL}):
        raise Wrong("ADDED", extra[0], "not part of the pack")
    _compare(MANIFEST, (pack / MANIFEST).read_bytes(), payload)
    return name


def _compare(manifest: str, told: bytes, found: dict[str, bytes]) -> None:
    if told == manifest_of(found):
        return
    named = dict(
        reversed(line.split("  ", 1)) for line in told.decode(errors="surrogateescape").splitlines() if "  " in line
    )
    for path in sorted(named.keys() | found.keys()):
        if path not in found:
            raise Wrong("MISSING", path, "named in the manifest, not there")
        if path not in named:
            raise Wrong("ADDED", path, "not named in the manifest")
        if named[path] != found[path].hex():
            raise Wrong("CHANGED", path, "not what was sealed")
    raise Wrong("CHANGED", manifest, "not the one form of a manifest")


# ---------------------------------------------------------------- what the pack says


def _rows(pack: Path, path: str) -> list[dict]:
    return [json.loads(line) for line in (pack / path).read_text(encoding="utf-8").splitlines()]


def _ledger(pack: Path, keys: Sequence[PublicKey], name: str) -> list[dict]:
    """The lines, each proven to be on the ledger that the checkpoint is about."""
    try:
        text, signer = signed_text((pack / CHECKPOINT).read_bytes(), keys)
        origin, size, root = parse_checkpoint(text)
        if not origin == signer == name:
            raise ValueError("it is about another ledger")
    except ValueError as problem:
        raise Wrong("CHECKPOINT", CHECKPOINT, f"the checkpoint does not hold: {problem}") from problem
    lines = []
    for row in _rows(pack, LINES):
        line, proof = row["line"], [bytes.fromhex(one) for one in row["proof"]]
        if root_of(leaf_hash(line), line["seq"] - 1, size, proof) != root:
            raise Wrong("NOT_ON_LEDGER", LINES, f"line {line['seq']} is not under the checkpoint's root")
        lines.append(line)
    return lines


def _events(pack: Path, lines: Sequence[dict]) -> Iterator[dict]:
    """The events of the call, each proven to be among those that a line of the ledger seals."""
    seals = {line["seq"]: line["body"] for line in lines if line["kind"] == "AUDIT_SEALED"}
    for row in _rows(pack, EVENTS):
        event, seal = row["event"], seals[row["seal"]]
        proof = [bytes.fromhex(one) for one in row["proof"]]
        if (
            not seal["first"] <= event["id"] <= seal["last"]
            or root_of(leaf_hash(event), row["index"], seal["count"], proof).hex() != seal["root"]
        ):
            raise Wrong("NOT_ON_LEDGER", EVENTS, f"event {event['id']} is not among those that were sealed")
        yield event


def _recording(pack: Path, told: dict, lines: Sequence[dict]) -> None:
    """The sound in the pack is what comes out of the stored object, which is the one that the ledger names."""
    stored = pack / told["stored_file"]
    key = base64.b64decode(told["data_key"])
    with open(stored, "rb") as sealed, open(pack / told["file"], "rb") as plain:
        for piece in opened(sealed, stored.stat().st_size, key, told["object_key"]):
            if plain.read(len(piece)) != piece:
                raise Wrong("RECORDING", told["file"], "not what the stored object holds")
        if plain.read(1):
            raise Wrong("RECORDING", told["file"], "more than the stored object holds")
        sealed.seek(0)
        digest = hashlib.file_digest(sealed, "sha256").hexdigest()
    named = [
        line["body"]["data"]
        for line in lines
        if line["kind"] == "RECORDING_VERIFIED" and line["subject"] == f"recording/{told['recording']}"
    ]
    wanted = {"sha256": digest, "object_key": told["object_key"], "version_id": told["version_id"]}
    if not any(wanted.items() <= data.items() for data in named):
        raise Wrong("RECORDING", told["stored_file"], "the ledger does not name this object")


# ---------------------------------------------------------------- when: the time-stamp authority's word (RFC 3161)


@dataclass(frozen=True)
class Times:
    """`there`: stamps in the pack. `checked`: whether they were held against an authority's certificates; only then do
    `instants` (ISO 8601) say more than that somebody wrote them."""

    there: int
    checked: bool = False
    instants: tuple[str, ...] = ()

    def as_json(self) -> dict:
        return {"there": self.there, "checked": self.checked, "instants": list(self.instants)}


def times(pack: Path, certificates: bytes | None = None) -> Times:
    """What the stamps in the pack prove. `certificates`: of the authority, as PEM, root first, got by another way than the
    pack; without them nothing is checked. Raises Wrong where a stamp does not hold, or there is none to be checked."""
    files = sorted((pack / STAMPS).glob("*.tsr")) if (pack / STAMPS).is_dir() else []
    if certificates is None:
        return Times(len(files))
    try:
        from cryptography import x509
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response
    except ImportError as e:
        raise Wrong("STAMP", STAMPS, "cannot be checked here: the package rfc3161-client is missing") from e
    if not files:
        raise Wrong("STAMP", STAMPS, "there is no time stamp in the pack")
    note, instants = (pack / CHECKPOINT).read_bytes(), []
    for file in files:
        path, text = f"{STAMPS}/{file.name}", file.with_suffix(".txt").read_bytes()
        if not text.startswith(note):
            raise Wrong("STAMP", path, "it is over another checkpoint")
        try:
            roots = x509.load_pem_x509_certificates(certificates)
            answer = decode_timestamp_response(file.read_bytes())
            VerifierBuilder(roots=roots).build().verify_message(answer, text)
        except (ValueError, VerificationError) as e:
            raise Wrong("STAMP", path, f"the authority's stamp does not hold: {e}") from e
        instants.append(answer.tst_info.gen_time.isoformat())
    return Times(len(files), True, tuple(instants))


# ---------------------------------------------------------------- all of it


def verify(pack: Path, keys: Sequence[PublicKey]) -> list[dict]:
    """Every problem found, as code, file and message; none: the pack is what was sealed, by the owner of these keys, and
    what it says of the recording is on the ledger. What was changed is not looked into any further."""
    if not keys:
        return [Wrong("NO_KEY", "", "no public key to verify with").as_json()]
    try:
        name = _whole(pack, keys)
        lines = _ledger(pack, keys, name)
        told = {event["id"]: event for event in _events(pack, lines)}
        for line in lines:
            event = told.get(line["body"].get("event"))
            if "event" in line["body"] and (event is None or event["data"] != line["body"]["data"]):
                raise Wrong("NOT_ON_LEDGER", EVENTS, f"line {line['seq']} tells of an event that is not here")
        for one in json.loads((pack / RECORDINGS).read_text(encoding="utf-8")):
            _recording(pack, one, lines)
    except Wrong as problem:
        return [problem.as_json()]
    except OSError as problem:
        return [Wrong("MISSING", str(problem.filename), problem.strerror or "cannot be read").as_json()]
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        return [Wrong("FORM", "", f"not in the form of a pack: {type(problem).__name__}: {problem}").as_json()]
    return []


def whole(pack: Path, keys: Sequence[PublicKey], certificates: bytes | None = None) -> tuple[list[dict], Times]:
    """Every problem, that of a stamp too where there are certificates to hold it against, and what the stamps prove."""
    problems = verify(pack, keys)
    try:
        return problems, times(pack, None if problems else certificates)
    except Wrong as problem:
        return [problem.as_json()], Times(0)
    except OSError as problem:
        return [*problems, Wrong("MISSING", STAMPS, problem.strerror or "cannot be read").as_json()], Times(0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pack", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="public keys of the ledger, one a line, from its owner")
    parser.add_argument(
        "--tsa", type=Path, help="certificates of the time-stamp authority (PEM), from the authority itself"
    )
    given = parser.parse_args()
    problems, stamps = whole(
        given.pack, parse_keys(given.key.read_text()), given.tsa.read_bytes() if given.tsa else None
    )
    print(json.dumps({"ok": not problems, "problems": problems, "stamps": stamps.as_json()}, ensure_ascii=False))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
