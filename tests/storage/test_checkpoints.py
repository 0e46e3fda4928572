"""The stored tree and its signed checkpoints on a real database: the same roots and proofs as the whole tree gives, one
signature by each of two keys, and nothing signed over a ledger that was altered."""

import asyncio
import os
import stat
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from rules.ledger import Entry, TreeRoot
from rules.merkle import consistent, root_by_inclusion
from storage import checkpoints, ledger
from storage.checkpoints import LedgerForked
from storage.db import engine, rows, transaction
from storage.judging import judge_stored, snapshot
from storage.ledger_keys import LedgerKeys, LedgerKeysWrong, new_pair, parse, read
from storage.verify_pack import ED25519, ML_DSA_65, parse_checkpoint, parse_keys, parse_note, signed_text, write_note

KEYS = LedgerKeys("ledger.example/tests", bytes(range(64)))


async def write(now, count: int) -> None:
    async with transaction() as c:
        await ledger.append(
            c, [Entry("RECORDING_CLEARED", now, f"recording/RE{n}", "system", {"n": n}) for n in range(count)]
        )


async def hashes() -> list[bytes]:
    async with transaction() as c:
        return [bytes.fromhex(line.hash) async for line in ledger.every_line(c)]


async def past_the_triggers(sql: str) -> None:
    async with transaction() as c:
        await c.execute(text("SET LOCAL session_replication_role = 'replica'"))
        await c.execute(text(sql))


async def broken(now) -> list[str]:
    async with snapshot() as c:
        return [b.message_en for b in await judge_stored(c, now, keys=KEYS.public) if b.promise == 10]


def whole(found: list[bytes]) -> bytes:
    tree = TreeRoot()
    for one in found:
        tree.add(one)
    return tree.root()


async def test_checkpoints_and_proofs_are_those_of_the_whole_tree(database, now, monkeypatch):
    monkeypatch.setattr(ledger, "BLOCK", 7)  # a tree that grows in many steps is the same
    assert await checkpoints.make(KEYS, now) is None
    made = []
    for count in (1, 4, 12, 33):
        await write(now, count)
        made.append(await checkpoints.make(KEYS, now))
        found = await hashes()
        assert made[-1].size == len(found)
        assert made[-1].root == whole(found).hex()
    assert (await checkpoints.make(KEYS, now + timedelta(days=1))) == made[-1]
    async with transaction() as c:
        assert await checkpoints.every(c) == made
        for point in made:
            proofs = await checkpoints.inclusion(c, range(1, point.size + 1), point.size)
            for seq, proof in proofs.items():
                assert root_by_inclusion(found[seq - 1], seq - 1, point.size, proof).hex() == point.root
        for old in made:
            proof = await checkpoints.consistency(c, old.size, made[-1].size)
            roots = bytes.fromhex(old.root), bytes.fromhex(made[-1].root)
            assert consistent(old.size, made[-1].size, *roots, proof)
        with pytest.raises(ValueError):
            await checkpoints.inclusion(c, [51], 50)


async def test_two_at_once_sign_one_checkpoint(database, now):
    await write(now, 20)
    one, two = await asyncio.gather(checkpoints.make(KEYS, now), checkpoints.make(KEYS, now))
    assert one == two
    assert one.size == 20


async def test_nothing_is_signed_over_an_altered_ledger(database, now):
    await write(now, 5)
    await checkpoints.make(KEYS, now)
    await write(now, 5)
    await past_the_triggers("UPDATE ledger SET body = replace(body, '2', '9') WHERE seq = 8")
    with pytest.raises(LedgerForked, match="line 8 of the ledger: ALTERED"):
        await checkpoints.make(KEYS, now)
    async with transaction() as c:
        assert [point.size for point in await checkpoints.every(c)] == [5]


async def test_nothing_is_signed_over_a_shorter_or_forked_ledger(database, now):
    await write(now, 8)
    await checkpoints.make(KEYS, now)
    await past_the_triggers("UPDATE ledger_nodes SET hash = sha256(hash) WHERE level = 3")
    await write(now, 1)
    with pytest.raises(LedgerForked, match="does not hold checkpoint"):
        await checkpoints.make(KEYS, now)
    await past_the_triggers("DELETE FROM ledger WHERE seq > 8; ")
    await past_the_triggers("UPDATE ledger_head SET seq = 12")
    with pytest.raises(LedgerForked):
        await checkpoints.make(KEYS, now)


@pytest.mark.parametrize("table", ["ledger_nodes", "checkpoints", "ledger_timestamps"])
async def test_what_was_signed_cannot_be_changed(database, now, table):
    await write(now, 2)
    await checkpoints.make(KEYS, now)
    for sql in (f"DELETE FROM {table}", f"UPDATE {table} SET {'hash = hash' if 'nodes' in table else 'at = at'}"):
        async with engine().connect() as c:
            with pytest.raises(DBAPIError):
                await c.execute(text(sql))


# ---------------------------------------------------------------- the judge


