"""Evidence packs: one call with everything that proves it, as a BagIt folder that is sealed by the ledger's keys and needs
nothing of ours to be verified (storage/verify_pack.py). Whoever calls has the right to, and says so."""

import base64
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.ledger import instant_text
from rules.merkle import grow, inclusion_ranges, root_of
from rules.parameters import Profile
from rules.plain_values import to_plain
from rules.retrieval_events import ACCESS, AUDIT_SEALED, CUSTODY, ON_THE_LEDGER, subject_of
from scripts.call_scripts import UnknownScript
from scripts.rule_profiles import load_profile
from storage import archive_objects, checkpoints, damage_met, item_proofs, ledger, timestamps
from storage.archive import Archive, ArchiveError
from storage.archive_objects import KeptObject
from storage.checkpoints import Checkpoint
from storage.data_keys import unwrapped
from storage.db import rows
from storage.encryption import NotOpened, opened
from storage.evidence_words import README
from storage.key_keepers import KeyKeeper
from storage.ledger_keys import LedgerKeys
from storage.script_versions import script_of
from storage.timestamps import Stamp
from storage.vault import vault
from storage.verify_pack import (
    BAGIT,
    BAGIT_FILE,
    CHECKPOINT,
    EVENTS,
    INFO,
    LINES,
    MANIFEST,
    RECORDINGS,
    SEAL,
    TAGS,
    files_in,
    manifest_of,
    seal_text,
)

_SUFFIX = {"audio/flac": "flac", "audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3"}


class NoSuchCall(LookupError):
    """There is no call of this id."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the database says of one call, as files of JSON; its events and ledger lines with their proofs; its objects."""

    call_id: str
    checkpoint: Checkpoint
    documents: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]
    objects: Sequence[KeptObject]
    stamps: Sequence[Stamp]
    names: Sequence[str] = field(default=())


async def read(connection: AsyncConnection, call_id: str, checkpoint: Checkpoint) -> Told:
    """Everything about the call, proven up to `checkpoint`. `connection` must be of a snapshot. Raises NoSuchCall, and
    LedgerForked where the ledger does not hold together."""
    found = await rows(connection, _CALL, id=call_id)
    if not found:
        raise NoSuchCall(call_id)
    [call] = found
    answers = await rows(connection, _ANSWERS, id=call_id)
    for answer in answers:
        heard = answer.pop("heard_sealed")
        answer["heard"] = vault().open(bytes(heard)) if heard else None
        # from the instant at which the call was answered, where the recording begins, until the answer was taken down
        began = call["answered_at"]
        answer["offset_ms"] = round((answer["answered_at"] - began).total_seconds() * 1000) if began else None
    settlements = await rows(connection, _SETTLEMENTS, id=call_id)
    recordings = await rows(connection, _RECORDINGS, id=call_id)
    names = [row["provider_id"] for row in recordings]
    profiles = sorted({part for row in [call, *settlements] for part in (row["profile"] or "").split("|") if part})
    events = await rows(connection, _EVENTS, id=call_id, names=names, kinds=list(ON_THE_LEDGER))
    lines = await _lines(connection, events, checkpoint)
    documents = {
        "call.json": call | {"cases": await rows(connection, _CASES, id=call_id)},
        "answers.json": answers,
        "item_proofs.json": to_plain(await item_proofs.of_call(connection, call_id)),
        "script.json": await _script(connection, call["script"], call["script_digest"]),
        "rule_profiles.json": [_profile(profile) for profile in profiles],
        "decisions.json": settlements,
        "custody.json": [_event(event) for event in events if event["kind"] in CUSTODY],
        "access.json": [_event(event) for event in events if event["kind"] in ACCESS],
        "recording_states.json": recordings,
    }
    return Told(
        call_id,
        checkpoint,
        documents,
        lines,
        await _sealed_events(connection, events, lines),
        await archive_objects.of_call(connection, call_id),
        await timestamps.of_checkpoint(connection, checkpoint.id),
        names,
    )


