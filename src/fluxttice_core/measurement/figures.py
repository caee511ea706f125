"""Every figure of one or two halves, in steps that can be watched."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from fluxttice_core.errors import MeasurementError
from fluxttice_core.measurement.code_figures import information_figures, rate_figures, reconstruction_figures
from fluxttice_core.measurement.mass_figures import mass_figures
from fluxttice_core.measurement.metric import Figure, Half
from fluxttice_core.measurement.posterior import encode_rows
from fluxttice_core.measurement.protocol import Autoencoder, Decodable
from fluxttice_core.measurement.reach_figures import reach_figures
from fluxttice_core.measurement.series import Series
from fluxttice_core.measurement.settings import MeasurementSettings
from fluxttice_core.operations.split import Split

Halves = Mapping[Half, Decodable]
ProgressCallback = Callable[[str, float], None]
"""Called with what comes next and the share of the work that is done."""


@dataclass(frozen=True)
class Step:
    """A stretch of work that yields figures and curves.

    Args:
        label: What it does, for the progress bar.
        weight: Its share of the work, in any unit.
        work: Does it.
    """

    label: str
    weight: float
    work: Callable[[], Iterable[Figure | Series]]


def steps_of(halves: Halves, settings: MeasurementSettings, split: Split | None) -> list[Step]:
    """The steps that measure each half, and the pair of them.

    Args:
        halves: One or two decoders or autoencoders of the same space, by name.
        settings: Everything that the measurement is made with.
        split: The split that the model was trained on; none: not known.

    Raises:
        MeasurementError: If there is nothing to measure, or the halves are of different spaces.
    """
    if not halves or not set(halves) <= {"a", "b"} or len({model.space for model in halves.values()}) != 1:
        raise MeasurementError('give one or two halves of the same space, named "a" and "b"')
    return [step for half, model in sorted(halves.items()) for step in _half(model, half, settings, split)]


def _half(model: Decodable, half: Half, settings: MeasurementSettings, split: Split | None) -> Iterator[Step]:
    yield Step(f"{half}: reach of the prior", 4, lambda: reach_figures(model, half, settings))
    yield Step(f"{half}: its distribution", 3, lambda: mass_figures(model, half, settings, split))
    if isinstance(model, Autoencoder):
        yield Step(f"{half}: reconstruction", 1, lambda: reconstruction_figures(model, half, settings, split))
        yield Step(f"{half}: codes", 2, lambda: _codes(model, half, settings))


def _codes(model: Autoencoder, half: Half, settings: MeasurementSettings) -> Iterator[Figure | Series]:
    posteriors = encode_rows(model, device=torch.device(settings.device))
    yield from rate_figures(model, posteriors, half, settings)
    yield from information_figures(posteriors, half, settings, model.space)


def run_steps(steps: Sequence[Step], progress: ProgressCallback | None = None) -> Iterator[Figure | Series]:
    """Do the steps one after the other, reporting before each and at the end."""
    total, done = sum(step.weight for step in steps), 0.0
    for step in steps:
        if progress is not None:
            progress(step.label, done / total)
        yield from step.work()
        done += step.weight
    if progress is not None:
        progress("done", 1.0)
