import pytest

from rules.recording_checks import Sound, recording_problem


def sound(seconds=120.0, channels=2, loudness=(-20.0, -25.0)):
    return Sound(seconds, channels, 8000, loudness)


@pytest.mark.parametrize(
    ("measured", "reported", "call", "problem"),
    [
        (sound(), 120, 121, None),
        (sound(), 120, None, None),
        (sound(), None, None, None),
        (sound(loudness=(-20.0, -120.0)), 120, 120, None),  # the customer never spoke
        (sound(channels=1, loudness=(-20.0,)), 120, 120, "NOT_TWO_CHANNELS"),
        (sound(seconds=0), 120, 120, "EMPTY"),
        (sound(loudness=(-120.0, -90.0)), 120, 120, "SILENT"),
        (sound(seconds=100), 120, 121, "OTHER_LENGTH"),
        (sound(seconds=122.9), 120, 120, None),
        (sound(seconds=123.1), 120, None, "OTHER_LENGTH"),
        (sound(seconds=60), 60, 120, "SHORTER_THAN_CALL"),
        (sound(seconds=130), 130, 120, "LONGER_THAN_CALL"),
        (sound(seconds=609), 600, None, None),  # two per cent of a long call
        (sound(seconds=612), 600, None, None),
        (sound(seconds=612.1), 600, None, "OTHER_LENGTH"),
        (sound(seconds=123), 120, 120, None),  # three seconds either way
        (sound(seconds=117), 120, 120, None),
        (sound(seconds=116.9), None, 120, "SHORTER_THAN_CALL"),
        (sound(seconds=123.1), None, 120, "LONGER_THAN_CALL"),
        (sound(seconds=0.5), None, None, None),
        (sound(seconds=-1), None, None, "EMPTY"),
        (sound(loudness=(-55.0, -90.0)), None, None, None),  # as quiet as a voice may be
        (sound(loudness=(-90.0, -55.1)), None, None, "SILENT"),
        (sound(channels=3, loudness=(-20.0,) * 3), None, None, "NOT_TWO_CHANNELS"),
    ],
)
def test_a_recording_is_this_calls_or_it_is_told_why_not(measured, reported, call, problem):
    assert recording_problem(measured, reported_seconds=reported, call_seconds=call) == problem
