"""What is left of personal data on a page."""

import pytest

from desk import masking


@pytest.mark.parametrize(
    ("value", "masked"),
    [("王芳", "王*"), ("王小芳", "王*芳"), ("欧阳小芳", "欧**芳"), ("王", "王*"), ("", ""), ("Anna Liu", "A***")],
)
def test_names(value, masked):
    assert masking.name(value) == masked


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("+8613800138000", "138****8000"),
        ("13800138000", "138****8000"),
        ("+862012345678", "020****5678"),
        ("+862012345678;ext=801", "020****5678"),
        ("1380", "****"),
        ("看不懂", ""),
        ("", ""),
    ],
)
def test_telephones(value, masked):
    assert masking.phone(value) == masked


@pytest.mark.parametrize(("value", "masked"), [("110105196003050021", "110***************"), ("E12", "E12"), ("", "")])
def test_identity_numbers_hide_what_a_caller_asks_for(value, masked):
    assert masking.identity(value) == masked


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("我的电话是13900000000", "我的电话是***********"),
        ("一三九零零零零零零零零", "***********"),
        ("三年，交了10000", "三年，交了*****"),
        ("第2次", "第2次"),
    ],
)
def test_long_numbers_are_taken_out_of_free_text(value, masked):
    assert masking.long_numbers(value) == masked
