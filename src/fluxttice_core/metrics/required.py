"""Every figure that a full measurement of two autoencoders yields, by the settings that it was made with.

So a report from which figures were taken away is told from a whole one; needs no torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxttice_core.metrics.metric import Half
    from fluxttice_core.metrics.settings import MeasurementSettings

__all__ = ["required_figures"]

_FRONTIER_BASE = 3
_OF_MASS = (
    *("generative_information", "nll", "kl_from_uniform", "kl_to_uniform", "entropy", "conditional_entropy"),
    *("effective_number_1", "effective_number_2", "total_variation"),
    *("argmax_divergence", "argmax_total_variation"),
)
_OF_RATE = ("rate", "rate_per_dimension", "active_units", "distortion", "rate_plus_distortion")
_OF_CODES = ("code_information", "marginal_kl")
_OF_LATENTS = ("latent_entropy/differential", "latent_entropy/histogram")
_OF_SETS = ("coverage_of_a", "coverage_of_b", "union", "jaccard_similarity", "jaccard_distance")


def required_figures(
    settings: MeasurementSettings, *, base: int, split_known: bool, rho: float
) -> frozenset[tuple[str, Half]]:
    """The quantity and the half of each figure that a report of a dual VAE holds.

    Args:
        settings: What it was measured with.
        base: Symbols of the space.
        split_known: Whether it is recorded which rows the model was trained on.
        rho: Cross-injection of the pair.

    Example:
        >>> from fluxttice_core.metrics.settings import MeasurementSettings
        >>> found = required_figures(MeasurementSettings(), base=3, split_known=True, rho=0.0)
        >>> ("table_accuracy/mean/held_out", "b") in found, ("table_accuracy/mean/all", "b") in found
        (True, False)
    """
    halves: tuple[Half, ...] = ("a", "b")
    own = tuple(_of_half(settings, base, split_known=split_known))
    pair = _of_pair(settings, base, rho, split_known=split_known)
    return frozenset(
        [*((quantity, half) for half in halves for quantity in own), *((q, "pair") for q in pair)]
    )


def _of_half(settings: MeasurementSettings, base: int, *, split_known: bool) -> Iterator[str]:
    for rule in settings.rules:
        for n in settings.draws:
            for name in ("coverage", "efficiency", "equivalent_uniform_budget"):
                yield f"{name}/{rule}/{n}"
    yield from _OF_MASS
    if split_known:
        yield "memorisation"
    yield from (f"expected_coverage/categorical/N={n}" for n in settings.draws)
    for part in _parts(split_known=split_known):
        for name in ("table_accuracy", "trit_accuracy"):
            yield from (f"{name}/{source}/{part}" for source in ("mean", "draw"))
    yield from _of_code(base)
    yield from _OF_LATENTS


def _of_pair(settings: MeasurementSettings, base: int, rho: float, *, split_known: bool) -> Iterator[str]:
    yield from (f"{name}/argmax/{settings.headline}" for name in _OF_SETS)
    yield from (f"agreement/{what}/{settings.headline}" for what in ("tables", "trits"))
    part = _parts(split_known=split_known)[-1]
    accuracies = (f"table_accuracy/{source}/{part}" for source in ("mean", "draw"))
    for name in (*accuracies, *_of_code(base), "distortion_of_a", "distortion_of_b"):
        yield f"coupled/rho={rho:g}/{name}"


def _of_code(base: int) -> Iterator[str]:
    yield from _OF_RATE
    if base == _FRONTIER_BASE:
        yield "frontier_distance"
    yield from _OF_CODES


def _parts(*, split_known: bool) -> tuple[str, ...]:
    return ("train", "validation", "held_out") if split_known else ("all",)
