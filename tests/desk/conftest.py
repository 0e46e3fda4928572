"""A desk over a real database in which a small, fixed working day stands."""

import importlib.util
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from rules.calendar import SHANGHAI
from storage import tables as t

NOW = datetime(2026, 9, 24, 10, 31, tzinfo=SHANGHAI)
PASSWORD = "a long enough password"

PEOPLE = {  # login: (role, branch)
    "lead": ("CALLBACK_AGENT_LEAD", "00"),
    "staff": ("BRANCH_STAFF", "4401"),
    "other": ("BRANCH_STAFF", "3301"),
    "province": ("BRANCH_SUPERVISOR", "44"),
    "auditor": ("AUDITOR", "00"),
    "compliance": ("COMPLIANCE", "00"),
    "operator": ("OPERATOR", "00"),
    "quality": ("QUALITY", "00"),
    "checker": ("QUALITY", "00"),
    "head": ("CALL_CENTER_HEAD", "00"),
}


@dataclass(frozen=True)
class Day:
    """The ids that tests ask for."""

    asked: int  # a case in 4401 that ended as a question, with an open order
    elsewhere: int  # a case of 3301
    order: int  # the open order of `asked`
    order_elsewhere: int
    list_id: int


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 9, day, hour, minute, tzinfo=SHANGHAI)


