"""Every figure of one or two halves, in steps that can be watched."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.codes import information_figures, rate_figures, reconstruction_figures
from fluxttice_core.metrics.coupled_pair import coupled_figures
from fluxttice_core.metrics.coverage import coverage_figures
from fluxttice_core.metrics.distribution import mass_figures
from fluxttice_core.metrics.metric import Figure, Series
from fluxttice_core.metrics.pair import agreement_figures, set_figures
from fluxttice_core.metrics.perfect import uneven
from fluxttice_core.metrics.posterior import posteriors_of
from fluxttice_core.metrics.protocols import Autoencoder, Decodable
from fluxttice_core.metrics.settings import Half, MeasurementSettings
from fluxttice_core.metrics.threads import map_chunks
from fluxttice_core.spaces.split import Split
from fluxttice_core.spaces.target import Target

Halves = Mapping[Half, Decodable]
ProgressCallback = Callable[[str, float], None]
"""Called with what comes next and the share of the work that is done."""


@dataclass(frozen=True)
class Step:
    """A stretch of work that yields figures and curves."""

    label: str
    weight: int
    work: Callable[[], Iterable[Figure | Series]]


def steps_of(
    halves: Halves,
    settings: MeasurementSettings,
    split: Split | None,
    rho: float = 0.0,
    target: Target | None = None,
) -> list[Step]:
    """The steps that measure each half, and the pair of them."""
    if not halves or not set(halves) <= {"a", "b"} or len({model.space for model in halves.values()}) != 1:
        raise MeasurementError('give one or two halves of the same space, named "a" and "b"', "contradictory")
    known = split, uneven(target, next(iter(halves.values())).space)
    steps = [step for half, model in sorted(halves.items()) for step in _half(model, half, settings, *known)]
    if len(halves) > 1:
        steps += pair_steps(halves["a"], halves["b"], settings, split, rho, known[1])
    return steps


def _half(
    model: Decodable,
    half: Half,
    settings: MeasurementSettings,
    split: Split | None,
    target: Target | None,
) -> Iterator[Step]:
    yield Step(f"{half}: reach of the prior", 4, lambda: coverage_figures(model, half, settings, target))
    yield Step(f"{half}: its distribution", 3, lambda: mass_figures(model, half, settings, split, target))
    if isinstance(model, Autoencoder):
        of_rows = partial(reconstruction_figures, model, half, settings, split, target)
        yield Step(f"{half}: reconstruction", 1, of_rows)
        yield Step(f"{half}: codes", 2, lambda: _codes(model, half, settings, target))


def _codes(
    model: Autoencoder, half: Half, settings: MeasurementSettings, target: Target | None
) -> Iterator[Figure | Series]:
    posteriors = posteriors_of(model, target, device=torch.device(settings.device))
    yield from rate_figures(model, posteriors, half, settings, target)
    yield from information_figures(posteriors, half, settings, model.space, target)


def pair_steps(
    first: Decodable,
    second: Decodable,
    settings: MeasurementSettings,
    split: Split | None,
    rho: float,
    target: Target | None = None,
) -> Iterator[Step]:
    """The steps that measure two halves together; those that need a common latent only where there is one."""
    yield Step("pair: union", 1, lambda: set_figures(first, second, settings, target))
    if first.latent_dim == second.latent_dim:
        yield Step("pair: agreement", 1, lambda: agreement_figures(first, second, settings))
        if isinstance(first, Autoencoder) and isinstance(second, Autoencoder):
            coupled = partial(coupled_figures, first, second, settings, split, rho, target)
            yield Step("pair: coupled", 2, coupled)


def run_steps(
    steps: Sequence[Step], *, device: str, progress: ProgressCallback | None = None
) -> Iterator[tuple[Figure | Series, ...]]:
    """Do the steps, as many at a time as torch has threads, each of them on one.

    So the figures do not depend on the number of threads, and the many steps that are too small to be shared
    out fill the cores all the same.
    """
    total, done = sum(step.weight for step in steps), 0
    watch = progress or (lambda _label, _done: None)
    watch(steps[0].label, 0.0)
    found = map_chunks(lambda step: tuple(step.work()), steps, device=torch.device(device))
    for step, following, result in zip(steps, [*steps[1:], None], found, strict=True):
        done += step.weight
        watch("done" if following is None else following.label, done / total)
        yield result
