"""Measuring the controls as the model is measured."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.evaluation.caveats import DESCRIPTIONS
from fluxttice_core.evaluation.control_scores import Control
from fluxttice_core.evaluation.controls import (
    ConstantDecoder,
    HalfSupportLookup,
    QuantileLookup,
    TargetLookup,
    UniformSampler,
    half_of,
)
from fluxttice_core.evaluation.steps import Halves, ProgressCallback, Step, pair_steps, run_steps, steps_of
from fluxttice_core.metrics.coverage import coverage_figures
from fluxttice_core.metrics.distribution import figures_of_mass
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.metrics.metric import Figure, Score, Series
from fluxttice_core.metrics.pair import set_figures
from fluxttice_core.metrics.perfect import uneven
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.metrics.sampling import count_operations
from fluxttice_core.metrics.settings import DEFAULT_GROUPS, ControlName, MeasurementSettings
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.shapes import Float, Real
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.split import Split
from fluxttice_core.spaces.target import Target

_DRAWS_AN_OPERATION = 3 * DEFAULT_GROUPS
"""24: a uniform generator then leaves out any one operation with a chance of e^-24."""

_WORK = 2**40
"""So many products of draws and elements take about ten seconds."""

_MOST_DRAWS = 2**23
"""More than any whole space asks for: elements of a target that are rarer by far need not all be drawn."""

UntrainedFactory = Callable[[int], Halves]
"""Makes freshly initialised halves of the measured architecture from a seed."""


@dataclass(frozen=True)
class BlankCode(ConstantDecoder):
    """A constant decoder with the encoder that suits it: every posterior is the prior."""

    def encode_gaussian(
        self, tables: Real[Tensor, "n cells"]
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
        """Mean 0 and log-variance 0 for every table."""
        zero = torch.zeros(len(tables), self.latent_dim, device=tables.device)
        return zero, zero


def measured_controls(
    space: ProductSpace,
    untrained: UntrainedFactory,
    settings: MeasurementSettings,
    split: Split | None,
    rho: float = 0.0,
    progress: ProgressCallback | None = None,
    target: Target | None = None,
) -> tuple[Control, ...]:
    """Measure all controls with the budgets of the model and the controls' own effort.

    Beside a target the oracle gives that, the half support half of that, and the uniform sampler and the
    constant decoder still all elements of the space alike.
    """
    plan = list(_plan(space, untrained, settings, split, rho, uneven(target, space)))
    found = run_steps([step for _, _, step in plan], device=settings.device, progress=progress)
    runs: dict[ControlName, dict[int, list[Score]]] = defaultdict(lambda: defaultdict(list))
    for (name, run, _), items in zip(plan, found, strict=True):
        runs[name][run].extend(item.score for item in items if isinstance(item, Figure))
    return tuple(Control(name, tuple(map(tuple, runs[name].values()))) for name in DESCRIPTIONS)


def _plan(
    space: ProductSpace,
    untrained: UntrainedFactory,
    settings: MeasurementSettings,
    split: Split | None,
    rho: float,
    target: Target | None = None,
) -> Iterator[tuple[ControlName, int, Step]]:
    effort = settings.for_controls()
    yield "uniform_sampler", 0, Step("uniform sampler", 1, lambda: _of_uniform(space, effort, split, target))
    for seed in range(settings.untrained_seeds):
        for step in steps_of(untrained(seed), effort, split, rho, target):
            yield "untrained", seed, replace(step, label=f"untrained network {seed + 1}")
    fixed: dict[ControlName, Decodable] = {
        "constant_decoder": BlankCode(space),
        "half_support": HalfSupportLookup(space) if target is None else TargetLookup(half_of(target)),
        "oracle": QuantileLookup(space) if target is None else TargetLookup(target),
    }
    for name, model in fixed.items():
        enough = _resolving(effort, space, target) if name == "oracle" else effort
        alone = steps_of({"a": model}, enough, split, target=target)
        for step in (*alone, *pair_steps(model, model, enough, split, rho, target)):
            yield name, 0, replace(step, label=name.replace("_", " "))


def _of_uniform(
    space: ProductSpace, settings: MeasurementSettings, split: Split | None, target: Target | None
) -> Iterator[Figure | Series]:
    """The uniform sampler: what it reaches, and the mass of the decoder with even odds, which is its own."""
    sampler = UniformSampler(space)
    yield from coverage_figures(sampler, "a", settings, target)
    yield from set_figures(sampler, sampler, settings, target)
    generator = measurement_stream(settings.seed, "uniform sampler", "mass", device=settings.device)
    mass = estimate_mass(ConstantDecoder(space), settings.mass_draws, generator=generator)
    each = settings.mass_draws // len(mass.groups)
    shares = [count_operations(sampler, each, generator).cpu().numpy() / each for _ in mass.groups]
    yield from figures_of_mass(replace(mass, argmax_groups=np.stack(shares)), "a", settings, split, target)


def _resolving(
    settings: MeasurementSettings, space: ProductSpace, target: Target | None
) -> MeasurementSettings:
    """As many draws as a generator of certain operations needs for p(x) to hold each of them.

    Fewer where that would take too long: of large spaces, and of targets with very rare elements.
    """
    rarest = float(space.size if target is None else 1 / target.q.min())
    most = min(_WORK / space.size, _MOST_DRAWS)
    draws = DEFAULT_GROUPS * math.ceil(min(_DRAWS_AN_OPERATION * rarest, most) / DEFAULT_GROUPS)
    return settings.model_copy(update={"mass_draws": max(settings.mass_draws, draws)})
