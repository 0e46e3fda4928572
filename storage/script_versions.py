"""Where the versions of call scripts stand, and their texts: each change with who made it, each text under its digest."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.script import Script, digest
from scripts.call_scripts import UnknownScript, all_scripts, load_script, shipped_scripts
from scripts.shelf import Shelf, digest_of, shelf_of
from storage.db import rows
from storage.events import record

DRAFT, REVIEWED, PUBLISHED, WITHDRAWN = "DRAFT", "REVIEWED", "PUBLISHED", "WITHDRAWN"
SHIPPED = "huifang"  # who drafted, reviewed and published what came with the product

_texts: dict[str, Script] = {}  # by digest; a text never changes


def forget() -> None:
    """Texts of another database are not in this one."""
    _texts.clear()


class NotPossible(ValueError):
    """A step that the version's life does not allow; `zh` and `en` say why."""

    def __init__(self, zh: str, en: str):
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Version:
    """A version and where it stands. `shipped`: it came with the product."""

    name: str
    version: int
    digest: str
    state: str
    shipped: bool
    effective_from: date | None = None
    drafted_by: str = SHIPPED
    drafted_at: datetime | None = None
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    published_by: str | None = None
    published_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    withdrawn_why: str | None = None

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"


# ---------------------------------------------------------------- reading


async def versions(connection: AsyncConnection) -> list[Version]:
    """Every version, shipped or drafted here, by name, the newest first."""
    found = {}
    current = {script.id for script in shipped_scripts()}
    for script in all_scripts():
        state = PUBLISHED if script.id in current else WITHDRAWN
        found[script.id] = Version(
            script.name, script.version, digest_of(script.id) or "", state, True, script.valid_from,
            reviewed_by=SHIPPED, published_by=SHIPPED,
        )  # fmt: skip
    for row in await rows(connection, "SELECT * FROM script_versions"):
        values = {name: row[name] for name in Version.__dataclass_fields__ if name in row}
        one = Version(**values, shipped=f"{row['name']}@{row['version']}" in found)
        found[one.id] = one
    return sorted(found.values(), key=lambda one: (one.name, -one.version))


async def version(connection: AsyncConnection, script_id: str) -> Version:
    """Raises UnknownScript."""
    for one in await versions(connection):
        if one.id == script_id:
            return one
    raise UnknownScript(script_id)


async def script_of(connection: AsyncConnection, script_id: str, text_digest: str | None = None) -> Script:
    """The script of that name and version, with the very text of that digest. Raises UnknownScript.

    Reads nothing while the shipped file still says the same.
    """
    name, _, number = script_id.partition("@")
    if not number.isdigit():
        raise UnknownScript(script_id)
    if text_digest in (None, digest_of(script_id)) and digest_of(script_id) is not None:
        return load_script(name, int(number))
    if text_digest is not None and text_digest in _texts:
        return _texts[text_digest]
    found = await rows(
        connection,
        """SELECT t.digest, t.document FROM script_texts t WHERE t.digest = coalesce(CAST(:digest AS text),
             (SELECT v.digest FROM script_versions v WHERE v.name = :name AND v.version = :version))""",
        digest=text_digest,
        name=name,
        version=int(number),
    )
    if not found:
        raise UnknownScript(script_id)
    return _texts.setdefault(found[0]["digest"], Script.from_json(found[0]["document"]))


async def read_shelf(connection: AsyncConnection) -> Shelf:
    """The scripts that new calls may use."""
    found = await rows(
        connection,
        """SELECT name || '@' || version AS id, state, digest, effective_from FROM script_versions
           WHERE state IN ('PUBLISHED', 'WITHDRAWN')""",
    )
    withdrawn = frozenset(row["id"] for row in found if row["state"] == WITHDRAWN)
    published = [
        (await script_of(connection, row["id"], row["digest"]), row["effective_from"])
        for row in found
        if row["state"] == PUBLISHED
    ]
    return shelf_of(published, withdrawn)


# ---------------------------------------------------------------- texts


async def keep_texts(connection: AsyncConnection, scripts: Iterable[Script], now: datetime) -> None:
    """Keep what these scripts say, once each: asked before a call uses one."""
    new = {digest_of(script.id) or digest(script): script for script in scripts}
    new = {found: script for found, script in new.items() if found not in _texts}
    if not new:
        return
    kept = await rows(connection, "SELECT digest FROM script_texts WHERE digest = ANY(:new)", new=list(new))
    for row in kept:
        _texts[row["digest"]] = new.pop(row["digest"])
    if not new:
        return
    await rows(
        connection,
        """INSERT INTO script_texts (digest, document, kept_at)
           SELECT t.digest, t.document, :now FROM jsonb_to_recordset(CAST(:texts AS jsonb)) AS t(digest text, document jsonb)
           ON CONFLICT DO NOTHING RETURNING digest""",
        texts=json.dumps([{"digest": found, "document": script.to_json()} for found, script in new.items()]),
        now=now,
    )


