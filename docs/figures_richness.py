"""A figure of richness: what samples of a generator say of the kinds that it can make."""

import numpy as np
import torch
from jaxtyping import Int64
from matplotlib.figure import Figure

from fluxttice_core.evaluation.controls import HalfSupportSampler, UniformSampler
from fluxttice_core.evaluation.plot_style import CEILING, HALVES, new_figure, styled
from fluxttice_core.metrics.sampling import IndexSampler, index_counts
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.statistics.richness import ace, chao1, chao1_interval, good_turing_coverage

_BUDGETS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
_SEED = 0


@styled
def richness_figure(space: ProductSpace) -> Figure:
    """Chao1, ACE and the count itself against draws, of a uniform generator and of one that reaches half.

    The right panel shows the mass seen by Good and Turing, in which half of the space scores more than all.
    """
    figure = new_figure(6.8, 3.4)
    left, right = figure.subplots(1, 2)
    half = HalfSupportSampler(space)
    for sampler, stroke, kinds, name in (
        (UniformSampler(space), HALVES["a"], space.size, "whole space"),
        (half, HALVES["b"], half.support, "half of it"),
    ):
        samples = [_counts(sampler, n) for n in _BUDGETS]
        points = [(chao1(counts), chao1_interval(counts)) for counts in samples]
        low, high = ([getattr(i, end) for _, i in points] for end in ("lower", "upper"))
        left.fill_between(_BUDGETS, low, high, color=stroke.colour, alpha=0.2, linewidth=0)
        left.plot(_BUDGETS, [point for point, _ in points], label=f"Chao1, {name}", **stroke.line())
        left.plot(
            _BUDGETS,
            [ace(counts) for counts in samples],
            label=f"ACE, {name}",
            **stroke.points(markersize=4.5),
        )
        seen = [np.count_nonzero(counts) for counts in samples]
        left.plot(_BUDGETS, seen, label=f"seen, {name}", **stroke.line(linewidth=0.8, alpha=0.7))
        left.axhline(kinds, **CEILING.line(linewidth=0.9))
        mass = [100 * good_turing_coverage(counts) for counts in samples]
        right.plot(_BUDGETS, mass, label=name, **stroke.line(marker=stroke.marker, markerfacecolor="none"))
    left.set(xscale="log", xlabel="draws", ylabel="operations", title="kinds, and dotted how many there are")
    left.yaxis.set_major_formatter("{x:,.0f}")
    right.set(xscale="log", xlabel="draws", ylabel="% of the mass", title="Good and Turing's mass seen")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=7.5)
    return figure


def _counts(sampler: IndexSampler, draws: int) -> Int64[np.ndarray, "K"]:
    generator = torch.Generator().manual_seed(_SEED)
    return index_counts(sampler.sample(draws, generator), sampler.space.size).numpy()
