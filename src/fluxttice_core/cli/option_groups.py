"""Options of a command as the fields of dataclasses: each is named once, with type, help and default."""

import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any

import typer


def option(panel: str, said: str, *names: str) -> Any:
    """An option in a panel of the help, of its field's name unless it has others."""
    return typer.Option(*names, help=said, rich_help_panel=panel)


def with_groups(function: Callable[..., None]) -> Callable[..., None]:
    """Return a command with an option for every field of each parameter that is a dataclass."""
    groups: dict[str, tuple[type, list[str]]] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        kind = parameter.annotation
        options = [parameter]
        if isinstance(kind, type) and is_dataclass(kind):
            options = list(inspect.signature(kind, eval_str=True).parameters.values())
            groups[parameter.name] = (kind, [one.name for one in options])
        parameters += [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in options]

    def command(**given: Any) -> None:
        for group, (kind, names) in groups.items():
            given[group] = kind(**{name: given.pop(name) for name in names if name in given})
        function(**given)

    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by typer
    return command