# ---------------------------------------------------------------- the life of a version


async def draft(connection: AsyncConnection, script: Script, by: str, now: datetime) -> Version:
    """Put a version forward. A draft may be put forward again with another text until it is reviewed."""
    if digest_of(script.id) is not None:
        raise NotPossible(
            f"{script.id} 是随产品交付的版本，请用新的版本号",
            f"{script.id} came with the product; take another version",
        )
    text_digest = digest(script)
    await keep_texts(connection, [script], now)
    stored = await rows(
        connection,
        """INSERT INTO script_versions (name, version, digest, state, drafted_by, drafted_at)
           VALUES (:name, :version, :digest, 'DRAFT', :by, :now)
           ON CONFLICT (name, version) DO UPDATE SET digest = :digest, drafted_by = :by, drafted_at = :now
             WHERE script_versions.state = 'DRAFT'
           RETURNING id""",
        name=script.name,
        version=script.version,
        digest=text_digest,
        by=by,
        now=now,
    )
    if not stored:
        raise NotPossible(
            f"{script.id} 已经复核，内容不能再改，请用新的版本号",
            f"{script.id} has been reviewed and stays as it is; take another version",
        )
    await record(connection, "SCRIPT_DRAFTED", now, script=script.id, digest=text_digest, user=by)
    return await version(connection, script.id)


async def review(connection: AsyncConnection, script_id: str, by: str, now: datetime) -> Version:
    """A second person has read it."""
    one = await version(connection, script_id)
    if one.state != DRAFT:
        raise NotPossible(f"{script_id} 不是待复核的草稿", f"{script_id} is no draft that waits for its review")
    if one.drafted_by == by:
        raise NotPossible("起草人不能复核自己的话术", "whoever drafted a script cannot review it")
    return await _move(connection, one, REVIEWED, "reviewed", by, now)


async def publish(
    connection: AsyncConnection, script_id: str, by: str, effective_from: date, now: datetime, *, today: date
) -> Version:
    """From `effective_from` on new calls use it. The caller has held it to its proofs."""
    one = await version(connection, script_id)
    if one.state != REVIEWED:
        raise NotPossible(f"{script_id} 尚未经第二人复核", f"{script_id} has not been reviewed by a second person")
    if effective_from < today:
        raise NotPossible("生效日不能早于今天", "a version cannot take effect before today")
    return await _move(connection, one, PUBLISHED, "published", by, now, effective_from=effective_from)


async def withdraw(connection: AsyncConnection, script_id: str, by: str, why: str, now: datetime) -> Version:
    """No new call uses it. Calls that were made under it keep it."""
    one = await version(connection, script_id)
    if one.state == WITHDRAWN:
        raise NotPossible(f"{script_id} 已经停用", f"{script_id} is withdrawn already")
    if not why.strip():
        raise NotPossible("请写明停用的理由", "say why it is withdrawn")
    if one.shipped:
        script = load_script(one.name, one.version)
        await keep_texts(connection, [script], now)
        await rows(
            connection,
            """INSERT INTO script_versions (name, version, digest, state, effective_from, drafted_by, drafted_at,
                 reviewed_by, published_by, withdrawn_by, withdrawn_at, withdrawn_why)
               VALUES (:name, :version, :digest, 'WITHDRAWN', :from, :shipped, :now, :shipped, :shipped, :by, :now, :why)
               ON CONFLICT (name, version) DO NOTHING RETURNING id""",
            name=one.name,
            version=one.version,
            digest=one.digest,
            shipped=SHIPPED,
            by=by,
            now=now,
            why=why,
            **{"from": one.effective_from},
        )
        await record(connection, "SCRIPT_WITHDRAWN", now, script=one.id, digest=one.digest, user=by, reason=why)
        return await version(connection, one.id)
    return await _move(connection, one, WITHDRAWN, "withdrawn", by, now, withdrawn_why=why)


async def _move(
    connection: AsyncConnection, one: Version, state: str, done: str, by: str, now: datetime, **more
) -> Version:
    changes = "".join(f", {name} = :{name}" for name in more)
    moved = await rows(
        connection,
        f"""UPDATE script_versions SET state = :state, {done}_by = :by, {done}_at = :now{changes}
            WHERE name = :name AND version = :version AND state = :was AND digest = :digest RETURNING id""",
        state=state,
        by=by,
        now=now,
        name=one.name,
        version=one.version,
        was=one.state,
        digest=one.digest,
        **more,
    )
    if not moved:
        raise NotPossible(
            f"{one.id} 刚刚被别人改动，请再看一次", f"{one.id} was changed by somebody else just now; look again"
        )
    told = {name: value for name, value in more.items() if name != "withdrawn_why"}
    reason = {"reason": more["withdrawn_why"]} if "withdrawn_why" in more else {}
    await record(connection, f"SCRIPT_{state}", now, script=one.id, digest=one.digest, user=by, **told, **reason)
    return await version(connection, one.id)
