"""Commands as a user runs them: one that does its work, and one that is refused in a sentence."""

from typing import Any

from typer.testing import CliRunner, Result

from fluxttice_core.cli.main import app

PLAIN = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
"""The environment of a terminal of a known width, without colours."""


def ran(*arguments: object, code: int = 0, **options: Any) -> Result:
    """Run a command that ends with a code."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], **options)
    assert result.exit_code == code, (result.output, result.exception)
    return result


def refusal(*arguments: object, **options: Any) -> str:
    """The one sentence with which a command ends that met bad input, before it has printed anything."""
    result = ran(*arguments, code=2, **options)
    assert result.stdout == ""
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("fluxttice: ")
    return sentence
