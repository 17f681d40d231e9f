from __future__ import annotations

import io

import pytest
from rich.console import Console

from sinterface.cli.display import Drawing, Lines, make_display
from sinterface.cli.tables import duration
from sinterface.progress import Progress
from sinterface.study.lock import Holder
from sinterface.study.stages import Task

TASK = Task("dynamics", "2", 0, {}, {})


def test_lines_are_short_and_not_too_many() -> None:
    stream = io.StringIO()
    with Lines(stream, quiet_s=3600) as display:
        display.took_over(Holder(12, "node", "2026-01-01"))
        display.began(TASK, "to resume")
        for step in range(100):
            display.moved(TASK, Progress(step, 100))
        display.ended(TASK, 12.0)
    assert stream.getvalue().splitlines() == [
        "took over the lock left by process 12 on node since 2026-01-01, no longer running",
        "dynamics 2: resumes",
        "dynamics 2: finished in 12.0 s",
    ]


def test_lines_tell_progress() -> None:
    stream = io.StringIO()
    display = Lines(stream, quiet_s=0)
    display.moved(TASK, Progress(1, 8, "1503 K"))
    display.moved(TASK, Progress(1, 0))
    assert stream.getvalue().splitlines() == ["dynamics 2: 12 % 1503 K", "dynamics 2: 0 %"]


def test_bars_on_a_terminal() -> None:
    stream = io.StringIO()
    with Drawing(Console(file=stream, force_terminal=True, width=120)) as display:
        display.began(TASK, "to run")
        display.moved(TASK, Progress(1, 2, "1503 K"))
        display.took_over(Holder(12, "node", "2026-01-01"))
        display.ended(TASK, 12.0)
        display.began(Task("report", "", 0, {}, {}), "done")
    text = stream.getvalue()
    assert "dynamics 2" in text
    assert "100 %" in text
    assert "finished earlier" in text


def test_display_suits_the_stream() -> None:
    assert isinstance(make_display(io.StringIO()), Lines)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0, "0 s"), (119, "119 s"), (600, "10 min"), (9000, "2.5 h"), (3e5, "3.5 days")],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
