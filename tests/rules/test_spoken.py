from datetime import date, datetime

import pytest

from rules.calendar import SHANGHAI
from rules.spoken_numbers import masked, read_birth_date, read_digits, read_mobile
from rules.spoken_times import read_time

NOW = datetime(2026, 9, 24, 10, 20, tzinfo=SHANGHAI)  # a Thursday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天下午三点", "2026-09-24 15:00"),
        ("明天上午十点", "2026-09-25 10:00"),
        ("晚上七点半", "2026-09-24 19:30"),
        ("后天中午十二点", "2026-09-26 12:00"),
        ("明天下午", "2026-09-25 15:00"),
        ("下午3点15分", "2026-09-24 15:15"),
        ("三点一刻", "2026-09-24 15:15"),
        ("今晚八点", "2026-09-24 20:00"),
        ("周六上午九点", "2026-09-26 09:00"),
        ("下周一上午十点", "2026-09-28 10:00"),
        ("九月二十八号下午两点", "2026-09-28 14:00"),
        ("28号下午4点", "2026-09-28 16:00"),
        ("过两个小时", "2026-09-24 12:20"),
        ("半小时以后", "2026-09-24 10:50"),
        ("一个半小时后", "2026-09-24 11:50"),
        ("上午九点", "2026-09-25 09:00"),  # nine has passed: tomorrow's
        ("今天上午九点", None),  # named, and passed
        ("一会儿", None),
        ("随便", None),
        ("明天", None),  # a day alone is no time
        ("嗯", None),
        ("", None),
    ],
)
def test_times(text, expected):
    wanted = datetime.fromisoformat(expected).replace(tzinfo=SHANGHAI) if expected else None
    assert read_time(text, NOW) == wanted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("19800305", date(1980, 3, 5)),
        ("一九八零年三月五号", date(1980, 3, 5)),
        ("1980年3月5日", date(1980, 3, 5)),
        ("八零年三月五号", date(1980, 3, 5)),
        ("我是一九六二年十二月二十一日出生的", date(1962, 12, 21)),
        ("一九八〇〇三〇五", date(1980, 3, 5)),
        ("1980 03 05", date(1980, 3, 5)),
        ("19800230", None),
        ("1980", None),
        ("不告诉你", None),
    ],
)
def test_birth_dates(text, expected):
    assert read_birth_date(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1234", "1234"),
        ("幺二三四", "1234"),
        ("八八一叉", "881X"),
        ("123*", "123X"),
        ("123x", "123X"),
        ("12345", None),
        ("12", None),
        ("X123", None),
    ],
)
def test_last_four(text, expected):
    assert read_digits(text, 4) == expected


def test_a_mobile_number_inside_a_sentence():
    assert read_mobile("你打他手机幺三八零零一三八零零零") == "13800138000"
    assert read_mobile("二零二六年") is None


@pytest.mark.parametrize("text", ["打138 0013 8000", "幺三八零零一三八零零零", "身份证110101198003051234"])
def test_numbers_are_hidden_in_what_is_kept(text):
    assert "＊" in masked(text) and "13800138000" not in masked(text)


def test_small_numbers_stay():
    assert masked("每年交一万，十五天") == "每年交一万，十五天"
