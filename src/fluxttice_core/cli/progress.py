"""What a person sees while something long is under way: a bar, lines in a log, and how long it will take."""

import math
import sys
import time
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

_WIDTH = 100
_LEAST_SHARE = 0.02
"""Before so much is done, a pace says nothing."""


def time_to_go(elapsed: float, done: float) -> str | None:
    """Seconds spent and an estimate of what is left, in words; none while too little is done for one."""
    if done < _LEAST_SHARE:
        return None
    return f"{duration(elapsed)} so far, about {duration(elapsed * (1 - done) / done)} to go"


def duration(seconds: float) -> str:
    """A duration as a person says it."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    large, small, names = (whole // 60, whole % 60, ("min", "s"))
    if large >= 60:
        large, small, names = (large // 60, large % 60, ("h", "min"))
    return f"{large} {names[0]} {small} {names[1]}" if small else f"{large} {names[0]}"


def live_console() -> Console:
    """The terminal behind the standard error, if there is one.

    FORCE_COLOR and its like ask for colours in a log; a bar that moves the cursor has no business there.
    """
    return Console(stderr=True, force_terminal=sys.stderr.isatty())


class ProgressBar:
    """A live bar on a terminal, and the report after it on `console`.

    With `lines` a log gets a line for each step instead, `every` so many seconds at most; what has only just
    begun gets its line all the same.
    """

    def __init__(self, console: Console | None = None, *, lines: bool = False, every: float = 0.0) -> None:
        self._console = console or report_console()
        live = live_console()
        self._log = live if lines and not live.is_terminal else None
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<32}"),
            BarColumn(bar_width=24),  # so that a line of 80 characters holds all of it
            TaskProgressColumn(),
            TimeRemainingColumn(compact=True),
            console=live,
            disable=not live.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("reading the model", total=1.0)
        self._every, self._said = every, -math.inf
        self._began = time.perf_counter()

    def __enter__(self) -> "ProgressBar":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
