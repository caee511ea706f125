"""Colours that are asked for make no terminal of a log: one sentence, and nothing that moves the cursor."""

from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from fluxttice_core.cli.live import live_console
from fluxttice_core.cli.main import app


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_a_refusal_in_a_log_is_one_sentence_whatever_is_asked_of_colours(
    variable: str, monkeypatch: pytest.MonkeyPatch, untrained_checkpoint: Path
) -> None:
    monkeypatch.setenv(variable, "1")
    result = CliRunner().invoke(app, ["benchmark", "--quick", "--checkpoint", str(untrained_checkpoint)])
    assert result.exit_code == 2
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("fluxttice: ")
    assert "\x1b" not in sentence


def test_a_console_of_rich_alone_takes_a_log_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert Console(stderr=True).is_terminal
    assert not live_console().is_terminal
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert live_console().is_terminal