def fill(url: str) -> Day:
    """Write the day: 60 cases of which two are settled, three work orders, one list with two problems."""
    from desk.passwords import hash_password
    from storage.calendar_days import SEED
    from storage.identities import name_hash, number_hash
    from storage.vault import vault

    seal = vault().seal
    stored = hash_password(PASSWORD)
    engine = sa.create_engine(url)
    with engine.begin() as c:

        def put(table: Any, **values: Any) -> Any:
            return c.execute(sa.insert(table).values(**values).returning(*sa.inspect(table).primary_key)).one()[0]

        put(t.CalendarYear, year=2026, source=SEED)
        for month, days in ((9, (25, 26, 27)), (10, range(1, 8))):
            for day in days:
                put(t.CalendarDay, day=date(2026, month, day), kind="HOLIDAY", source=SEED)
        for day in (date(2026, 9, 20), date(2026, 10, 10)):
            put(t.CalendarDay, day=day, kind="MAKE_UP", source=SEED)
        for code, name, parent, kind in (
            ("00", "总公司", None, "HEAD_OFFICE"),
            ("44", "岭南分公司", "00", "PROVINCE"),
            ("4401", "榕城支公司", "44", "COUNTY"),
            ("33", "江左分公司", "00", "PROVINCE"),
            ("3301", "临湖支公司", "33", "COUNTY"),
        ):
            put(t.Branch, code=code, name=name, parent_code=parent, kind=kind)
        for login, (role, branch) in PEOPLE.items():
            put(t.User, login=login, name=f"{login} 测试", password_hash=stored, roles=[role], branch_code=branch)
        put(t.User, login="gone", name="x", password_hash=stored, roles=["ADMIN"], branch_code="00", disabled=True)
        put(t.Agent, code="A-1", name="周卖", branch_code="4401")

        cases = []
        for n in range(60):
            name = "王小芳" if n == 0 else "王小芳" if n == 59 else f"李{'甲乙丙丁戊己庚辛壬癸'[n % 10]}{n:02d}"
            branch = "3301" if n == 1 else "4401"
            person = put(
                t.Person,
                identity_hash=vault().fingerprint(f"test {n}"),
                name_sealed=seal(name),
                name_hash=name_hash(name),
                sex="F",
                birth_date=date(1960 + n % 40, 3, 5),
            )
            policy = f"P2026{n:07d}"
            put(
                t.Contract,
                policy_no=policy,
                person_id=person,
                source="test",
                digest=str(n),
                in_scope=True,
                channel="BANCASSURANCE",
                product_type="PARTICIPATING",
                product_name='=HYPERLINK("http://x","红利")' if n == 2 else "长青年金（分红型）",
                premium_mode="ANNUAL",
                premium=10_000,
                branch_code=branch,
                agent_code="A-1",
                underwritten_on=date(2026, 9, 10),
                receipt_signed_on=date(2026, 9, 11),
                status="IN_FORCE",
                facts={"premium_term_years": "10", "outlet": "城东网点", "identity_elements": 3 if n < 58 else 0},
                personal_sealed=seal(
                    json.dumps({"policyholder_id_no": "110105196003050021", "address": "某省某市某区某路一号"})
                ),
                updated_at=at(8),
            )
            put(
                t.ContractPhone,
                policy_no=policy,
                person_id=person,
                number_hash=number_hash(f"+86139000{n:05d}"),
                number_sealed=seal(f"+86139000{n:05d}"),
                place=0,
            )
            settled = n < 2
            cases.append(
                put(
                    t.Case,
                    policy_no=policy,
                    person_id=person,
                    state="AT_BRANCH" if settled else "CALLABLE",
                    owner="BRANCH" if settled else "HEAD_OFFICE",
                    owner_branch=branch if settled else None,
                    callable_on=date(2026, 9, 12),
                    nominal_end=date(2026, 9, 23) + timedelta(n % 20),
                    surrender_deadline=date(2026, 9, 23) + timedelta(n % 20),
                    handover_at=at(17, day=25),
                    class_={0: "QUESTION", 1: "VERIFICATION"}.get(n),
                    reasons={0: ["NOT_KNOWN_AS_INSURANCE"], 1: ["DENIES_PURCHASE"]}.get(n, []),
                    marks=["misselling_signal"] if n == 0 else [],
                    completed_at=at(10) if n == 0 else None,
                    counts=n == 0,
                    profile="national@1",
                    opened_at=at(8),
                    changed_at=at(10),
                )
            )
        asked, elsewhere = cases[0], cases[1]
        for n, case in enumerate((asked, elsewhere)):
            call = f"call-{n}"
            number = f"+86139000{n:05d}"
            put(
                t.Call,
                id=call,
                person_id=n + 1,
                number_hash=number_hash(number),
                number_sealed=seal(number),
                state="ENDED",
                result="COMPLETED" if n == 0 else "INCOMPLETE",
                script="bank-participating-regular@1",
                profile="national@1",
                sheet_sealed=seal("{}"),
                duration=160,
                reserved_at=at(9, 55),
                placed_at=at(9, 55),
                answered_at=at(9, 56),
                ended_at=at(9, 59),
                settled_at=at(10),
            )
            put(t.CallCase, call_id=call, case_id=case, attempt_no=1)
            for step, answer, heard in (("I1", "YES", "一九六零年三月五号"), ("M1", "NO", "是存款吧 13900000000")):
                put(
                    t.Answer,
                    call_id=call,
                    case_id=None if step == "I1" else case,
                    step=step,
                    try_no=1,
                    answer=answer,
                    corrected=False if step == "M1" else None,
                    how="speech",
                    heard_sealed=seal(heard),
                    answered_at=at(9, 57),
                )
            class_ = "QUESTION" if n == 0 else "VERIFICATION"
            reason = "NOT_KNOWN_AS_INSURANCE" if n == 0 else "DENIES_PURCHASE"
            step = {"rule": "R49", "zh": "解释后仍不清楚，判为问题件", "en": "still unclear after the explanation"}
            put(
                t.Settlement,
                case_id=case,
                call_id=call,
                kind="CALL",
                round=1,
                result="COMPLETED" if n == 0 else "INCOMPLETE",
                class_=class_,
                completed=n == 0,
                counts=n == 0,
                in_window=True if n == 0 else None,
                profile="national@1",
                decision={
                    "settlement": {"reasons": [{"code": reason, "corrected": False, "step": "M1"}], "steps": [step]}
                },
                settled_at=at(10),
            )
            for minute, kind, case_id, data in (
                (55, "CALL_RESERVED", case, {"attempt_no": 1}),
                (56, "CALL_ANSWERED", None, {}),
                (59, "CALL_ENDED", None, {}),
            ):
                put(t.Event, at=at(9, minute), kind=kind, case_id=case_id, call_id=call, data=data)
            put(
                t.Event,
                at=at(10),
                kind="SETTLED",
                case_id=case,
                call_id=call,
                data={"result": "COMPLETED", "class": class_, "reasons": [reason], "state": "AT_BRANCH"},
            )
        put(
            t.Recording,
            call_id="call-0",
            provider_id="RE0",
            state="CLEARED",
            seconds=158.2,
            retain_until=datetime(2046, 9, 25, tzinfo=UTC),
            reported_at=at(9, 59),
            verified_at=at(10),
        )

        def order(case: int, branch: str, **values: Any) -> int:
            more = {"reasons": ["NOT_KNOWN_AS_INSURANCE"], "class_": "QUESTION", "working_days": 3, **values}
            return put(t.WorkOrder, case_id=case, round=1, branch_code=branch, issued_at=at(10), **more)

        mine = order(asked, "4401", kind="QUESTION", due_at=at(23, 59, day=24), exclude_selling_agent=True)
        other = order(elsewhere, "3301", kind="VERIFICATION", due_at=at(23, 59, day=23), overdue_at=at(0))
        order(cases[2], "4401", kind="FEEDBACK_ONLY", due_at=datetime(2026, 10, 9, 15, 59, tzinfo=UTC))

        taken = put(
            t.ContractList,
            source="test",
            name="名单 2026-09-24.csv",
            digest="x",
            received_at=at(8),
            finished_at=at(8, 1),
            counts={"rows": 61, "accepted": 60, "rejected": 1, "cases_opened": 60},
        )
        for row, field, code, severity, cells in (
            (2, "mobile", "BAD_PHONE", "warning", {"policy_no": "P20260000000", "mobile": "1390000000099"}),
            (62, "channel", "BAD_CHOICE", "rejected", {"policyholder_name": "赵大有", "channel": "=1+1"}),
        ):
            put(
                t.ListRow,
                list_id=taken,
                row_no=row,
                policy_no=cells.get("policy_no"),
                verdict="accepted" if severity == "warning" else "rejected",
                cells_sealed=seal(json.dumps(cells)),
            )
            put(
                t.RowProblem,
                list_id=taken,
                row_no=row,
                field=field,
                code=code,
                severity=severity,
                message_zh="这一格读不懂",
                message_en="this cell cannot be read",
            )
    engine.dispose()
    return Day(asked, elsewhere, mine, other, taken)


