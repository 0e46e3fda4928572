"""`huifang doctor`: what is missing or misconfigured, and the command that mends it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import click
import httpx
from pydantic import SecretStr, ValidationError

import clock
from cli import environment
from cli.output import command, emit, language, text
from cli.stack import Stack
from scripts.destinations import load_destinations
from settings import Settings

ROOT = Path(__file__).parent.parent
UP = "huifang up"
SIGNS = {"ok": "✓", "warning": "!", "error": "✗"}


@dataclass(frozen=True)
class Check:
    name: str
    state: str
    """ok, warning or error"""
    message: str
    fix: str | None = None


@command(
    example="huifang doctor\nhuifang doctor --json --lang en",
    zh="检查缺什么、哪里配错了，并给出修复的命令；逐项列出设置及其来源，密钥不显示。",
)
@click.pass_context
def doctor(context: click.Context) -> None:
    """What is missing or misconfigured, and the command that mends it; each setting with its source."""
    checks = list(examine())
    emit({"checks": [asdict(check) for check in checks]}, [_line(check) for check in checks])
    context.exit(1 if any(check.state == "error" for check in checks) else 0)


def _line(check: Check) -> str:
    mend = text(f"；修复：{check.fix}", f"; mend: {check.fix}") if check.fix else ""
    return f"{SIGNS[check.state]} {check.name:<28} {check.message}{mend}"


def examine() -> Iterator[Check]:
    stack = Stack()
    effective = environment.values(stack.home)
    settings, problems = _read_settings(effective)
    yield from _settings(stack, effective, problems)
    yield from _programs()
    yield from _files(stack)
    yield from _processes(stack)
    if settings:
        for probe in (_database, _archive, _prefect, _carrier, _desk):
            yield from _guarded(probe, settings)
        yield from _honest(stack, settings)


def _guarded(probe: Callable[[Settings], Iterator[Check]], settings: Settings) -> Iterator[Check]:
    """A probe that breaks is a finding, not the end of the examination."""
    try:
        yield from probe(settings)
    except Exception as problem:
        name = probe.__name__.strip("_")
        what = (str(problem).strip().splitlines() or [""])[0]
        yield Check(
            name, "error", text("检查失败：", "check failed: ") + f"{type(problem).__name__} {what}".strip(), UP
        )


# settings


def _read_settings(effective: dict[str, str]) -> tuple[Settings | None, dict[str, str]]:
    """The settings as every other command would see them, and what is wrong with each by its environment name."""
    try:
        return environment.settings_from(effective), {}
    except ValidationError as problem:
        return None, {_variable(str(item["loc"][0])): item["type"] for item in problem.errors()}


def _variable(field: str) -> str:
    return f"{environment.PREFIX}{field.upper()}"


def _settings(stack: Stack, effective: dict[str, str], problems: dict[str, str]) -> Iterator[Check]:
    given, in_file = environment.given(), environment.dotenv()
    for field, description in Settings.model_fields.items():
        name = _variable(field)
        if name in given:
            source = "env" if given[name] != in_file.get(name) else str(environment.env_file())
        elif name in effective:
            source = "stack"
        else:
            source = "default"
        shown = effective.get(name, _plain(description.default))
        if shown and (_is_secret(description.annotation) or "@" in shown):
            shown = mask(shown)
        if problems.get(name) == "missing":
            message = text("缺失", f"missing: {description.description}")
            yield Check(
                f"setting {name}", "error", message, text(f"{UP}，或在 .env 中设置", f"{UP}, or set it in .env")
            )
        elif name in problems:
            message = text(f"值有误（来源 {source}）：{shown}", f"wrong value (from {source}): {shown}")
            yield Check(f"setting {name}", "error", message, text("改正该设置", "correct the setting"))
        else:
            yield Check(f"setting {name}", "ok", f"{shown or '–'} [{source}]")
    unknown = sorted(set(given) - {_variable(f) for f in Settings.model_fields} - _other_variables())
    for name in unknown:
        yield Check(
            f"setting {name}",
            "warning",
            text("不是 huifang 的设置，未被使用", "is no setting of huifang and is not used"),
            text("核对拼写", "check its spelling"),
        )


def _other_variables() -> set[str]:
    """HUIFANG_ variables that are read elsewhere than in the settings."""
    carrier = {n for n in os.environ if n.startswith("HUIFANG_CARRIER_")}
    return carrier | {"HUIFANG_ENV_FILE", "HUIFANG_DEBUG"}


def _plain(value: Any) -> str:
    return "" if value is None or type(value).__name__ == "PydanticUndefinedType" else str(value)


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def mask(secret: str) -> str:
    """Of an address, everything but its password; of anything else, nothing."""
    parts = urlsplit(secret)
    if parts.hostname:
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
        user = f"{parts.username}:***@" if parts.username else ""
        return urlunsplit((parts.scheme, user + host, parts.path, "", ""))
    return "***"


# the machine


def _programs() -> Iterator[Check]:
    yield Check("python", "ok", sys.version.split()[0])
    for name, package, use_zh, use_en in (
        ("npm", "npm", "安装页面资源需要", "needed to install what the pages load"),
        (
            "espeak-ng",
            "espeak-ng",
            "没有它，模拟通话只有类语音的声音",
            "without it simulated calls hold speech-shaped sound",
        ),
        (
            "ffmpeg",
            "ffmpeg",
            "没有它，只能处理 WAV 和 FLAC 录音",
            "without it only WAV and FLAC recordings can be read",
        ),
        ("chromium", "chromium", "页面的浏览器测试需要", "needed by the browser tests"),
    ):
        if path := shutil.which(name):
            yield Check(name, "ok", path)
        else:
            yield Check(
                name, "warning", text(f"未安装：{use_zh}", f"not installed: {use_en}"), f"apt-get install {package}"
            )
    for name in ("postgres", "weed"):
        found, version = _packaged(name)
        if found:
            yield Check(name, "ok", version)
        else:
            yield Check(name, "error", text("未安装", "not installed"), "make setup")


def _packaged(name: str) -> tuple[bool, str]:
    from cli.stack import StackError
    from cli.stack.postgres import programs
    from cli.stack.service import PROGRAMS

    try:
        path = programs() / "postgres" if name == "postgres" else PROGRAMS / "weed"
    except StackError:
        return False, ""
    if not path.exists():
        return False, ""
    argv = [str(path), "--version" if name == "postgres" else "version"]
    return True, subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip().splitlines()[0]


def _files(stack: Stack) -> Iterator[Check]:
    vendor = ROOT / "desk" / "static" / "vendor" / ".done"
    if vendor.exists():
        yield Check("page libraries", "ok", str(vendor.parent))
    else:
        yield Check("page libraries", "error", text("未安装", "not installed"), "make setup")
    sources = list((ROOT / "desk" / "translations").glob("*/LC_MESSAGES/*.po"))
    stale = [po for po in sources if not po.with_suffix(".mo").exists()]
    if stale:
        names = ", ".join(po.parts[-3] for po in stale)
        yield Check("message catalogues", "error", text(f"未编译：{names}", f"not compiled: {names}"), "make setup")
    elif sources:
        yield Check("message catalogues", "ok", ", ".join(po.parts[-3] for po in sources))
    secrets = stack.home / "secrets.json"
    if secrets.exists():
        loose = secrets.stat().st_mode & 0o077
        if loose:
            message = text(f"{secrets} 其他用户可读", f"{secrets} can be read by other users")
            yield Check("secrets file", "error", message, f"chmod 600 {secrets}")
        else:
            yield Check("secrets file", "ok", str(secrets))
        free = shutil.disk_usage(stack.home).free / 2**30
        state = "ok" if free > 2 else "warning"
        yield Check("disk", state, text(f"剩余 {free:.0f} GiB", f"{free:.0f} GiB free"))


def _processes(stack: Stack) -> Iterator[Check]:
    if not (stack.home / "ports.json").exists():
        message = text(f"{stack.home} 中没有本机服务", f"no one-machine stack in {stack.home}")
        yield Check("stack", "warning", message, UP)
        return
    for service in stack.status():
        if service.state in ("running", "external"):
            yield Check(f"service {service.name}", "ok", f"{service.state} {service.url}")
        else:
            message = text(
                f"状态 {service.state}，日志 {stack.log(service.name)}",
                f"{service.state}, log {stack.log(service.name)}",
            )
            yield Check(f"service {service.name}", "error", message, UP)


# what the settings point at


def _database(settings: Settings) -> Iterator[Check]:
    import psycopg
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import OperationalError

    from storage.migrate import configuration

    url = settings.database_url.get_secret_value()
    try:
        with psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:", 1), connect_timeout=5) as connection:
            version = connection.info.server_version // 10000
            provider = connection.execute("SELECT 1").fetchone()
    except psycopg.OperationalError as problem:
        what = (str(problem).strip().splitlines() or [""])[0]
        yield Check("database", "error", text(f"连接不上：{what}", f"cannot be reached: {what}"), UP)
        return
    assert provider
    yield Check("database", "ok", f"PostgreSQL {version}, {mask(url)}")
    newest = ScriptDirectory.from_config(configuration(url)).get_current_head()
    try:
        with create_engine(url, poolclass=NullPool).connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except OperationalError as problem:
        yield Check("schema", "error", str(problem).splitlines()[0], UP)
        return
    if current == newest:
        yield Check("schema", "ok", str(current))
        yield from _alarms(url)
    else:
        message = text(f"现为 {current}，应为 {newest}", f"at {current}, should be at {newest}")
        yield Check("schema", "error", message, UP)


def _alarms(url: str) -> Iterator[Check]:
    """What the archive's nightly care has found and nobody has mended."""
    import psycopg

    from rules.words import word

    with psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:", 1), connect_timeout=5) as connection:
        found = connection.execute("SELECT name FROM alarms ORDER BY raised_at, name").fetchall()
    for (name,) in found:
        yield Check(f"alarm {name}", "error", word(name, language()), "huifang archive status")


