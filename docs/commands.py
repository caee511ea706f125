"""The reference of the commands: a page made of what each says of itself when it is asked for help."""

from typing import Any

import click
import typer

from fluxttice_core.cli.main import app

_STATUS = "Exit status 0 is success, 1 a finding (something is impossible, or does not hold), 2 bad input."


def commands_page() -> str:
    """Every command with its usage, its arguments and its options, as Markdown."""
    group: Any = typer.main.get_command(app)
    parts = ["# Commands", _STATUS]
    for name, command in _commands(group, "fluxttice"):
        parts += [f"## `{name}`", _text(command.help), *_table(command)]
    return "\n\n".join(parts) + "\n"


def _commands(group: Any, name: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for part, command in group.commands.items():
        whole = f"{name} {part}"
        found += _commands(command, whole) if hasattr(command, "commands") else [(whole, command)]
    return found


def _table(command: Any) -> list[str]:
    rows = [row for parameter in command.params if (row := _row(parameter))]
    return ["\n".join(["| option or argument | says |", "|---|---|", *rows])] if rows else []


def _row(parameter: Any) -> str:
    if getattr(parameter, "hidden", False):
        return ""
    optional = isinstance(parameter, click.Option) or parameter.param_type_name == "option"
    named = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    shown = named if optional else f"`{(parameter.metavar or parameter.name).upper()}`"
    return f"| {shown} | {_text(getattr(parameter, 'help', '')).replace('|', chr(92) + '|')} |"


def _text(words: str | None) -> str:
    return " ".join((words or "").split())