_CALL = """
SELECT id, state, result, sid, script, script_digest, profile, ended_step, ended_by, carrier_status, answered_by, duration,
       at_appointment, reserved_at, placed_at, answered_at, ended_at, settled_at FROM calls WHERE id = :id
"""
_CASES = """
SELECT l.case_id, l.attempt_no, c.policy_no, c.round FROM call_cases l JOIN cases c ON c.id = l.case_id
WHERE l.call_id = :id ORDER BY l.case_id
"""
_ANSWERS = """
SELECT id, case_id, step, try_no, answer, corrected, final, detail, how, heard_sealed, answered_at
FROM answers WHERE call_id = :id ORDER BY id
"""
_SETTLEMENTS = """
SELECT id, case_id, kind, round, result, "class", completed, counts, in_window, profile, decision, settled_at
FROM settlements WHERE call_id = :id ORDER BY id
"""
_RECORDINGS = """
SELECT provider_id, state, problem, reported_seconds, channels, seconds, object_key, version_id, bytes, sha256,
       samples_sha256, retain_until, reported_at, verified_at, cleared_at FROM recordings WHERE call_id = :id ORDER BY id
"""
# Of the call, of its recordings, and of the requests and assignments under which those were heard.
_EVENTS = """
WITH named AS (
  SELECT id, data FROM events WHERE kind = ANY(:kinds)
    AND (call_id = :id OR data->>'recording' = ANY(:names) OR jsonb_exists_any(data->'recordings', CAST(:names AS text[])))
)
SELECT id, at, kind, case_id, call_id, person_id, data FROM events WHERE call_id = :id OR id IN (SELECT id FROM named)
   OR kind = ANY(:kinds) AND data->>'request_id' IN (SELECT data->>'request_id' FROM named)
   OR kind = ANY(:kinds) AND data->>'assignment_id' IN (SELECT data->>'assignment_id' FROM named)
ORDER BY id
"""


async def _lines(
    connection: AsyncConnection, events: Sequence[Mapping[str, Any]], checkpoint: Checkpoint
) -> list[dict[str, Any]]:
    """The ledger's lines about these events and the seals over them, each with its proof."""
    subjects = sorted({subject_of(event["kind"], event["data"]) for event in events if event["kind"] in ON_THE_LEDGER})
    columns = "seq, at, kind, subject, actor, body, previous"
    ids = {event["id"] for event in events}
    found = []
    for line in await rows(
        connection,
        f"SELECT {columns} FROM ledger WHERE seq <= :size AND (subject = ANY(:subjects) OR kind = :sealed) ORDER BY seq",
        size=checkpoint.size,
        subjects=subjects,
        sealed=AUDIT_SEALED,
    ):
        body = json.loads(line["body"])
        about = (
            any(body["first"] <= id <= body["last"] for id in ids)
            if line["kind"] == AUDIT_SEALED
            else body.get("event") in ids
        )
        if about:
            found.append(line | {"at": instant_text(line["at"]), "body": body})
    proofs = await checkpoints.inclusion(connection, [line["seq"] for line in found], checkpoint.size)
    return [{"line": line, "proof": [one.hex() for one in proofs[line["seq"]]]} for line in found]


