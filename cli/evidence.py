"""`huifang evidence`: packs that prove one call to somebody who does not believe us, and their check."""

import asyncio
import getpass
import json
import os
from pathlib import Path

import click

from cli.output import emit, fail, group, text


@group(
    example="huifang evidence export CALL_ID -o pack\nhuifang evidence verify pack --key keys.txt",
    zh="证据包：导出一通电话的全部凭据；不用数据库与网络即可核验。",
)
def evidence() -> None:
    """Evidence packs: everything that proves one call, and the check that needs no database and no network."""


@evidence.command(
    "export",
    example="huifang evidence export CALL_ID -o pack",
    zh="把一通电话的录音、问答、话术、规则、结论、保管与调听经过及台账证明导出为封签的文件夹；导出记入台账。",
)
@click.argument("call_id")
@click.option("-o", "--output", "folder", required=True, type=click.Path(path_type=Path), help="A new or empty folder.")
@click.option("--by", help="Who takes it, for the record; the user of this machine unless told.")
@click.option(
    "--request",
    "request_id",
    type=int,
    help="The granted request for a lawsuit under which it leaves; --by is the log-in of the head of the call center, whose "
    "password is asked for. Without it the export is on record as the operator's own act.",
)
def export(call_id: str, folder: Path, by: str | None, request_id: int | None) -> None:
    """Write one call's recording, answers, script, rules, decision, custody and proofs as a sealed folder. It is put on
    record who took it."""
    from cli.people import password_of, signed_in
    from clock import system
    from rules.retrieval_events import RightKind
    from storage import db, retrieval
    from storage.archive import ArchiveError
    from storage.checkpoints import LedgerForked
    from storage.data_keys import KeyDestroyed
    from storage.evidence_packs import NoSuchCall
    from storage.key_keepers import KeysAway, KeysWrong
    from storage.ledger_keys import LedgerKeysWrong
    from tasks import evidence as packs

    place = folder.absolute()
    if request_id is not None and by is None:
        raise click.UsageError("--request needs --by LOGIN")
    password = password_of(by) if request_id is not None else ""

    async def whole():
        who, clock, right = by or getpass.getuser(), system(), {}
        try:
            if request_id is not None:
                async with db.transaction() as connection:
                    await signed_in(connection, who, password)
                    await retrieval.allow_copy(connection, request_id, who, call_id, clock.now())
                right = {"right": RightKind.RETRIEVAL, "right_id": request_id}
            return await packs.export(call_id, place, who, clock, **right)
        finally:
            await db.dispose()

    try:
        made = asyncio.run(whole())
    except retrieval.Refused as refused:
        fail(f"{refused.decision.zh}（{refused.decision.rule}）。", f"{refused.decision.en} ({refused.decision.rule}).")
    except NoSuchCall:
        fail(f"没有这通电话：{call_id}", f"There is no call {call_id}.")
    except (FileExistsError, NotADirectoryError):
        fail(f"{folder} 不是新的或空的文件夹。", f"{folder} is not a new or empty folder.")
    except LedgerForked as problem:
        fail(f"台账不完整，不予签署：{problem}", f"The ledger does not hold together and is not signed: {problem}")
    except (LedgerKeysWrong, KeysAway, KeysWrong) as problem:
        fail(f"密钥：{problem}", f"The keys: {problem}")
    except KeyDestroyed:
        fail("录音已依法销毁，密钥不复存在。", "The recording was disposed of; its key is gone.")
    except ArchiveError as problem:
        fail(f"录音存储：{problem}", f"The archive: {problem}")
    emit(
        {
            "ok": True,
            "problems": [],
            "folder": str(folder),
            "recordings": made.recordings,
            "files": made.files,
            "sha256": made.sha256,
            "ledger_lines": made.checkpoint,
        },
        text(
            f"已导出到 {folder}：{made.files} 个文件，录音 {made.recordings} 份，摘要 {made.sha256}。",
            f"Exported to {folder}: {made.files} files, {made.recordings} recordings, digest {made.sha256}.",
        ),
    )


@evidence.command(
    "verify",
    example="huifang evidence verify pack --key keys.txt\nhuifang evidence verify pack --key keys.txt --tsa authority.pem --json",
    zh="核验证据包：只用证据包与公钥。有任何问题时退出码为 1。",
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The ledger's public keys, one a line; this installation's own unless told.",
)
@click.option(
    "--tsa",
    "certificates",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Certificates of the time-stamp authority (PEM), got from the authority: its stamps are checked too.",
)
def verify(folder: Path, key_file: Path | None, certificates: Path | None) -> None:
    """Check a pack with nothing but the pack and the public keys. Exit code 1 when anything is wrong. Keys that lie in the
    pack are not asked. Without --tsa nothing is said of the time: the pack's dates are its owner's own word."""
    from storage import verify_pack

    problems, stamps = verify_pack.whole(
        folder, _public_keys(key_file), certificates.read_bytes() if certificates else None
    )

    def lines():
        for problem in problems:
            yield f"{problem['code']} · {problem['file']} · {problem['message']}"
        if problems:
            yield text("核验不通过。", "The pack does not verify.")
        else:
            yield text("核验通过：与封签时一致，录音与台账相符。", "The pack is as it was sealed, and on the ledger.")
        if stamps.checked:
            yield text(f"时间戳有效：{'、'.join(stamps.instants)}", f"Stamped at {', '.join(stamps.instants)}.")
        elif stamps.there:
            yield text(
                f"包内 {stamps.there} 个时间戳未核验（用 --tsa 指明时间戳机构的证书）。",
                f"{stamps.there} time stamps in the pack were not checked (name the authority's certificates with --tsa).",
            )
        elif not problems:
            yield text(
                "包内没有时间戳：日期仅为出包方自述。",
                "There is no time stamp in the pack: its dates are its owner's own word.",
            )

    emit({"ok": not problems, "problems": problems, "stamps": stamps.as_json()}, lines)
    if problems:
        click.get_current_context().exit(1)


