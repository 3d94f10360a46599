"""How far long work has come."""

from __future__ import annotations

import io

import pytest

from pycrm.cli.progress import Progress, progress_of
from pycrm.cli.table import width
from pycrm.cli.texts import Texts


class Terminal(io.StringIO):
    """A stream that a person watches."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Seconds that pass when they are told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def shown(stream: io.StringIO, steps: list[tuple[float, int]], total: int = 1000, language: str = "en") -> str:
    """Return what is shown of work that has come so far after so many seconds."""
    clock = Clock()
    progress = Progress("records", Texts(language), stream, clock)
    for seconds, done in steps:
        clock.now = 100 + seconds
        progress(done, total)
    return stream.getvalue()


def test_rate_and_time_left_are_told() -> None:
    """From what was done since the first call."""
    assert shown(Terminal(), [(0, 0), (2, 250)]).endswith("\rrecords: 250 of 1,000, 125 per second, 0:06 left")


def test_nobody_knows_how_much_there_is() -> None:
    """Then nothing is left that could be told; what is known by other means is told as it is."""
    clock, stream = Clock(), Terminal()
    progress = Progress("rows", Texts(), stream, clock)
    for seconds, done, left in ((0, 0, None), (2, 250, None), (4, 500, 61.0)):
        clock.now = 100 + seconds
        progress(done, None, left)

    lines = [line for line in stream.getvalue().split("\r") if line.strip()]
    assert lines == ["rows: 0", "rows: 250, 125 per second", "rows: 500, 125 per second, 1:01 left"]


def test_rate_is_of_this_time() -> None:
    """What was done before the first call took time that nobody knows."""
    assert shown(Terminal(), [(0, 500), (2, 750)]).endswith("750 of 1,000, 125 per second, 0:02 left")


def test_last_line_is_shown_in_the_end() -> None:
    """Where lines add up and the end comes unforeseen."""
    clock, stream = Clock(), io.StringIO()
    progress = Progress("rows", Texts(), stream, clock)
    for seconds, done in ((0, 0), (1, 10), (2, 20)):
        clock.now = 100 + seconds
        progress(done, None)
    progress.clear()
    progress.clear()

    assert stream.getvalue().splitlines() == ["rows: 0", "rows: 20, 10 per second"]


def test_long_times_have_hours() -> None:
    """An hour is not sixty minutes to a reader."""
    assert "1:02:30 left" in shown(Terminal(), [(0, 0), (10, 10)], total=3760)


def test_terminal_keeps_one_line() -> None:
    """A line takes the other's place and leaves nothing of it, though Chinese is wider than it is long."""
    text = shown(Terminal(), [(0, 100), (1, 200)], language="zh")

    first, blank, second = text.split("\r")[2:]
    assert blank == " " * width(first)
    assert width(first) > len(first)
    assert second.startswith("records：200/1,000")


def test_shows_no_more_than_can_be_read() -> None:
    """Ten lines a second are enough, but the end is always shown."""
    text = shown(Terminal(), [(step / 100, step) for step in range(1001)])

    assert 50 < text.count("records:") < 150
    assert "1,000 of 1,000" in text


def test_file_gets_a_line_now_and_then() -> None:
    """Where lines add up there are few."""
    lines = shown(io.StringIO(), [(second, second * 10) for second in range(21)]).splitlines()

    assert [line.split(",")[0] for line in lines] == [f"records: {done} of 1" for done in (0, 50, 100, 150, 200)]


def test_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal nothing is shown unless asked for."""
    for wish in (None, False, True):
        with progress_of("records", Texts(), shown=wish) as progress:
            progress(1, 1)

    assert capsys.readouterr().err == "records: 1 of 1\n"


def test_line_is_cleared() -> None:
    """What comes next begins on a clean line."""
    stream = Terminal()
    progress = Progress("records", Texts(), stream)
    progress(1, 1)
    progress.clear()

    assert stream.getvalue().endswith(" \r")
