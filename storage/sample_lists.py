"""Invented contract lists: the same seed, size and day always give the same rows.

Nobody real is meant. ID numbers begin with region codes that no region has, mobile numbers with prefixes that no operator
uses, and places, banks and products exist nowhere.
"""

import csv
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rules.branches import Agent, Branch, Organisation
from rules.contracts import COLUMNS, PHONE_COLUMNS, district_of
from rules.id_numbers import check_character
from rules.list_columns import UNDECODABLE, BadValue, read_date
from rules.phones import read_phone

# Key of the cell that stands behind the last column of the header, in rows that have one too many.
EXTRA_CELL = ""

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹喻柏窦章苏潘葛范彭鲁韦马方任袁柳史唐薛贺倪汤罗"
)
_GIVEN = {
    "M": "伟强磊军勇杰涛明超刚平辉鹏飞波斌宇浩凯健俊帆峰旭宁栋晨阳睿诚",
    "F": "芳娜敏静丽艳娟霞燕玲桂莉婷雪梅倩颖慧欣怡佳琳洁莹萍岚薇瑶珊月",
}
_STREETS = ("松林路", "望江街", "春晖路", "石桥巷", "银杏大道", "书院街", "南塘路", "听雨巷")
_MOBILE_PREFIXES = ("160", "161", "163", "169")
_MOBILES = 99_999_989  # a prime: multiples of a smaller number never meet within it
_REGIONS = ("470101", "470102", "470103", "470201", "470202", "480101", "480102", "480103", "480201", "480202")
_BIRTHDAYS = 365 * 50  # youngest 21, oldest 71; those over 80 have years of their own
_ID_CYCLE = len(_REGIONS) * _BIRTHDAYS * 999

# code, name, type, terms in years
_BANK_PRODUCTS = (
    ("BP101", "岁岁禾安两全保险（分红型）", "分红型", ("15", "20")),
    ("BP102", "云禾年年年金保险（分红型）", "分红型", ("20", "终身")),
    ("BP103", "百福传承终身寿险（分红型）", "分红型", ("终身",)),
)
_OTHER_PRODUCTS = (
    ("TR201", "安居定期寿险", "普通型", ("20", "30")),
    ("UV301", "禾丰账户终身寿险（万能型）", "万能型", ("终身",)),
    ("UL401", "远帆终身寿险（投资连结型）", "投连型", ("终身",)),
    ("HL501", "康宁守护重大疾病保险", "健康险", ("终身", "30")),
    ("AC601", "行安长期意外伤害保险", "意外险", ("10", "20")),
)
_OTHER_CHANNELS = ("个险", "电销", "网销", "经代")