async def _sealed_events(
    connection: AsyncConnection, events: Sequence[Mapping[str, Any]], lines: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Each event with the proof that it is among those that a line seals."""
    proven = []
    for line in (row["line"] for row in lines if row["line"]["kind"] == AUDIT_SEALED):
        first, last, count = (line["body"][name] for name in ("first", "last", "count"))
        index_of, hashes = {}, []
        async for event in ledger.events_between(connection, first, last):
            index_of[event["id"]] = len(hashes)
            hashes.append(ledger.hash_of(event))
        nodes = dict(grow(0, {}, hashes))
        for event in events:
            if first <= event["id"] <= last:
                index = index_of[event["id"]]
                proof = [root_of(begin, end, nodes).hex() for begin, end in inclusion_ranges(index, count)]
                proven.append({"event": _event(event), "seal": line["seq"], "index": index, "proof": proof})
    return proven


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as its hash is made of it (rules/ledger.py)."""
    return {**event, "at": instant_text(event["at"])}


async def _script(connection: AsyncConnection, script_id: str, digest: str | None) -> dict[str, Any]:
    """The very text that was used, by its digest."""
    try:
        text = (await script_of(connection, script_id, digest)).to_json()
    except UnknownScript:
        text = None
    return {"id": script_id, "digest": digest, "text": text}


def _profile(profile_id: str) -> dict[str, Any]:
    try:
        profile: Profile = load_profile(profile_id)
    except LookupError:
        return {"id": profile_id, "values": None}
    return {"id": profile.id, "layers": list(profile.layers), "values": to_plain(dict(profile.values))}


# ---------------------------------------------------------------- writing


def write(
    told: Told, folder: Path, keys: LedgerKeys, keeper: KeyKeeper, stores: Sequence[tuple[str, Archive]], now: datetime
) -> str:
    """Make the pack in `folder`, which must not be there yet or be empty; returns the SHA-256 of the file that names every
    other. `stores`: FIRST and where there is one SECOND. Calls block. Raises ArchiveError, FileExistsError."""
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=folder.name + "."))
    try:
        kept = _put_recordings(told, unfinished, keeper, stores, now)
        documents = {f"data/{name}": document for name, document in told.documents.items()} | {RECORDINGS: kept}
        for path, document in documents.items():
            _put(unfinished, path, json.dumps(document, ensure_ascii=False, indent=1, default=_plain) + "\n")
        for path, found in ((LINES, told.lines), (EVENTS, told.events)):
            _put(unfinished, path, "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found))
        _put(unfinished, CHECKPOINT, told.checkpoint.note)
        for stamp in told.stamps:
            _put(unfinished, f"data/ledger/timestamps/{stamp.id}.txt", stamp.stamped)
            _put(unfinished, f"data/ledger/timestamps/{stamp.id}.tsr", stamp.token)
        _put(unfinished, "data/README.md", README.format(call=told.call_id, name=keys.name))
        digest = seal_folder(unfinished, told.call_id, keys, now)
        if folder.exists():
            folder.rmdir()
        unfinished.chmod(0o700)
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return digest


def _plain(value: Any) -> Any:
    return instant_text(value) if isinstance(value, datetime) else str(value)


def _put(folder: Path, path: str, content: str | bytes) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def _put_recordings(
    told: Told, folder: Path, keeper: KeyKeeper, stores: Sequence[tuple[str, Archive]], now: datetime
) -> list[dict[str, Any]]:
    """The sound as it is heard and as it is stored, and what the stores say of their locks at this moment."""
    found = []
    for kept in told.objects:
        key = unwrapped(kept.data_key_id, {"wrapped": kept.wrapped, "kek": kept.kek}, keeper)
        name = f"data/recording/{kept.id}"
        file, stored_file = f"{name}.{_SUFFIX.get(kept.content_type, 'bin')}", f"{name}.stored"
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        _copy(kept, key, stores, folder / file, folder / stored_file)
        found.append(
            {
                "recording": kept.name,
                "file": file,
                "stored_file": stored_file,
                "content_type": kept.content_type,
                "sha256": kept.plain_sha256,
                "samples_sha256": kept.samples_sha256,
                "object_key": kept.object_key,
                "version_id": kept.version_id,
                "stored_sha256": kept.sha256,
                "stored_sha512": kept.sha512,
                "form": kept.form,
                "data_key": base64.b64encode(key).decode(),
                "stored_at": kept.stored_at,
                "locks": _locks(kept, stores),
                "locks_read_at": now,
            }
        )
    return found


def _version(kept: KeptObject, which: str) -> str | None:
    return kept.version_id if which == "FIRST" else kept.second_version_id


def _locks(kept: KeptObject, stores: Sequence[tuple[str, Archive]]) -> list[dict[str, Any]]:
    """What the stores themselves answer of the retention, for every copy that one of them answers for."""
    found, problem = [], None
    for which, store in stores:
        if (version := _version(kept, which)) is None:
            continue
        try:
            lock = asdict(store.lock_of(kept.object_key, version))
        except ArchiveError as e:
            problem = e
            continue
        found.append({"copy": which, "bucket": store.bucket, "version_id": version, **lock})
    if not found and problem is not None:
        raise problem
    return found


def _copy(
    kept: KeptObject, key: bytes, stores: Sequence[tuple[str, Archive]], plain_file: Path, sealed_file: Path
) -> None:
    """Write the plain and the sealed bytes, from the first copy that is whole; a block at a time, however long the call."""
    problem: Exception = ArchiveError(f"no copy of {kept.object_key} is at hand")
    for which, store in stores:
        if (version := _version(kept, which)) is None:
            continue
        try:
            with open(sealed_file, "w+b") as sealed, open(plain_file, "wb") as plain:
                store.copy_out(kept.object_key, version, sealed)
                sealed.seek(0)
                if hashlib.file_digest(sealed, "sha512").hexdigest() != kept.sha512:
                    raise NotOpened(f"{kept.object_key}: the {which.lower()} copy was changed")
                for piece in opened(partial(_at, sealed), kept.bytes, key, kept.object_key):
                    plain.write(piece)
            return
        except (ArchiveError, NotOpened) as found:
            damage_met.write_down(kept, which, found)
            problem = found
    raise problem if isinstance(problem, ArchiveError) else ArchiveError(str(problem))


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


def seal_folder(folder: Path, call_id: str, keys: LedgerKeys, now: datetime) -> str:
    """Name every file in `data` with its digest, and sign the names. Returns the SHA-256 of the file that names the rest."""
    payload = files_in(folder)
    size = sum((folder / path).stat().st_size for path in payload)
    _put(folder, BAGIT_FILE, BAGIT)
    _put(
        folder,
        INFO,
        f"Bag-Software-Agent: huifang\nBagging-Date: {now:%Y-%m-%d}\nExternal-Identifier: {call_id}\n"
        f"Payload-Oxum: {size}.{len(payload)}\nSource-Organization: {keys.name}\n",
    )
    _put(folder, MANIFEST, manifest_of(payload))
    tagged = files_in(folder)
    tags = manifest_of({path: tagged[path] for path in (BAGIT_FILE, INFO, MANIFEST)})
    _put(folder, TAGS, tags)
    _put(folder, SEAL, keys.sign(seal_text(keys.name, call_id, tags)))
    for path in files_in(folder):
        os.chmod(folder / path, 0o600)
    return hashlib.sha256(tags).hexdigest()
