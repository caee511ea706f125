"""What the measuring commands share: which model, which settings, and what a person sees meanwhile."""

import math
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from fluxttice_core.cli.live import live_console
from fluxttice_core.cli.pace import time_to_go
from fluxttice_core.errors import CheckpointError
from fluxttice_core.metrics.settings import QUICK, MeasurementSettings, settings_from
from fluxttice_core.storage.pretrained import TrainedModel, load
from fluxttice_core.storage.pretrained import certified as shipped

_WIDTH = 100


class Watch:
    """A live bar on a terminal, and the report after it.

    Args:
        console: Where the report is printed.
        lines: Whether a log gets a line for each step instead of a bar.
        every: Seconds between such lines at least; what has only just begun gets its line all the same.
    """

    def __init__(self, console: Console | None = None, *, lines: bool = False, every: float = 0.0) -> None:
        self._console = console or report_console()
        live = live_console()
        self._log = live if lines and not live.is_terminal else None
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<32}"),
            BarColumn(bar_width=32),
            TaskProgressColumn(),
            TimeRemainingColumn(compact=True),
            console=live,
            disable=not live.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("reading the model", total=1.0)
        self._every, self._said = every, -math.inf
        self._began = time.perf_counter()

    def __enter__(self) -> "Watch":
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def show(self, label: str, done: float) -> None:
        """Show what comes next, and the share that is done."""
        self._bar.update(self._task, description=label, completed=done)
        now = time.perf_counter()
        if done == 0:
            self._began = now
        if self._log is not None and (done in (0, 1) or now - self._said >= self._every):
            self._said = now
            left = time_to_go(now - self._began, done) if done < 1 else None
            self._log.print(
                f"{done:4.0%}  {label}{f' ({left})' if left else ''}", highlight=False, soft_wrap=True
            )

    def print(self, what: RenderableType) -> None:
        """Print a report or a table."""
        self._console.print(what, highlight=False)


def report_console() -> Console:
    """Where reports are printed: as wide as the terminal, or wide enough for their tables in a log."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH)


def chosen_target(checkpoint: Path | None, *, certified: bool) -> TrainedModel:
    """The model that the options name; there is no default.

    Args:
        checkpoint: A path, if one was given.
        certified: Whether the shipped model was asked for.

    Raises:
        CheckpointError: If neither or both were named, or there is no trained model there.
    """
    if (checkpoint is None) == (not certified):
        raise CheckpointError(
            "nothing is measured without a trained checkpoint: give either --checkpoint PATH or --certified",
            "missing_option",
        )
    return shipped() if checkpoint is None else load(checkpoint)


def chosen_settings(
    *, quick: bool, draws: Sequence[int] | None, repeats: int | None, seed: int | None, device: str
) -> MeasurementSettings:
    """The settings that the options name.

    Raises:
        SettingsError: If one is out of bounds.
    """
    start = QUICK if quick else MeasurementSettings()
    named = settings_from({**start.model_dump(), "device": device})
    return named.with_only(draws=draws, repeats=repeats, seed=seed)


def repeatable_command(arguments: Sequence[str] | None = None) -> str:
    """The command line for a shell, without paths of this one machine.

    Args:
        arguments: What follows the program's name; by default, what was typed.

    Example:
        >>> repeatable_command(["benchmark", "--checkpoint", "/data/runs/my model"])
        "fluxttice benchmark --checkpoint 'my model'"
    """
    typed = sys.argv[1:] if arguments is None else arguments
    return shlex.join(["fluxttice", *map(_without_place, typed)])


def _without_place(argument: str) -> str:
    """A path as it is from the working folder, or else its name alone, be it given as --option=path."""
    option, equals, value = argument.partition("=")
    if equals and option.startswith("-"):
        return f"{option}={_without_place(value)}"
    path = Path(argument)
    if not path.is_absolute():
        return argument
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else path.name
