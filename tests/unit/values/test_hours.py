from __future__ import annotations

import pytest

from pycrm import CalendarError
from pycrm.values.hours import read_day, read_week

HOUR = 3600
NINE_TO_FIVE = ((9 * HOUR, 17 * HOUR),)


def test_day_has_shifts_in_order() -> None:
    """Shifts are taken in any order and kept in that of the day."""
    assert read_day("13:30-18:00 9:00-12:00") == ((9 * HOUR, 12 * HOUR), (13 * HOUR + 1800, 18 * HOUR))


def test_night_shift_ends_next_day() -> None:
    """A shift that ends before it begins runs into the next day."""
    assert read_day("22:00-06:00") == ((22 * HOUR, 30 * HOUR),)


@pytest.mark.parametrize("text", ["18:00-24:00", "18:00-00:00"])
def test_shift_may_end_at_midnight(text: str) -> None:
    """Midnight is the end of the day, by either name."""
    assert read_day(text) == ((18 * HOUR, 24 * HOUR),)


def test_seconds_are_taken() -> None:
    """Hours are exact to the second."""
    assert read_day("08:00:30-08:00:31") == ((8 * HOUR + 30, 8 * HOUR + 31),)


def test_empty_text_is_free() -> None:
    """A day or week without hours is free."""
    assert read_day(" ") == ()
    assert read_week("") == ((),) * 7


def test_shifts_may_touch() -> None:
    """One shift may begin as another ends."""
    assert len(read_day("08:00-12:00 12:00-16:00")) == 2


@pytest.mark.parametrize(
    ("text", "worked"),
    [
        ("mon-fri 09:00-17:00", "1111100"),
        ("mon,wed , sat 09:00-17:00", "1010010"),
        ("Sat - Mon 09:00-17:00", "1000011"),
        ("mon tue 09:00-17:00; sun 09:00-17:00;", "1100001"),
        ("mon 09:00-17:00\ntue 09:00-17:00", "1100000"),
        ("mon-sun 09:00-17:00", "1111111"),
    ],
)
def test_week_names_days(text: str, worked: str) -> None:
    """Days are named one by one or from one to another, over the end of the week too."""
    assert read_week(text) == tuple(NINE_TO_FIVE if day == "1" else () for day in worked)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("9-17", "a shift is written like 09:00-12:00"),
        ("09:00–17:00", "a shift is written like"),
        ("09:00-25:00", "times of day go from 00:00 to 24:00"),
        ("24:30-25:00", "times of day go from"),
        ("09:60-10:00", "times of day go from"),
        ("09:00-09:00", "it has no length; a whole day is 00:00-24:00"),
        ("24:00-06:00", "it has no length"),
        ("09:00-12:00 11:59-13:00", "two of its shifts overlap"),
        ("00:00-24:00 08:00-09:00", "two of its shifts overlap"),
    ],
)
def test_unreadable_day_is_refused(text: str, reason: str) -> None:
    """What cannot be read, or would count an hour twice, is refused with its reason."""
    with pytest.raises(CalendarError) as caught:
        read_day(text)

    assert reason in caught.value.reason
    assert caught.value.field == "hours"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("09:00-17:00", "it is not written like"),
        ("mon", "it is not written like"),
        ("mon-fri 9", "a shift is written like"),
        ("mo-fr 09:00-17:00", "days are called mon tue wed thu fri sat sun"),
        ("mond 09:00-17:00", "did you mean 'mon'"),
        ("mon-wed 09:00-17:00; wed 08:00-12:00", "it names wed twice"),
        ("mon--fri 09:00-17:00", "days are called"),
    ],
)
def test_unreadable_week_is_refused(text: str, reason: str) -> None:
    """A week that cannot be read is refused with its reason."""
    with pytest.raises(CalendarError) as caught:
        read_week(text)

    assert reason in caught.value.reason
