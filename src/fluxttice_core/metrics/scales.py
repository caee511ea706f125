"""What a figure's name settles: its unit, which way is better, what a perfect model scores, its draws."""

import math
import re
from dataclasses import dataclass
from itertools import pairwise

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.choices import (
    DECODE_RULES,
    HISTOGRAM_BINS,
    HISTOGRAM_BOUND,
    DecodeRule,
    Direction,
    Unit,
)
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.statistics.uniform_moments import expected_share, uniform_moments

__all__ = ["Scale", "histogram_entropy_of_prior", "scale_of"]

_COUPLED = re.compile(r"coupled/rho=[^/]+/")
_BUDGET = re.compile(r"(N=)?(?P<draws>[1-9][0-9]{0,9})")
_NORMAL_ENTROPY = 0.5 * math.log(2 * math.pi * math.e)
_COUNTS = ("coverage", "efficiency", "equivalent_uniform_budget")
_PARTS = ("train", "validation", "held_out", "all")


@dataclass(frozen=True)
class Scale:
    """What every figure of one name has in common.

    Attributes:
        unit: The unit.
        better: Which direction is better.
        ceiling: The value of a perfect generator with a perfect code.
        draws: Draws a repeat; none: it is exact.
        rule: Decode rule, where one is used.
        ceiling_sd: Standard deviation of a perfect generator's value; none where it is not random, or depends
            on the figure's own value.
    """

    unit: Unit
    better: Direction
    ceiling: float
    draws: int | None = None
    rule: DecodeRule | None = None
    ceiling_sd: float | None = None


def scale_of(quantity: str, *, size: int, dimensions: int, settings: MeasurementSettings) -> Scale:
    """The scale of a figure in a report of a dual VAE.

    Args:
        quantity: What is measured, such as `coverage/argmax/50000`.
        size: Number K of operations.
        dimensions: Latents of the half, or of both halves for the pair.
        settings: What it was measured with.

    Raises:
        MeasurementError: If no report holds such a figure.

    Example:
        >>> found = scale_of("rate", size=19_683, dimensions=16, settings=MeasurementSettings())
        >>> found.unit, found.better, round(found.ceiling, 4), found.draws
        ('nats', 'neither', 9.8875, None)
    """
    name = _COUPLED.sub("", quantity, count=1)
    plain = {
        **_of_mass(size, settings.mass_draws),
        **_of_code(math.log(size), dimensions, settings),
        **_of_tables(settings.posterior_repeats),
    }
    found = plain.get(name) or _at_budget(name, size, settings)
    if found is None:
        raise MeasurementError(f"{quantity} is no figure of a report")
    return found


def histogram_entropy_of_prior() -> float:
    """What codes that fill the prior exactly show in the histogram of older reports, in nats.

    Example:
        >>> round(histogram_entropy_of_prior(), 4)
        3.5238
    """
    width = 2 * HISTOGRAM_BOUND / HISTOGRAM_BINS
    edges = (width * k - HISTOGRAM_BOUND for k in range(HISTOGRAM_BINS + 1))
    within = [math.erf(edge / math.sqrt(2)) / 2 for edge in edges]
    masses = [right - left for left, right in pairwise(within)]
    total = math.fsum(masses)
    return -math.fsum(mass / total * math.log(mass / total) for mass in masses)


def _of_mass(size: int, draws: int) -> dict[str, Scale]:
    log_size = math.log(size)
    return {
        "generative_information": Scale("ratio", "higher", 1.0, draws),
        "nll": Scale("nats", "lower", log_size, draws),
        "entropy": Scale("nats", "higher", log_size, draws),
        "effective_number_1": Scale("operations", "higher", float(size), draws),
        "effective_number_2": Scale("operations", "higher", float(size), draws),
        "memorisation": Scale("ratio", "neither", 1.0, draws),
        **{
            name: Scale("nats", "lower", 0.0, draws)
            for name in ("kl_from_uniform", "kl_to_uniform", "conditional_entropy", "argmax_divergence")
        },
        **{
            name: Scale("fraction", "lower", 0.0, draws)
            for name in ("total_variation", "argmax_total_variation")
        },
    }


def _of_code(log_size: float, dimensions: int, settings: MeasurementSettings) -> dict[str, Scale]:
    repeats, codes = settings.posterior_repeats, settings.aggregate_draws
    return {
        "rate": Scale("nats", "neither", log_size),
        "rate_per_dimension": Scale("nats", "neither", log_size / dimensions),
        "active_units": Scale("dimensions", "neither", float(dimensions)),
        "rate_plus_distortion": Scale("nats", "lower", log_size, repeats),
        **{
            name: Scale("nats", "lower", 0.0, repeats)
            for name in ("distortion", "distortion_of_a", "distortion_of_b", "frontier_distance")
        },
        "code_information": Scale("nats", "higher", log_size, codes),
        "marginal_kl": Scale("nats", "lower", 0.0, codes),
        "latent_entropy/differential": Scale("nats", "neither", dimensions * _NORMAL_ENTROPY, codes),
        "latent_entropy/histogram": Scale("nats", "neither", histogram_entropy_of_prior(), repeats),
    }


def _of_tables(repeats: int) -> dict[str, Scale]:
    return {
        f"{name}/{source}/{part}": Scale("fraction", "higher", 1.0, draws, "argmax")
        for name in ("table_accuracy", "trit_accuracy")
        for source, draws in (("mean", None), ("draw", repeats))
        for part in _PARTS
    }


def _at_budget(quantity: str, size: int, settings: MeasurementSettings) -> Scale | None:
    name, _, budget = quantity.rpartition("/")
    match = _BUDGET.fullmatch(budget)
    if match is None:
        return None
    n = int(match["draws"])
    kind, _, by = name.partition("/")
    rule = next((known for known in DECODE_RULES if known == by), None)
    if kind in _COUNTS and rule is not None:
        return _of_count(kind, rule, size, n)
    if name == "expected_coverage/categorical":
        return Scale("fraction", "higher", expected_share(size, n), settings.mass_draws)
    return _of_sets(size, n).get(name)


def _of_count(kind: str, rule: DecodeRule, size: int, n: int) -> Scale:
    share, sd = expected_share(size, n), math.sqrt(uniform_moments(size, n).variance) / size
    if kind == "coverage":
        return Scale("fraction", "higher", share, n, rule, sd)
    if kind == "efficiency":
        return Scale("ratio", "higher", 1.0, n, rule, sd / share)
    return Scale("draws", "higher", float(n), n, rule)


def _of_sets(size: int, n: int) -> dict[str, Scale]:
    share, union = expected_share(size, n), expected_share(size, 2 * n)
    alike = (2 * share - union) / union
    return {
        **{
            f"{name}/argmax": Scale("fraction", "higher", best, n, "argmax")
            for name, best in (("coverage_of_a", share), ("coverage_of_b", share), ("union", union))
        },
        "jaccard_similarity/argmax": Scale("fraction", "neither", alike, n, "argmax"),
        "jaccard_distance/argmax": Scale("fraction", "neither", 1 - alike, n, "argmax"),
        "agreement/tables": Scale("fraction", "neither", 1.0, n, "argmax"),
        "agreement/trits": Scale("fraction", "neither", 1.0, n, "argmax"),
    }
