"""What a person sees while a model trains: a bar with the figures that matter, or plain lines in a log."""

import shlex
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from fluxttice_core.cli.progress import live_console, time_to_go
from fluxttice_core.extras import require_extra
from fluxttice_core.training.history import EpochRecord
from fluxttice_core.training.run import Run, resuming

_LINES = 10


class TrainView:
    """A live bar on a terminal, or about ten lines in a log; `events` writes TensorBoard's, if wanted."""

    def __init__(self, run: Run, events: "EventWriter | None" = None, console: Console | None = None) -> None:
        self._run, self._events = run, events
        self._console = console or live_console()
        self._last: EpochRecord | None = None
        self._begun: int | None = None
        self._started = time.perf_counter()
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("epoch"),
            MofNCompleteColumn(),
            BarColumn(bar_width=24),
            TimeRemainingColumn(compact=True),
            # What there is no room for is left out of the figures, not of the bar.
            TextColumn("{task.fields[figures]}", table_column=Column(ratio=1, no_wrap=True)),
            console=self._console,
            expand=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=run.settings.recipe.epochs, figures="")

    def __enter__(self) -> "TrainView":
        recipe, seed = self._run.settings.recipe.name, self._run.settings.seed
        self._say(f"Training {recipe} with seed {seed} in {self._run.folder}")
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it is, and say how to go on if the run was interrupted."""
        self._bar.stop()
        if self._events is not None:
            self._events.close()
        if kind is KeyboardInterrupt:
            self._say(f"Stopped. Go on with: {resuming(self._run.folder)}")

    def show(self, record: EpochRecord) -> None:
        """Show an epoch's figures."""
        self._last = record
        self._bar.update(self._task, completed=record.epoch, figures=_figures(record))
        total = self._run.settings.recipe.epochs
        self._begun = record.epoch - 1 if self._begun is None else self._begun
        if not self._console.is_terminal and record.epoch % max(1, total // _LINES) == 0:
            left = self._to_go(record.epoch, total)
            self._say(f"epoch {record.epoch}/{total}  {_figures(record)}{f'  ({left})' if left else ''}")
        if self._events is not None:
            self._events.write(self._run.folder, record)

    def warn(self, text: str) -> None:
        """Say what is not as it should be."""
        self._say(f"Note: {text}.")

    def _say(self, text: str) -> None:
        """Print a text as it is: a name in it is no markup, and a command is not broken into lines."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _to_go(self, epoch: int, total: int) -> str | None:
        """What is left, by the pace of the epochs since this start; none at the end."""
        begun = self._begun or 0
        if epoch == total:
            return None
        return time_to_go(time.perf_counter() - self._started, (epoch - begun) / (total - begun))

    def conclude(self) -> None:
        """Say where the result is."""
        folder = self._run.folder
        if self._last is None:
            self._say(f"The run in {folder} was over already.")
            return
        seconds = time.perf_counter() - self._started
        measure = shlex.join(["fluxttice", "benchmark", "--checkpoint", str(folder)])
        self._say(
            f"Trained to epoch {self._last.epoch} in {seconds:.1f} s; best validation loss in epoch "
            f"{self._last.best_epoch}.\nMeasure it with: {measure}"
        )


class EventWriter:
    """Writes TensorBoard's events into the run folder, which is touched with the first epoch only."""

    def __init__(self) -> None:
        require_extra("track", "writing TensorBoard's events")
        self._writer: Any = None

    def write(self, folder: Path, record: EpochRecord) -> None:
        """Write an epoch's figures."""
        from torch.utils.tensorboard import SummaryWriter

        self._writer = self._writer or SummaryWriter(str(folder / "tensorboard"))
        for name, value in record.as_dict().items():
            if value is not None:
                self._writer.add_scalar(name, value, record.epoch)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()


def _figures(record: EpochRecord) -> str:
    figures = [
        f"rate {record.learning_rate:.1e}",
        f"loss {record.loss:.3f}",
        f"D {record.distortion_a:.2f}/{record.distortion_b:.2f}",
        f"R {record.rate_a:.1f}/{record.rate_b:.1f}",
    ]
    if record.efficiency_a is not None and record.efficiency_b is not None:
        figures.append(f"efficiency {record.efficiency_a:.3f}/{record.efficiency_b:.3f}")
    figures.append(f"{record.operations_per_second / 1000:.0f}k op/s")
    return "  ".join(figures)
