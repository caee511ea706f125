"""A bar is shown where somebody looks, a function is called, and a log is left alone."""

import io
import sys
from dataclasses import replace

import pytest

from fluxttice_core.training.history import EpochRecord
from fluxttice_core.training.progress import shown

NUMBERS = dict.fromkeys(EpochRecord.__dataclass_fields__, 0.5)
RECORD = EpochRecord(**{**NUMBERS, "epoch": 1, "best_epoch": 1})  # type: ignore[arg-type]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The standard error as a terminal; no fixture, since pytest puts its own there before each test."""
    found = Terminal()
    monkeypatch.setattr(sys, "stderr", found)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return found


def test_a_bar_shows_epochs_and_loss_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    seen_by_user = terminal(monkeypatch)
    with shown(True, 3) as show:
        show(RECORD)
        show(replace(RECORD, epoch=3, loss=2.25))
    assert "1/3" in seen_by_user.getvalue()
    assert "3/3" in seen_by_user.getvalue()
    assert "loss 2.250" in seen_by_user.getvalue()


def test_nothing_is_shown_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seen_by_user = terminal(monkeypatch)
    with shown(False, 3) as show:
        show(RECORD)
    assert seen_by_user.getvalue() == ""


def test_a_log_is_left_alone_even_where_it_has_colours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with shown(True, 3) as show:
        show(RECORD)
    assert capsys.readouterr() == ("", "")


def test_a_function_gets_the_record_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    seen_by_user = terminal(monkeypatch)
    seen: list[EpochRecord] = []
    with shown(seen.append, 3) as show:
        show(RECORD)
    assert seen == [RECORD]
    assert seen_by_user.getvalue() == ""