def _archive(settings: Settings) -> Iterator[Check]:
    from storage.archive import Archive, ArchiveError, ArchiveUnreachable

    where = f"{settings.s3_endpoint}/{settings.s3_bucket}"
    try:
        Archive(settings).check_bucket()
    except ArchiveUnreachable as problem:
        yield Check(
            "archive", "error", text(f"{where} 连接不上：{problem}", f"{where} cannot be reached: {problem}"), UP
        )
    except ArchiveError as problem:
        message = text(f"{where} 不能保存录音：{problem}", f"{where} cannot keep recordings: {problem}")
        yield Check("archive", "error", message, text(f"{UP}，或换一个存储桶", f"{UP}, or name another bucket"))
    else:
        yield Check("archive", "ok", f"{where}, Object Lock COMPLIANCE")
    yield from _archive_keys(settings)
    if not settings.s3_copy_bucket:
        yield Check(
            "second copies",
            "warning",
            text("未设置：受损的录音无从修复", "not set: what is damaged cannot be mended"),
            "HUIFANG_S3_COPY_BUCKET",
        )


def _archive_keys(settings: Settings) -> Iterator[Check]:
    from storage.key_keepers import KeysAway, KeysWrong, keeper_of

    try:
        version = keeper_of(settings).current()
    except (KeysAway, KeysWrong) as problem:
        yield Check(
            "archive keys",
            "error",
            text(f"没有可用的密钥，录音不能归档：{problem}", f"no usable key, nothing is archived: {problem}"),
            text("huifang up，或设置 HUIFANG_ARCHIVE_KEY_FILE", "huifang up, or set HUIFANG_ARCHIVE_KEY_FILE"),
        )
    else:
        yield Check("archive keys", "ok", text(f"现用版本 {version}", f"version {version} wraps"))


