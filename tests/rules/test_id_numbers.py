"""Resident identity numbers; the first is the example of the national standard, the others are invented."""

from datetime import date

import pytest

from rules.id_numbers import birth_date, check_character, check_digit_holds, fold, is_valid, sex

TODAY = date(2026, 9, 24)
WOMAN, MAN = "11010519491231002X", "110105194912310011"


@pytest.mark.parametrize(
    "text", ["11010519491231002x", " 110105 19491231 002X ", "11010519491231002Ｘ", "11010519491231002ｘ"]
)
def test_however_it_is_written(text):
    assert fold(text) == WOMAN


@pytest.mark.parametrize("number", [WOMAN, MAN])
def test_a_number_tells_its_day_of_birth_and_its_check_digit(number):
    assert check_digit_holds(number) and is_valid(number, TODAY)
    assert check_character(number[:17]) == number[17]
    assert birth_date(number) == date(1949, 12, 31)


def test_the_seventeenth_digit_tells_the_sex():
    assert (sex(WOMAN), sex(MAN)) == ("F", "M")


@pytest.mark.parametrize("place", range(17))
def test_one_wrong_digit_is_always_found(place):
    wrong = str((int(WOMAN[place]) + 1) % 10)
    assert not check_digit_holds(WOMAN[:place] + wrong + WOMAN[place + 1 :])


@pytest.mark.parametrize("first", [f"11010519491231{n:03}" for n in range(40)])
def test_exactly_one_check_character_fits(first):
    assert sum(check_digit_holds(first + last) for last in "0123456789X") == 1
    assert check_digit_holds(first + check_character(first))


# by hand: the sum of the weighted digits, its remainder of 11, its place in 10X98765432
@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("1" * 17, "0"),  # 100 leaves 1
        ("12345678901234567", "7"),  # 368 leaves 5
        ("0" * 17, "1"),
        ("0" * 16 + "1", "X"),  # 2
    ],
)
def test_every_digit_has_its_weight(first, last):
    assert check_character(first) == last


@pytest.mark.parametrize(
    "number", ["", WOMAN[:17], WOMAN + "0", "１10105194912310011", "1101051949123100X1", WOMAN.lower(), "abc"]
)
def test_what_is_no_number_at_all(number):
    assert not check_digit_holds(number)
    assert not is_valid(number, TODAY)


def test_a_day_that_does_not_exist_or_has_not_come():
    impossible = "11010519490231001"
    impossible += check_character(impossible)
    assert birth_date(impossible) is None
    assert not is_valid(impossible, TODAY)
    newborn = "11010520260924001"
    newborn += check_character(newborn)
    assert is_valid(newborn, TODAY)
    assert not is_valid(newborn, date(2026, 9, 23))
