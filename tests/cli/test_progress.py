"""What a person sees meanwhile: paces that were measured, one sentence in a log, nothing that moves there."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from fluxttice_core.cli.progress import ProgressBar, duration, live_console, time_to_go
from tests.cli.commands import ran


@pytest.mark.parametrize(
    ("elapsed", "done", "said"),
    [
        (10.0, 0.5, "10 s so far, about 10 s to go"),
        (30.0, 0.1, "30 s so far, about 4 min 30 s to go"),
        (30.0, 1.0, "30 s so far, about 0 s to go"),
        (30.0, 0.0, None),
        (30.0, 0.01, None),
    ],
)
def test_what_is_left_follows_from_what_was_done(elapsed: float, done: float, said: str | None) -> None:
    assert time_to_go(elapsed, done) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *[(0.2, "0 s"), (41.3, "41 s"), (59.4, "59 s"), (59.6, "1 min"), (61.0, "1 min 1 s")],
        *[(3600.0, "1 h"), (3660.0, "1 h 1 min"), (9000.0, "2 h 30 min")],
    ],
)
def test_a_duration_in_words(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_log_gets_lines_now_and_then_and_each_work_its_own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    watch, log = ProgressBar(Console(file=io.StringIO()), lines=True, every=10.0), io.StringIO()
    watch._log = Console(file=log)
    for moment, label, done in [
        (100, "ranking", 0.0),
        (104, "too soon for a line", 0.4),
        (110, "still ranking", 0.5),
        (500, "controls", 0.0),
        (520, "more controls", 0.25),
        (521, "done", 1.0),
    ]:
        now[0] = float(moment)
        watch.show(label, done)
    assert [line.strip() for line in log.getvalue().splitlines()] == [
        "0%  ranking",
        "50%  still ranking (10 s so far, about 10 s to go)",
        "0%  controls",
        "25%  more controls (20 s so far, about 1 min to go)",
        "100%  done",
    ]


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_a_refusal_in_a_log_is_one_sentence_whatever_is_asked_of_colours(
    variable: str, monkeypatch: pytest.MonkeyPatch, untrained_checkpoint: Path
) -> None:
    monkeypatch.setenv(variable, "1")
    result = ran("benchmark", "--quick", "--checkpoint", untrained_checkpoint, code=2)
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("fluxttice: ")
    assert "\x1b" not in sentence


def test_a_console_of_rich_alone_takes_a_log_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert Console(stderr=True).is_terminal
    assert not live_console().is_terminal
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert live_console().is_terminal


def test_a_bar_prints_reports_and_shows_progress_without_a_terminal() -> None:
    shown = io.StringIO()
    with ProgressBar(Console(file=shown, width=60)) as bar:
        bar.show("half-way", 0.5)
    bar.print("[0.5] stays as it is")
    assert "stays as it is" in shown.getvalue()