def _get(url: str, **options: Any) -> httpx.Response | None:
    try:
        return httpx.get(url, timeout=5, trust_env=not _on_loopback(url), **options)
    except httpx.HTTPError:
        return None


def _on_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _prefect(settings: Settings) -> Iterator[Check]:
    url = settings.prefect_api_url or os.environ.get("PREFECT_API_URL")
    if not url:
        message = text(
            "没有 Prefect 服务器：huifang run 可用，定时任务不运行",
            "no Prefect server: `huifang run` works, schedules do not",
        )
        yield Check("schedules", "warning", message, UP)
    elif (answer := _get(f"{url.rstrip('/')}/health")) is not None and answer.is_success:
        yield Check("schedules", "ok", url)
    else:
        yield Check("schedules", "error", text(f"{url} 无应答", f"{url} does not answer"), UP)


def _carrier(settings: Settings) -> Iterator[Check]:
    base = settings.twilio_base_url
    sid = settings.twilio_account_sid
    answer = _get(f"{base}/2010-04-01/Accounts/{sid}.json", auth=(sid, settings.twilio_auth_token.get_secret_value()))
    if answer is None:
        yield Check("carrier", "error", text(f"{base} 无应答", f"{base} does not answer"), UP)
    elif answer.status_code in (401, 403, 404):
        message = text(f"{base} 不认这个账户或令牌", f"{base} does not know this account or token")
        yield Check("carrier", "error", message, text("改正 HUIFANG_TWILIO_*", "correct HUIFANG_TWILIO_*"))
    elif not answer.is_success:
        yield Check("carrier", "error", f"{base}: {answer.status_code}")
    else:
        yield Check("carrier", "ok", base)
    try:
        load_destinations(settings.twilio_destinations)
    except (OSError, ValueError) as error:
        # nobody is rung with a table that cannot be read
        yield Check("destinations", "error", str(error), text("改正该文件", "correct that file"))


