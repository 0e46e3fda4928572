"""`huifang measures`: the figures of a file, in text and JSON."""

import json

import pytest

from cli.main import root
from cli.output import invoke


def policy(n, *results, **more):
    return {
        "policy_no": f"P{n}",
        "policyholder_id": f"H{n}",
        "branch": f"B{n % 2}",
        "policyholder_type": "PERSON",
        "policy_term_years": 20,
        "receipt_signed_on": "2026-09-10",
        "nominal_end": "2026-09-25",
        "results": list(results),
        **more,
    }


def result(day="2026-09-20", class_="STANDARD", completed=True, by="HEAD_OFFICE", **more):
    return {"at": f"{day}T10:00:00+08:00", "by": by, "method": "PHONE", "class": class_, "completed": completed, **more}


@pytest.fixture
def measures(capsys, tmp_path):
    """(exit code, document or message) for the callbacks of a file."""

    def run(document, *options):
        file = tmp_path / "callbacks.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        code = invoke(root, ["--lang", "en", "measures", str(file), "--json", *options])
        out = capsys.readouterr()
        return code, json.loads(out.out) if code == 0 else out.err

    return run


def test_ac_27(measures):
    rows = [policy(n, withdrawn_on="2026-09-12") for n in range(20)]
    rows += [policy(n, result(class_="VERIFICATION", completed=False, reason="UNREACHABLE")) for n in range(50)]
    rows += [policy(n, result(class_="QUESTION" if n < 30 else "STANDARD")) for n in range(870)]
    rows += [policy(n, result("2026-09-24" if n < 20 else "2026-09-28", by="BRANCH")) for n in range(80)]
    code, found = measures({"as_of": "2026-10-31", "callbacks": rows})
    assert code == 0
    assert (found["due"], found["excluded"], found["excluded_by"]) == (1020, 20, {"withdrawn": 20})
    assert (found["denominator"], found["completed"], found["clean"], found["in_window"]) == (1000, 950, 920, 890)
    assert found["completed_rate"] == "95.0"
    assert found["clean_success_rate"] == "92.0"
    assert found["in_window_rate"] == "89.0"
    assert found["success_rate"] == "95.0"
    clean = {"kpi.success_definition": "CLEAN"}
    assert measures({"as_of": "2026-10-31", "callbacks": rows, "params": clean})[1]["success_rate"] == "92.0"
    assert found["completed_by"] == {"head_office": 870, "branch": 80}
    assert set(found["by_branch"]) == {"B0", "B1"}
    assert sum(part["completed"] for part in found["by_branch"].values()) == 950
    assert all(part["completed_rate"] for part in found["by_branch"].values())


def test_reasons_and_flags_one_or_several(measures):
    rows = [
        policy(1, result(class_="SUB_STANDARD", reason="NOT_KNOWN_AS_INSURANCE")),
        policy(2, result(class_="QUESTION", reason=["SIGNATURE_UNSURE", "FEES_UNCLEAR"])),
        policy(3, result(flag="CONTACT_DATA_WRONG")),
        policy(4, result(class_="VERIFICATION", completed=False, reason="PHONE_SHARED")),
    ]
    _, found = measures({"as_of": "2026-10-31", "callbacks": rows})
    assert (found["sales_question_share"], found["data_truth_rate"]) == ("66.7", "50.0")


@pytest.mark.parametrize(
    ("row", "completed", "in_window"),
    [
        (policy(1, result(valid=False)), 0, 0),
        (policy(1, result("2026-09-09")), 0, 0),  # before the signature, the supplementary one is missing
        (policy(1, result("2026-09-09"), result("2026-09-27")), 1, 0),
        (policy(1, result("2026-11-01")), 0, 0),  # not known yet
        (policy(1, result("2026-09-25")), 1, 1),
        (policy(1, result("2026-09-26")), 1, 0),
        (policy(1, result(), receipt_signed_on=None), 1, 1),
        (policy(1, result(), receipt_signed_on=None, nominal_end=None), 1, 0),
        (policy(1, {**result(), "at": "2026-09-25T16:30:00+00:00"}), 1, 0),  # half past midnight of the 26th here
    ],
)
def test_what_counts(measures, row, completed, in_window):
    _, found = measures({"as_of": "2026-10-31", "callbacks": [row]})
    assert (found["denominator"], found["completed"], found["in_window"]) == (1, completed, in_window)


def test_out_of_scope_is_not_due(measures):
    rows = [
        policy(1, policyholder_type="ORGANISATION"),
        policy(2, policy_term_years=1),
        policy(3, policy_term_years="WHOLE_LIFE"),
    ]
    _, found = measures({"as_of": "2026-10-31", "callbacks": rows})
    assert (found["due"], found["completed_rate"], found["sales_question_share"]) == (1, "0.0", None)


def test_the_rows_behind_each_figure(measures):
    rows = [policy(1, result()), policy(2, result("2026-09-28", "QUESTION")), policy(3, death_known_on="2026-09-11")]
    _, found = measures({"as_of": "2026-10-31", "callbacks": rows}, "--rows")
    behind = found["rows"]
    assert behind == {
        "due": ["P1", "P2", "P3"],
        "excluded": ["P3"],
        "denominator": ["P1", "P2"],
        "completed": ["P1", "P2"],
        "clean": ["P1"],
        "in_window": ["P1"],
        "sales_question": [],
        "untrue_data": [],
        "overridden": [],
    }
    assert all(len(behind[name]) == found[name] for name in ("due", "excluded", "completed", "clean", "in_window"))


def test_channels_and_agents_where_the_file_tells_them(measures):
    rows = [policy(n, result(), channel="AGENCY" if n else "ONLINE", agent=f"A{n}") for n in range(3)]
    _, found = measures({"as_of": "2026-10-31", "callbacks": rows})
    assert {name: part["due"] for name, part in found["by_channel"].items()} == {"AGENCY": 2, "ONLINE": 1}
    assert set(found["by_agent"]) == {"A0", "A1", "A2"}
    _, plain = measures({"as_of": "2026-10-31", "callbacks": [policy(1)]})
    assert "by_channel" not in plain


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{", "not JSON"),
        ([], "as_of and callbacks"),
        ({"callbacks": []}, "as_of is missing"),
        ({"as_of": "2026-10-31"}, "callbacks is missing"),
        ({"as_of": "31.10.", "callbacks": []}, "as_of"),
        ({"as_of": "2026-10-31", "callbacks": [{}]}, "callbacks[0]: policy_no"),
        ({"as_of": "2026-10-31", "callbacks": [policy(1, nominal_end="soon")]}, "callbacks[0]: nominal_end"),
        (
            {"as_of": "2026-10-31", "callbacks": [policy(1, result(class_="GOOD"))]},
            "results[0].class is one of STANDARD",
        ),
        ({"as_of": "2026-10-31", "callbacks": [policy(1, result(by="ME"))]}, "HEAD_OFFICE, BRANCH"),
        ({"as_of": "2026-10-31", "callbacks": [policy(1, result(completed="yes"))]}, "completed is true or false"),
    ],
)
def test_wrong_files(measures, document, words):
    code, message = measures(document)
    assert code == 2 and words in message


def test_people_read_it_in_both_languages(capsys, tmp_path):
    file = tmp_path / "callbacks.json"
    file.write_text(json.dumps({"as_of": "2026-10-31", "callbacks": [policy(1, result())]}))
    for lang, words in (("zh", "完成率 %: 100.0"), ("en", "completed rate %: 100.0")):
        assert invoke(root, ["--lang", lang, "measures", str(file), "--rows"]) == 0
        assert words in capsys.readouterr().out