def generate(
    contracts: int, seed: int, day: date, organisation: Organisation, trouble: bool = False
) -> Iterator[dict[str, str]]:
    """`contracts` rows by English column names, as a list of the business day `day` has them.

    Most are bank-sold participating policies with regular premium. Every hundred rows hold three policyholders with
    one number, one with an agent's, an agent's own policy, two policies of one person, special callbacks, an
    organisation, a short term, a withdrawal. With `trouble` one row in ten, more in a short list, has something wrong,
    and a special callback has no telephone at all.
    """
    rng = random.Random(f"{seed}/{day.isoformat()}")
    counties = [branch for branch in organisation.branches if branch.kind == "COUNTY"]
    sellers: dict[str, list[Agent]] = {}
    for agent in organisation.agents:
        if agent.left_on is None:
            sellers.setdefault(agent.branch, []).append(agent)
    counties = [county for county in counties if county.code in sellers]
    places = _Places(organisation)
    every = max(2, min(10, contracts // len(TROUBLES)))
    row: dict[str, str] = {}
    shared = ""
    for i in range(contracts):
        before, turn = row, i % 100
        county = rng.choice(counties)
        agent = rng.choice(sellers[county.code])
        row = _contract(i, seed, day, rng) | places.of(county, agent)
        row |= _person(i, seed, day, rng, places.address(county, rng), elderly=turn == 88)
        if turn == 11:
            shared = row["mobile"]
        if trouble and i % every == every - 1:
            TROUBLES[i // every % len(TROUBLES)](row, before)
        elif turn in (23, 37):
            row["mobile"] = shared
        elif turn in _CHARACTERS:
            _CHARACTERS[turn](row, before, agent)
            if trouble and turn == 61:
                row |= {"mobile": "", "home_phone": ""}
        yield row


class _Places:
    """Which branch, agent, outlet and address belong together."""

    def __init__(self, organisation: Organisation):
        self._outlets = {outlet.code: outlet.name for outlet in organisation.outlets}
        self._by_code = organisation.by_code

    def of(self, county: Branch, agent: Agent) -> dict[str, str]:
        return {
            "agent_code": agent.code,
            "agent_name": agent.name,
            "agent_phone": (agent.phone or "").removeprefix("+86"),
            "agent_id_no": agent.id_no or "",
            "branch_code": county.code,
            "outlet": self._outlets.get(agent.outlet or "", ""),
        }

    def address(self, county: Branch, rng: random.Random) -> str:
        city = self._by_code[county.parent or ""]
        province = self._by_code.get(city.parent or "", city)
        parts = (f"{_place(province.name)}省", f"{_place(city.name)}市", f"{_place(county.name)}区")
        return f"{''.join(parts)}{rng.choice(_STREETS)}{rng.randrange(1, 300)}号"


def _place(branch_name: str) -> str:
    for ending in ("分公司", "中心支公司", "支公司"):
        branch_name = branch_name.removesuffix(ending)
    return branch_name


def _contract(i: int, seed: int, day: date, rng: random.Random) -> dict[str, str]:
    bank = rng.random() < 0.92
    channel = ("银保" if rng.random() < 0.65 else "银保通") if bank else rng.choice(_OTHER_CHANNELS)
    code, name, kind, terms = rng.choice(_BANK_PRODUCTS if bank or rng.random() < 0.3 else _OTHER_PRODUCTS)
    term = rng.choice(terms)
    single = rng.random() < 0.04
    mode = "趸交" if single else rng.choice(("年交",) * 8 + ("半年交", "季交", "月交"))
    premium = rng.randrange(20, 500) * 100
    row = {
        "policy_no": f"HF{day:%y%m%d}{seed % 1000:03}{i + 1:07}",
        "channel": channel,
        "product_code": code,
        "product_name": name,
        "product_type": kind,
        "policy_term_years": term if term == "终身" else f"{term}年",
        "premium_mode": mode,
        "premium_term_years": "" if single else rng.choice(("3", "5", "10")),
        "premium": f"{premium * (10 if single else 1):,}.00"
        if rng.random() < 0.1
        else str(premium * (10 if single else 1)),
        "sum_insured": str(premium * rng.randrange(8, 15)),
        "cooling_off_days": "20" if rng.random() < 0.05 else "15",
        "traceability": "合格" if rng.random() < 0.8 else "未双录",
        "status": "有效",
        "language": "zh-CN",
    }
    return row | _dates(channel, single, day, rng)


def _dates(channel: str, single: bool, day: date, rng: random.Random) -> dict[str, str]:
    """Receipts signed in the two weeks before; one in ten has none yet; an electronic one is signed on the first day."""
    with_receipt = rng.random() < 0.9
    if with_receipt:
        signed = day - timedelta(rng.randrange(1, 14))
        underwritten = signed - timedelta(rng.randrange(0, 2) if channel == "银保通" else rng.randrange(0, 7))
    else:
        signed = None
        underwritten = day - timedelta(rng.randrange(1, 19))
    last = signed or day
    issued = min(last, underwritten + timedelta(rng.randrange(0, 2)))
    printed = min(last, issued + timedelta(rng.randrange(0, 2)))
    dates = {"underwritten_on": underwritten, "issued_on": issued, "printed_on": printed, "entered_on": issued}
    if signed:
        entered = min(day, signed + timedelta(rng.randrange(0, 2)))
        written_off = min(day, entered + timedelta(rng.randrange(0, 2)))
        dates |= {
            "receipt_signed_on": signed,
            "receipt_entered_on": entered,
            "receipt_written_off_on": written_off,
        }
    if not single:
        dates["next_due_on"] = _a_year_after(underwritten)
    form = "%Y-%m-%d" if rng.random() < 0.9 else "%Y/%m/%d"
    return {name: value.strftime(form) for name, value in dates.items()}


def _a_year_after(day: date) -> date:
    return date(day.year + 1, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)


def _person(i: int, seed: int, day: date, rng: random.Random, address: str, *, elderly: bool) -> dict[str, str]:
    # one in a hundred is elderly: counted by themselves, since their years of birth are fewer
    place = (i // 100 if elderly else i * 104_729 + seed * 7_919) % _ID_CYCLE
    place, sequence = divmod(place, 999)
    region, back = divmod(place, 1_000 if elderly else _BIRTHDAYS)
    born = date(day.year - (84 if elderly else 71), 1, 1) + timedelta(back)
    first = f"{_REGIONS[region % len(_REGIONS)]}{born:%Y%m%d}{sequence + 1:03}"
    id_no = first + check_character(first)
    sex = "M" if (sequence + 1) % 2 else "F"
    name = rng.choice(_SURNAMES) + "".join(rng.choices(_GIVEN[sex], k=rng.choice((1, 2, 2))))
    number = (i + 1) * 76_493 + seed * 7_907
    mobile = _MOBILE_PREFIXES[number // _MOBILES % len(_MOBILE_PREFIXES)] + f"{number % _MOBILES:08}"
    own = rng.random() < 0.7
    return {
        "policyholder_name": name,
        "policyholder_type": "个人",
        "policyholder_sex": "男" if sex == "M" else "女",
        "policyholder_birth_date": born.isoformat(),
        "policyholder_id_type": "身份证",
        "policyholder_id_no": id_no,
        "mobile": mobile,
        "home_phone": f"0309-7{rng.randrange(10**6):06}" if rng.random() < 0.1 else "",
        "address": address,
        "postcode": f"47{rng.randrange(10**4):04}",
        "insured_name": name if own else name[0] + rng.choice(_GIVEN["M"]) + rng.choice(_GIVEN["F"]),
        "insured_id_no": id_no if own else "",
        "relation": "本人" if own else rng.choice(("子女", "配偶")),
        "special_callback": "否",
    }


# ---- rows with a character of their own: place in every hundred → what is special about them ----

_IDENTITY = (
    "policyholder_name", "policyholder_sex", "policyholder_birth_date", "policyholder_id_no", "mobile", "home_phone",
    "address", "postcode",
)  # fmt: skip


def _agents_number(row: dict, _before: Mapping, agent: Agent) -> None:
    row["mobile"] = row["agent_phone"]


def _self_policy(row: dict, _before: Mapping, agent: Agent) -> None:
    number = agent.id_no or ""
    row |= {"policyholder_name": agent.name, "policyholder_id_no": number, "mobile": row["agent_phone"]}
    row |= {"policyholder_birth_date": f"{number[6:10]}-{number[10:12]}-{number[12:14]}"}
    row |= {"policyholder_sex": "男" if int(number[16]) % 2 else "女", "home_phone": ""}
    row |= {"insured_name": agent.name, "insured_id_no": number, "relation": "本人"}


def _same_person(row: dict, before: Mapping, _agent: Agent) -> None:
    row |= {name: before[name] for name in _IDENTITY}
    row |= {"insured_name": row["policyholder_name"], "insured_id_no": row["policyholder_id_no"], "relation": "本人"}


def _special(row: dict, _before: Mapping, _agent: Agent) -> None:
    row["special_callback"] = "是"


def _organisation(row: dict, _before: Mapping, _agent: Agent) -> None:
    row |= {"policyholder_name": "云禾农具合作社", "policyholder_type": "单位", "policyholder_sex": "", "mobile": ""}
    row |= {
        "policyholder_birth_date": "",
        "policyholder_id_type": "其他",
        "policyholder_id_no": "47-ORG-0001",
        "home_phone": "",
    }


def _short_term(row: dict, _before: Mapping, _agent: Agent) -> None:
    row |= {"product_code": "AC602", "product_name": "行安一年期意外伤害保险", "product_type": "意外险"}
    row |= {"policy_term_years": "1年", "premium_mode": "趸交", "premium_term_years": "趸交", "next_due_on": ""}


def _withdrawn(row: dict, _before: Mapping, _agent: Agent) -> None:
    row["status"] = "犹豫期撤单"


def _cantonese(row: dict, _before: Mapping, _agent: Agent) -> None:
    row["language"] = "yue"


def _landline_only(row: dict, _before: Mapping, _agent: Agent) -> None:
    row |= {"home_phone": f"0309-6{row['mobile'][-6:]}", "mobile": ""}


_CHARACTERS: dict[int, Callable[[dict, Mapping, Agent], None]] = {
    41: _agents_number,
    47: _self_policy,
    53: _same_person,
    61: _special,
    67: _special,
    71: _organisation,
    73: _short_term,
    78: _withdrawn,
    83: _cantonese,
    93: _landline_only,
}


# ---- rows of trouble: the row and the one before it ----


def _cell(**cells: str) -> Callable[[dict, Mapping], None]:
    return lambda row, _before: row.update(cells)


def _id_of_15(row: dict, _before: Mapping) -> None:
    number = row["policyholder_id_no"]
    row["policyholder_id_no"] = number[:6] + number[8:17]


def _wrong_check_digit(row: dict, _before: Mapping) -> None:
    number = row["policyholder_id_no"]
    row["policyholder_id_no"] = number[:17] + ("2" if number[17] == "1" else "1")


def _other_birthday(row: dict, _before: Mapping) -> None:
    born = date.fromisoformat(row["policyholder_birth_date"])
    row["policyholder_birth_date"] = (born + timedelta(1)).isoformat()


def _other_sex(row: dict, _before: Mapping) -> None:
    row["policyholder_sex"] = "女" if row["policyholder_sex"] == "男" else "男"


def _repeated(row: dict, before: Mapping) -> None:
    row["policy_no"] = before["policy_no"]


def _receipt_before_underwriting(row: dict, _before: Mapping) -> None:
    underwritten = date.fromisoformat(row["underwritten_on"].replace("/", "-"))
    row["receipt_signed_on"] = (underwritten - timedelta(3)).isoformat()


def _digit_too_many(row: dict, _before: Mapping) -> None:
    row["mobile"] = f"{row['mobile'] or '16012345678'}0"


def _garbled_address(row: dict, _before: Mapping) -> None:
    row["address"] = row["address"][:-2] + UNDECODABLE * 2


def _long_address(row: dict, _before: Mapping) -> None:
    row["address"] += "后门左转再右转" * 80


TROUBLES: tuple[Callable[[dict, Mapping], None], ...] = (
    _cell(policyholder_name=""),
    _cell(mobile="", home_phone="", office_phone="无", special_callback="否"),
    _cell(underwritten_on="2026-02-30"),
    _cell(receipt_entered_on="45922"),
    _cell(premium="￥12000"),
    _cell(policy_term_years="至70岁"),
    _cell(channel="柜面"),
    _cell(traceability="已补"),
    _id_of_15,
    _wrong_check_digit,
    _other_birthday,
    _other_sex,
    _digit_too_many,
    _cell(branch_code="86999999"),
    _repeated,
    _receipt_before_underwriting,
    _long_address,
    _garbled_address,
    _cell(**{EXTRA_CELL: "00"}),
    _cell(policyholder_name=f"欧阳{UNDECODABLE}", mobile="400-000-0000", home_phone=""),
)


# ---- what a simulated customer knows, and files ----


def facts(row: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Number (E.164) → who answers there: `name`, `birth_date`, `id_last4`, `district`, `receipt_signed_on`, as far as the row
    tells."""
    known = {
        "name": row.get("policyholder_name", ""),
        "birth_date": row.get("policyholder_birth_date", ""),
        "id_last4": row.get("policyholder_id_no", "")[-4:],
        "district": district_of(row.get("address")) or "",
        "receipt_signed_on": _day(row.get("receipt_signed_on", "")),
    }
    known = {name: value for name, value in known.items() if value and UNDECODABLE not in value}
    phones = (read_phone(row[name]) for name in PHONE_COLUMNS if row.get(name))
    return {phone.e164: known for phone in phones if phone}


def _day(text: str) -> str:
    """As ISO, however the list writes it; empty where it writes no date."""
    try:
        return read_date(text).isoformat()
    except BadValue:
        return ""


def write_list(path: Path, rows: Iterator[dict[str, str]]) -> int:
    """Chinese headers; `.xlsx` by the ending, else CSV in UTF-8 with BOM. Returns the number of rows.

    What is UNDECODABLE in a row becomes bytes that are no text in CSV. The file appears when it is complete.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        count = (_write_xlsx if path.suffix.lower() == ".xlsx" else _write_csv)(beside, rows)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return count


_NAMES = tuple(column.name for column in COLUMNS)
_HEADER = [column.label_zh for column in COLUMNS]


def _cells(row: Mapping[str, str]) -> list[str]:
    cells = [row.get(name, "") for name in _NAMES]
    return [*cells, row[EXTRA_CELL]] if EXTRA_CELL in row else cells


def _write_csv(path: Path, rows: Iterator[dict[str, str]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        writer: Any = csv.writer(file)
        writer.writerow(_HEADER)
        for row in rows:
            count += 1
            # 0xFF is no byte of UTF-8; surrogateescape writes it as it is
            writer.writerow([cell.replace(UNDECODABLE, "\udcff") for cell in _cells(row)])
    return count


def _write_xlsx(path: Path, rows: Iterator[dict[str, str]]) -> int:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("清单")
    sheet.append(_HEADER)
    count = 0
    for row in rows:
        count += 1
        sheet.append([cell or None for cell in _cells(row)])
    book.save(path)
    return count