def _desk(settings: Settings) -> Iterator[Check]:
    url = settings.public_url
    answer = _get(f"{url}/readyz")
    if answer is None:
        message = text(
            f"{url} 无应答：运营商的回调到不了", f"{url} does not answer: the carrier's callbacks get nowhere"
        )
        yield Check("desk", "error", message, UP)
    elif not answer.is_success:
        yield Check(
            "desk",
            "error",
            text(f"{url} 未就绪（{answer.status_code}）", f"{url} is not ready ({answer.status_code})"),
            UP,
        )
    else:
        yield Check("desk", "ok", url)


# what works, but not the way somebody might think


def _honest(stack: Stack, settings: Settings) -> Iterator[Check]:
    own = environment.stack_values(stack.home)
    if settings.s3_endpoint == own.get("HUIFANG_S3_ENDPOINT"):
        yield Check(
            "limit: archive",
            "warning",
            text(
                "本机对象锁挡得住程序和所有 S3 用户，挡不住能登录这台机器的人",
                "the one-machine lock holds against programs and S3 users, not against somebody with a shell here",
            ),
            text(
                "正式录音请用 MinIO 级存储（docker-compose.yml）",
                "keep real recordings in a MinIO-grade store (docker-compose.yml)",
            ),
        )
    if _on_loopback(settings.twilio_base_url):
        yield Check(
            "limit: carrier",
            "warning",
            text(
                "运营商是本机模拟，不会真的拨出电话", "the carrier is a simulation on loopback: nobody is really rung"
            ),
            text("真实运营商写入 HUIFANG_TWILIO_BASE_URL", "name a real one in HUIFANG_TWILIO_BASE_URL"),
        )
    else:
        if (urlsplit(settings.twilio_base_url).hostname or "").endswith("twilio.com"):
            yield Check(
                "limit: carrier",
                "warning",
                text(
                    "Twilio 自 2023-11-30 起不再接通中国大陆号码",
                    "Twilio has carried no calls to mainland China since 2023-11-30",
                ),
                text(
                    "改用同一接口的运营商（HUIFANG_TWILIO_BASE_URL）",
                    "another carrier with the same API (HUIFANG_TWILIO_BASE_URL)",
                ),
            )
        if not settings.dial_for_real:
            yield Check(
                "dial_for_real",
                "warning",
                text("未开启：不会拨打真实号码", "off: no real number is dialled"),
                "HUIFANG_DIAL_FOR_REAL=true",
            )
        else:
            yield Check("dial_for_real", "ok", text("已开启：会拨打真实号码", "on: real numbers are dialled"))
    yield from _calendar(settings)
    yield from _profiles(settings)


def _profiles(settings: Settings) -> Iterator[Check]:
    """Whether the rule layers of the house hold together."""
    from rules.branches import Organisation
    from rules.parameters import ParameterError
    from scripts.house import House
    from scripts.rule_profiles import ProfileError

    today = clock.Clock(settings.clock_file).now().astimezone(clock.SHANGHAI).date()
    try:
        yield Check("rules", "ok", House(Organisation(()), settings.company_profile).own(today).id)
    except LookupError as missing:
        yield Check("rules", "error", str(missing.args[0]), "HUIFANG_COMPANY_PROFILE=…")
    except (ProfileError, ParameterError) as wrong:
        yield Check("rules", "error", str(wrong), text("更正该文件", "mend that file"))


def _known_years(settings: Settings) -> frozenset[int]:
    """Of the calendar table; none where there is no table to ask."""
    import psycopg

    url = settings.database_url.get_secret_value().replace("postgresql+psycopg:", "postgresql:", 1)
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return frozenset(year for (year,) in connection.execute("SELECT year FROM calendar_years"))
    except psycopg.Error:
        return frozenset()


def _calendar(settings: Settings) -> Iterator[Check]:
    from rules.calendar import Calendar
    from scripts.calendars import seeded_calendar

    now = clock.Clock(settings.clock_file).now()
    if settings.clock_file:
        at = now.astimezone(clock.SHANGHAI).isoformat(timespec="seconds")
        yield Check("clock", "warning", text(f"模拟时钟：{at}", f"simulated clock: {at}"), "huifang up --live")
    today = now.astimezone(clock.SHANGHAI).date()
    # the table decides; where it cannot be asked, what the package would fill it with
    years = _known_years(settings)
    calendar = Calendar({}, years) if years else seeded_calendar()
    # a cooling-off period that begins today, with its rolled deadlines, ends within that time
    unknown = sorted({day.year for day in (today, today + timedelta(days=45)) if calendar.is_provisional(day)})
    if unknown:
        years = ", ".join(map(str, unknown))
        yield Check(
            "calendar",
            "warning",
            text(
                f"{years} 年的节假日未知，期限标为暂定",
                f"holidays of {years} are not known; deadlines are marked provisional",
            ),
            f"huifang calendar import FILE --year {unknown[0]}",
        )
    else:
        yield Check("calendar", "ok", str(today.year))
