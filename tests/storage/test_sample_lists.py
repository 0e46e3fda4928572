"""Invented lists: reproducible, free of real people, and with every kind of trouble where it is asked for."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.sample_list import DEMO_DAY, SAMPLE_ORGANISATION, sample_list
from rules.contracts import PROBLEM_CODES, equal, identity_elements, person_key, read_rows, usable_phones
from rules.list_columns import cells_from_json
from rules.phones import read_phone
from storage.branch_files import read_organisation
from storage.list_files import open_list
from storage.sample_lists import EXTRA_CELL, TROUBLES, facts, generate

DAY = date.fromisoformat(DEMO_DAY)
TREE = read_organisation(SAMPLE_ORGANISATION)
SAMPLE = SAMPLE_ORGANISATION.with_name("contracts.csv")


def read(path: Path):
    with open_list(path) as opened:
        return list(read_rows(opened.rows(), today=DAY, branch_codes=TREE.policy_codes))


def written(tmp_path: Path, *arguments: str, name: str = "list.csv") -> Path:
    out = tmp_path / name
    done = CliRunner().invoke(sample_list, [*arguments, "-o", str(out)])
    assert done.exit_code == 0, done.output
    return out


def test_the_committed_sample_is_what_the_command_writes(tmp_path):
    assert written(tmp_path, "--contracts", "200", "--seed", "7", "--trouble").read_bytes() == SAMPLE.read_bytes()


def test_the_committed_sample_has_every_problem_code_in_about_twenty_rows():
    rows = read(SAMPLE)
    assert len(rows) == 200
    assert {problem.code for row in rows for problem in row.problems} == set(PROBLEM_CODES)
    severities = Counter(severity for row in rows for severity in {problem.severity for problem in row.problems})
    assert severities == {"rejected": 7, "warning": 16}
    assert sum(row.rejected for row in rows) == 7


@pytest.mark.parametrize("contracts", [40, 67, 99, 130, 171, 190, 205, 400])
def test_a_list_of_any_size_has_every_trouble(contracts):
    rows = generate(contracts, 3, DAY, TREE, trouble=True)
    numbered = ((line, row, EXTRA_CELL in row) for line, row in enumerate(rows, start=2))
    found = {
        problem.code
        for row in read_rows(numbered, today=DAY, branch_codes=TREE.policy_codes)
        for problem in row.problems
    }
    assert found == set(PROBLEM_CODES)
    assert len(TROUBLES) == 20


def test_a_list_without_trouble_has_no_problem_and_every_character():
    cells = list(generate(1000, 1, DAY, TREE))
    rows = list(read_rows(((i, row, False) for i, row in enumerate(cells)), today=DAY, branch_codes=TREE.policy_codes))
    assert [row.problems for row in rows if row.problems] == []
    contracts = [row.contract for row in rows]
    assert len({one.policy_no for one in contracts}) == 1000
    assert {one.channel for one in contracts} == {
        "AGENCY",
        "BANCASSURANCE",
        "BANK_DIRECT",
        "TELEMARKETING",
        "ONLINE",
        "BROKERAGE",
    }
    assert Counter(row.scope for row in rows) == {
        "IN_SCOPE": 970,
        "ORGANISATION": 10,
        "SHORT_TERM": 10,
        "WITHDRAWN": 10,
    }
    bank = [
        one
        for one in contracts
        if one.channel in ("BANCASSURANCE", "BANK_DIRECT") and one.product_type == "PARTICIPATING"
    ]
    assert sum(one.premium_mode != "SINGLE" for one in bank) > 820
    holders: dict[str, set[str]] = {}
    for one in contracts:
        for number in usable_phones(one):
            holders.setdefault(number, set()).add(person_key(one, DAY))
    assert sum(len(people) >= 3 for people in holders.values()) >= 10
    agents = {agent.phone: agent for agent in TREE.agents}
    on_agents_number = [one for one in contracts if one.mobile in agents]
    own = [one for one in on_agents_number if one.policyholder_id_no == agents[one.mobile].id_no]
    assert (len(on_agents_number), len(own)) == (20, 10)
    assert sum(count == 2 for count in Counter(person_key(one, DAY) for one in contracts).values()) >= 10
    assert sum(bool(one.special_callback) for one in contracts) == 20
    assert sum(one.language == "yue" for one in contracts) == 10
    assert (
        sum(one.policyholder_birth_date is not None and one.policyholder_birth_date.year < 1946 for one in contracts)
        == 10
    )
    assert 50 < sum(one.receipt_signed_on is None for one in contracts) < 150
    assert all(one.receipt_signed_on is None or 1 <= (DAY - one.receipt_signed_on).days < 14 for one in contracts)


def test_nobody_real_is_meant():
    for row in generate(500, 2, DAY, TREE, trouble=True):
        for phone in (read_phone(row.get(name, "")) for name in ("mobile", "home_phone", "office_phone")):
            assert (
                phone is None
                or phone.e164[3:6] in ("160", "161", "163", "164", "169")
                or phone.national.startswith("0309")
            )
            assert phone is None or not phone.e164.startswith("+86188")
        assert row["policyholder_id_no"][:2] in ("47", "48", "49")


def test_the_same_seed_gives_the_same_rows_and_another_one_others():
    def policies(seed, contracts=50):
        return [tuple(row.items()) for row in generate(contracts, seed, DAY, TREE)]

    assert policies(5) == policies(5) == policies(5, 80)[:50]
    assert not set(policies(5)) & set(policies(6))


def test_the_customers_know_who_they_are():
    for row in generate(100, 4, DAY, TREE):
        (contract,) = [
            found.contract
            for found in read_rows([(2, row, False)], today=DAY, branch_codes=None)
            if found.scope == "IN_SCOPE"
        ] or [None]
        if contract is None:
            continue
        told = facts(row)
        assert tuple(told) == tuple(number.partition(";")[0] for number in usable_phones(contract))
        for known in told.values():
            signed = contract.receipt_signed_on
            assert known.get("receipt_signed_on") == (signed.isoformat() if signed else None)
            who = {name: fact for name, fact in known.items() if name != "receipt_signed_on"}
            assert who == {"name": contract.policyholder_name} | identity_elements(contract, DAY)


def test_csv_xlsx_and_json_give_equal_contracts(tmp_path):
    arguments = ("--contracts", "60", "--seed", "9", "--trouble")
    as_csv = read(written(tmp_path, *arguments))
    as_xlsx = read(written(tmp_path, *arguments, name="list.XLSX"))
    as_json = list(
        read_rows(
            (
                (line, cells_from_json(json.loads(json.dumps(row))), EXTRA_CELL in row)
                for line, row in enumerate(generate(60, 9, DAY, TREE, True), start=2)
            ),
            today=DAY,
            branch_codes=TREE.policy_codes,
        )
    )
    for other in (as_xlsx, as_json):
        assert [row.problems for row in other] == [row.problems for row in as_csv]
        for one, two in zip(as_csv, other, strict=True):
            assert one.rejected == two.rejected
            assert one.rejected or equal(one.contract, two.contract)


def test_the_command_answers_with_the_number_of_rows(tmp_path):
    out = tmp_path / "x.csv"
    done = CliRunner().invoke(sample_list, ["--contracts", "3", "--seed", "1", "-o", str(out), "--json"])
    assert json.loads(done.output) == {"rows": 3}
    assert len(out.read_text("utf-8-sig").splitlines()) == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ["--contracts", "3"],
        ["-o", "x.csv"],
        ["--contracts", "3", "-o", "x.txt"],
        ["--contracts", "2000000", "-o", "x.xlsx"],
        ["--contracts", "-1", "-o", "x.csv"],
    ],
)
def test_wrong_use(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(sample_list, arguments).exit_code == 2
    assert list(tmp_path.iterdir()) == []