@pytest.fixture(scope="module")
def desk_settings(stack, migrated_template, tmp_path_factory) -> Iterator[str]:
    """The settings of a desk with a database of the module's own and a clock that stands still. Yields its URL."""
    from settings import settings

    name = f"desk_{uuid.uuid4().hex[:12]}"
    url = stack.create_database(name, migrated_template)
    clock_file: Path = tmp_path_factory.mktemp("clock") / "clock.json"
    clock_file.write_text(json.dumps({"wall": 0, "sim": NOW.timestamp(), "speed": 0}))
    values = stack.environment() | {
        "HUIFANG_DATABASE_URL": url,
        "HUIFANG_CLOCK_FILE": str(clock_file),
        "HUIFANG_PUBLIC_URL": "http://testserver",
        # the people are the tests' own: a desk that starts beside them would make others of the same names
        "HUIFANG_DEMO_USERS": "false",
    }
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    settings.cache_clear()
    forget()
    yield url
    for key, value in before.items():
        os.environ.pop(key) if value is None else os.environ.__setitem__(key, value)
    settings.cache_clear()
    forget()
    stack.drop_database(name)


def forget() -> None:
    """Nothing that an earlier installation's settings led to is kept."""
    from storage.calendar_days import forget as forget_calendar
    from storage.script_versions import forget as forget_texts
    from storage.vault import vault

    vault.cache_clear()
    forget_calendar()
    forget_texts()


@pytest.fixture(scope="module")
def day(desk_settings: str) -> Day:
    return fill(desk_settings)


@pytest.fixture(scope="module")
def desk(desk_settings: str, day: Day) -> Iterator[TestClient]:
    """The desk, nobody signed in."""
    from desk.app import create_app

    with TestClient(create_app(), follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def token(client: TestClient) -> str:
    """The token that the forms of this session carry."""
    page = client.get("/sign-in").text
    return page.split('name="csrf" value="')[1].split('"')[0]


@pytest.fixture(scope="module")
def sessions() -> dict[str, str]:
    """Cookies by login: a sign-in is slow on purpose, and one is enough."""
    return {}


@pytest.fixture
def sign_in(desk: TestClient, sessions: dict[str, str]) -> Callable[..., TestClient]:
    """`sign_in(login, lang)` → the client with that person's session."""

    def go(login: str, lang: str = "zh") -> TestClient:
        desk.cookies.clear()
        if login not in sessions:
            answer = desk.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf": token(desk)})
            assert answer.status_code == 303, answer.text
            desk.get("/language/zh")
            [(name, value)] = desk.cookies.items()
            sessions[login] = f"{name}={value}"
        name, _, value = sessions[login].partition("=")
        desk.cookies.clear()
        desk.cookies.set(name, value, domain="testserver.local", path="/")
        if lang != "zh":
            desk.get(f"/language/{lang}")
        return desk

    return go


@pytest.fixture
def working_calls() -> ModuleType:
    """The calls that the benchmarks walk, as a module: the same walk is held to its statements and its outcomes here."""
    name = "working_calls"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[2] / "benchmarks" / f"{name}.py")
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]