async def test_the_judge_holds_the_ledger_against_its_checkpoints(database, now):
    await write(now, 6)
    await checkpoints.make(KEYS, now)
    await write(now, 3)
    await checkpoints.make(KEYS, now)
    assert await broken(now) == []
    await past_the_triggers("UPDATE checkpoints SET root = repeat('0', 64) WHERE size = 6")
    assert await broken(now) == ["checkpoint 1 over 6 lines does not say what was signed"]


async def test_the_judge_finds_a_ledger_written_anew(database, now):
    """Every line follows from the one before, and the head too: only what was signed tells."""
    await write(now, 6)
    await checkpoints.make(KEYS, now)
    await past_the_triggers("DELETE FROM ledger")
    await past_the_triggers("UPDATE ledger_head SET seq = 0, hash = repeat('0', 64)")
    await write(now + timedelta(hours=1), 7)
    assert await broken(now) == ["the first 6 lines of the ledger are not those of checkpoint 1"]


async def test_the_judge_finds_a_ledger_cut_short(database, now):
    await write(now, 6)
    await checkpoints.make(KEYS, now)
    async with transaction() as c:
        [fifth] = await rows(c, "SELECT hash FROM ledger WHERE seq = 5")
    await past_the_triggers("DELETE FROM ledger WHERE seq = 6")
    await past_the_triggers(f"UPDATE ledger_head SET seq = 5, hash = '{fifth['hash']}'")
    assert await broken(now) == ["checkpoint 1 is over 6 lines, the ledger has 5"]


async def test_the_judge_takes_no_other_signature(database, now):
    await write(now, 6)
    await checkpoints.make(LedgerKeys(KEYS.name, bytes(64)), now)
    assert await broken(now) == ["checkpoint 1 over 6 lines is not signed by the ledger's keys"]


# ---------------------------------------------------------------- keys and notes


async def test_a_checkpoint_is_a_note_signed_by_both_keys(database, now):
    await write(now, 3)
    point = await checkpoints.make(KEYS, now)
    body, signatures = parse_note(point.note.encode())
    assert parse_checkpoint(body) == (KEYS.name, 3, bytes.fromhex(point.root))
    assert [name for name, _, _ in signatures] == [KEYS.name] * 2
    assert [len(signature) for _, _, signature in signatures] == [64, 3309]
    assert signed_text(point.note.encode(), KEYS.public) == (body, KEYS.name)


def test_the_note_of_the_specification_is_read():
    """The example of C2SP signed-note: key, text and signature as they stand there."""
    key = parse_keys("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n")
    text_, names = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
        "PeterNeumann",
    )
    note = f"{text_}\n— {names} x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    _, [(name, key_id, signature)] = parse_note(note.encode())
    assert (name, key_id) == ("PeterNeumann", key[0].id)
    assert key[0].verifies(signature, text_.encode())
    with pytest.raises(ValueError, match="not signed by both"):
        signed_text(note.encode(), key)


NOTE = KEYS.sign("ledger.example/tests\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")


def test_one_signature_is_not_enough():
    body, signatures = parse_note(NOTE)
    for one in signatures:
        with pytest.raises(ValueError, match="both keys"):
            signed_text(write_note(body, [one]), KEYS.public)
    witness = LedgerKeys("witness.example", bytes(64)).sign(body)
    cosigned = write_note(body, [*signatures, *parse_note(witness)[1]])
    assert signed_text(cosigned, KEYS.public) == (body, KEYS.name)
    with pytest.raises(ValueError, match="not trusted"):
        signed_text(cosigned, KEYS.public, only=True)


def test_no_byte_of_a_note_can_be_changed():
    for place in range(len(NOTE)):
        for value in {NOTE[place] ^ 1, 10, 32, 61} - {NOTE[place]}:
            bent = NOTE[:place] + bytes([value]) + NOTE[place + 1 :]
            with pytest.raises(ValueError):
                signed_text(bent, KEYS.public)


def test_a_new_pair_destroys_the_old_private_keys_and_keeps_the_public_ones(tmp_path):
    file = tmp_path / "keys"
    first = new_pair(file, "ledger.example/a")
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    private = file.read_text().split()[2]
    second = new_pair(file)
    assert private not in file.read_text()
    assert read(file).public == second.public == (*second.current, *first.current)
    assert [key.kind for key in second.public] == [ED25519, ML_DSA_65] * 2
    assert second.name == first.name
    note = first.sign("ledger.example/a\n0\n")
    assert signed_text(note, second.public)[1] == "ledger.example/a"
    with pytest.raises(ValueError):
        signed_text(note, second.current)
    assert parse_keys("".join(f"{key}\n" for key in second.public)) == list(second.public)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "PRIVATE a.example AAAA\n",
        "PRIVATE a.example\n",
        "PRIVATE A+B " + "A" * 86 + "==\n",
        "PUBLIC a+b+c\n",
        "x\n",
        KEYS.written() * 2,
    ],
)
def test_a_key_file_that_cannot_be_used_is_refused(content):
    with pytest.raises(LedgerKeysWrong):
        parse(content)


def test_no_key_file(tmp_path):
    for file in (None, tmp_path / "none"):
        with pytest.raises(LedgerKeysWrong):
            read(file)
    with pytest.raises(LedgerKeysWrong, match="needs a name"):
        new_pair(tmp_path / "none")
