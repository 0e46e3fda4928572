"""Telephone numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.phones import PhoneDiagnosis, diagnose, read_phone

MOBILE = "+8613800138000"
BEIJING = "+861065550000"


@pytest.mark.parametrize(
    ("text", "normal", "kind"),
    [
        ("13800138000", MOBILE, "mobile"),
        ("138 0013 8000", MOBILE, "mobile"),
        ("138-0013-8000", MOBILE, "mobile"),
        ("+86-13800138000", MOBILE, "mobile"),
        ("+8613800138000", MOBILE, "mobile"),
        ("0086 13800138000", MOBILE, "mobile"),
        ("013800138000", MOBILE, "mobile"),
        ("(+86)138-0013-8000", MOBILE, "mobile"),
        ("１３８００１３８０００", MOBILE, "mobile"),
        ("+86 013800138000", MOBILE, "mobile"),
        ("13800138000-801", f"{MOBILE};ext=801", "mobile"),
        ("01065550000", BEIJING, "landline"),
        ("010-65550000", BEIJING, "landline"),
        ("（010）6555 0000", BEIJING, "landline"),
        ("010-6555-0000", BEIJING, "landline"),
        ("+86 10 6555 0000", BEIJING, "landline"),
        ("010-65550000-801", f"{BEIJING};ext=801", "landline"),
        ("010-65550000转801", f"{BEIJING};ext=801", "landline"),
        ("01065550000 分机 801", f"{BEIJING};ext=801", "landline"),
        ("01065550000ext.801", f"{BEIJING};ext=801", "landline"),
        ("01065550000 EXT 801", f"{BEIJING};ext=801", "landline"),
        ("0571-5550000-1", "+865715550000;ext=1", "landline"),
        ("0571-8555-0000", "+8657185550000", "landline"),
        ("0571 85550000", "+8657185550000", "landline"),
        ("0309123456", "+86309123456", "landline"),  # 0 and nine further digits
        *((f"138{dash}0013{dash}8000", MOBILE, "mobile") for dash in "－—–‐‑−"),
        *((f"010{dash}65550000{dash}801", f"{BEIJING};ext=801", "landline") for dash in "－—–‐‑−"),
        ("＋8613800138000", MOBILE, "mobile"),
        ("01065550000；ext＝801", f"{BEIJING};ext=801", "landline"),
        ("01065550000ext．801", f"{BEIJING};ext=801", "landline"),
        ("-010-65550000-", BEIJING, "landline"),
        ("01065550000转-801-", f"{BEIJING};ext=801", "landline"),
        ("01065550000ext123456", f"{BEIJING};ext=123456", "landline"),  # as long as an extension may be
        ("010-65550000-123456", f"{BEIJING};ext=123456", "landline"),
        ("138-0013-8000-1", f"{MOBILE};ext=1", "mobile"),
        ("+86 571 8555 0000", "+8657185550000", "landline"),
        ("0309-12345-6", "+86309123456", "landline"),  # in front of the last dash there is no number yet
        ("030-9123456-1", "+863091234561", "landline"),  # nor one of the numbering plan
        ("0571-855-50000-1", "+8657185550000;ext=1", "landline"),
    ],
)
def test_a_number_has_one_normal_form(text, normal, kind):
    phone = read_phone(text)
    assert phone is not None
    assert (phone.text, phone.kind) == (normal, kind)
    assert diagnose(text) == PhoneDiagnosis(text, normal, None)


@pytest.mark.parametrize(
    ("text", "national", "extension"),
    [
        ("13800138000", "13800138000", None),
        ("+86 138 0013 8000", "13800138000", None),
        ("010-65550000-801", "01065550000", "801"),
        ("+86 10 6555 0000", "01065550000", None),
    ],
)
def test_how_it_is_dialled_inside_the_country(text, national, extension):
    phone = read_phone(text)
    assert (phone.national, phone.extension) == (national, extension)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "EMPTY"),
        ("--", "EMPTY"),
        ("　 ", "EMPTY"),
        ("不方便", "NOT_A_NUMBER"),
        ("1380013800O", "NOT_A_NUMBER"),
        ("13800138000/13900139000", "NOT_A_NUMBER"),
        ("1380013800", "TOO_SHORT"),
        ("+861380013800", "TOO_SHORT"),  # a mobile that lost a digit is no landline
        ("65550000", "TOO_SHORT"),
        ("138001380001", "TOO_LONG"),
        ("8613800138000", "TOO_LONG"),  # only +86 and 0086 are folded away
        ("0571855500001", "TOO_LONG"),
        ("12345678901", "IMPOSSIBLE"),
        ("571-85550000", "IMPOSSIBLE"),  # only from abroad the area code stands without its 0
        ("123456", "TOO_SHORT"),
        ("00000000000", "IMPOSSIBLE"),
        ("400-123-4567", "SWITCHBOARD"),
        ("4001234567", "SWITCHBOARD"),
        ("+86 400 123 4567", "SWITCHBOARD"),
        ("95000", "SWITCHBOARD"),
        ("+14155550100", "FOREIGN"),
        ("010-65550000转", "IMPOSSIBLE"),
        ("01065550000ext1234567", "IMPOSSIBLE"),
        ("01065550000转1转2", "IMPOSSIBLE"),
        ("+1234567", "TOO_SHORT"),  # too few digits for any country
        ("+12345678", "FOREIGN"),
        ("0012345678", "FOREIGN"),
        ("+00000000", "TOO_SHORT"),  # nothing but noughts is of no country
        ("1234567890", "TOO_SHORT"),
        ("2065550000", "IMPOSSIBLE"),  # ten digits may be a landline
        ("206555000", "TOO_SHORT"),
        ("206555000011", "IMPOSSIBLE"),  # and twelve
        ("2065550000112", "TOO_LONG"),
    ],
)
def test_what_is_wrong_with_a_number(text, problem):
    assert read_phone(text) is None
    diagnosis = diagnose(text)
    assert (diagnosis.given, diagnosis.normalised) == (text, None)
    assert diagnosis.problem == problem


@given(st.text(alphabet="0123456789+- ()转ext.;=－", max_size=24))
def test_the_normal_form_reads_back_as_itself(text):
    phone = read_phone(text)
    if phone is not None:
        assert read_phone(phone.text) == phone


@given(st.text(max_size=30))
def test_anything_gets_an_answer(text):
    diagnosis = diagnose(text)
    assert (diagnosis.normalised is None) == (diagnosis.problem is not None)
