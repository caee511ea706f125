"""What is shown of a training from Python: a bar, or whatever a function makes of every epoch."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fluxttice_core.training.history import EpochRecord

ShowEpoch = Callable[[EpochRecord], object]


@contextmanager
def shown(progress: bool | ShowEpoch, epochs: int) -> Iterator[ShowEpoch]:
    """What to call after every epoch: a bar in a terminal or a notebook, the function given, or nothing."""
    if not isinstance(progress, bool):
        yield progress
        return
    # FORCE_COLOR asks for colours in a log, and not for a bar that moves the cursor there.
    console = Console(stderr=True, force_terminal=sys.stderr.isatty())
    columns = TextColumn("epoch"), MofNCompleteColumn(), BarColumn(24), TimeRemainingColumn(compact=True)
    hidden = not (progress and (console.is_terminal or console.is_jupyter))
    with Progress(*columns, TextColumn("{task.description}"), console=console, disable=hidden) as bar:
        task = bar.add_task("", total=epochs)
        yield lambda record: bar.update(
            task, completed=record.epoch, description=f"loss {record.loss:.3f}", refresh=True
        )