def _public_keys(file: Path | None):
    from storage import ledger_keys, verify_pack

    if file is None:
        try:
            return ledger_keys.read(_key_file()).public
        except ledger_keys.LedgerKeysWrong as problem:
            fail(
                f"没有公钥：请用 --key 指明另行取得的公钥文件（{problem}）。",
                f"No public key: name a file that you got by another way with --key ({problem}).",
            )
    try:
        found = verify_pack.parse_keys(file.read_text())
    except ValueError as problem:
        fail(f"{file} 不是公钥文件：{problem}", f"{file} is no file of public keys: {problem}")
    if not found:
        fail(f"{file} 中没有公钥。", f"There is no public key in {file}.")
    return found


def _key_file() -> Path | None:
    """This installation's, without the other settings: whoever only verifies has none of them."""
    from cli import environment

    name = os.environ.get("HUIFANG_LEDGER_KEY_FILE") or environment.dotenv().get("HUIFANG_LEDGER_KEY_FILE")
    return Path(name) if name else None


@evidence.command(
    "keys",
    example="huifang evidence keys -o keys.txt\nhuifang evidence keys --new ledger.example/callbacks\nhuifang evidence keys --rotate",
    zh="台账的公钥：列出或写入文件（-o）；首次生成（--new 名称）；更换（--rotate，旧私钥随即销毁，旧公钥保留）。",
)
@click.option(
    "-o", "--output", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write them to this file."
)
@click.option("--new", "name", help="Make the first pair, for a ledger of this name, as ledger.example/callbacks.")
@click.option("--rotate", is_flag=True, help="Make a new pair; the old private keys are destroyed.")
def keys(file: Path | None, name: str | None, rotate: bool) -> None:
    """The public keys that verify checkpoints and evidence packs: hand them to whoever shall be able to check."""
    from storage import ledger_keys

    if name and rotate:
        raise click.UsageError("either --new NAME or --rotate")
    place = _key_file()
    try:
        if place is None:
            raise ledger_keys.LedgerKeysWrong("HUIFANG_LEDGER_KEY_FILE")
        if name and place.exists():
            fail(f"{place} 已存在；更换请用 --rotate。", f"{place} is there already; use --rotate for a new pair.")
        found = ledger_keys.new_pair(place, name) if name or rotate else ledger_keys.read(place)
    except ledger_keys.LedgerKeysWrong as problem:
        fail(f"台账密钥：{problem}", f"The ledger's keys: {problem}")
    public = [str(key) for key in found.public]
    if file:
        file.write_text("".join(f"{key}\n" for key in public))
    emit({"ok": True, "name": found.name, "keys": public}, public)


@evidence.command(
    "listen",
    example="huifang evidence listen pack -o call.mp3 --key keys.txt",
    zh="核验证据包，再把其中的录音另存为便于播放的 MP3 或 Opus 文件；该文件本身不是凭据，证据仍是证据包。",
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "-o",
    "--output",
    "file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file that ends in .mp3 or .opus, outside the pack. Of several recordings the second is FILE-2, and so on.",
)
@click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The ledger's public keys, one a line; this installation's own unless told.",
)
def listen(folder: Path, file: Path, key_file: Path | None) -> None:
    """Check a pack, then write its sound in a form that every player knows. Nothing is written of a pack that does not
    verify. The copy proves nothing: the pack does."""
    from storage import verify_pack
    from storage.sound import ACCESS_FORMS, NotSound, access_copy

    form = file.suffix.removeprefix(".").lower()
    if form not in ACCESS_FORMS:
        raise click.UsageError(f"--output: {' or '.join(f'.{known}' for known in ACCESS_FORMS)}")
    if file.resolve().is_relative_to(folder.resolve()):
        raise click.UsageError("--output: outside the pack, which would not verify any more")
    problems, _ = verify_pack.whole(folder, _public_keys(key_file), None)
    if problems:
        fail(
            f"证据包核验不通过（{len(problems)} 项），未制作副本；详见 huifang evidence verify。",
            f"The pack does not verify ({len(problems)} problems) and no copy is made; see huifang evidence verify.",
        )
    sounds = [folder / kept["file"] for kept in json.loads((folder / verify_pack.RECORDINGS).read_text())]
    places = [file if number == 1 else file.with_stem(f"{file.stem}-{number}") for number in range(1, len(sounds) + 1)]
    if taken := [place for place in places if place.exists()]:
        fail(f"{taken[0]} 已存在。", f"{taken[0]} is there already.")
    for sound, place in zip(sounds, places, strict=True):
        try:
            with sound.open("rb") as plain, place.open("x+b") as out:
                access_copy(plain, out, form)
        except NotSound as problem:
            place.unlink()
            fail(f"{sound.name} 不能转换：{problem}", f"{sound.name} cannot be turned into it: {problem}")
    emit(
        {"ok": True, "files": [str(place) for place in places]},
        [str(place) for place in places] or text("包内没有录音。", "There is no recording in the pack."),
    )


@evidence.command(
    "verifier",
    example="huifang evidence verifier -o verify_pack.py",
    zh="写出独立的核验程序（一个文件，只需 Python 与 cryptography）。",
)
@click.option("-o", "--output", "file", required=True, type=click.Path(path_type=Path, dir_okay=False))
def verifier(file: Path) -> None:
    """Write the verifier as one file that needs nothing of this system: Python and the package cryptography."""
    from storage import verify_pack

    file.write_bytes(Path(verify_pack.__file__).read_bytes())
    emit({"ok": True, "file": str(file)}, str(file))
