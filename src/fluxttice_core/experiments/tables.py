"""Sweeps and ablations as tables for the terminal and for Markdown."""

from collections.abc import Iterator
from statistics import fmean

from rich.table import Table
from rich.text import Text

from fluxttice_core.evaluation.markdown import line
from fluxttice_core.evaluation.number_format import difference_shown, shown
from fluxttice_core.evaluation.terminal import plain_table
from fluxttice_core.experiments.ablation import Ablation, Effect, PartEffect, part_effects, verdict
from fluxttice_core.experiments.study import values
from fluxttice_core.experiments.sweep import Spread, Sweep, spreads
from fluxttice_core.metrics.settings import Unit

_COLUMNS = {
    "efficiency/argmax": "efficiency",
    "argmax_divergence": "KL, nats",
    "generative_information": "G",
    "rate_above_frontier": "R above, nats",
    "rate": "R, nats",
    "distortion": "D, nats",
    "frontier_distance": "gap, nats",
    "lagrangian_gap": "R + 20 D above",
    "table_accuracy/mean/held_out": "held out, %",
    "table_accuracy/draw/held_out": "from z ~ q, %",
}
_SPREAD_COLUMNS = ("figure", "half", "mean over seeds", "standard deviation", "worst", "of seed")
_SIGNS = {"helps": "▲", "hurts": "▼", "differs": "≠", "none": ""}
LEGEND = (
    "With the part minus without it: mean over {seeds} seeds ± 95 % interval (Student's t, paired by seed). "
    "▲ helps, ▼ hurts, ≠ differs, all {intervals} judged together (Holm): of 100 tables of parts that do "
    "nothing at most 5 have such a mark. (▲), (▼), (≠): the interval excludes 0, as about {chance:.0f} of "
    "{intervals} do by chance alone. "
    "KL is that of p_argmax to uniform, its noise floor removed; the gap is D above the Gaussian frontier. "
    "{steps} steps a run. {repeats} x {draws:,} draws of coverage and {mass:,} behind p(x) are few: "
    "read the differences, not the levels."
)


def ablation_markdown(ablation: Ablation) -> str:
    """The ablation as a Markdown table with its legend."""
    figures = [figure_heading(quantity) for quantity in _quantities(ablation)]
    heads = [line(["part", "", *figures, "verdict"]), "|---|---|" + "---:|" * len(figures) + "---|"]
    return "\n".join([*heads, *map(line, _rows(ablation)), "", _legend(ablation)])


def ablation_table(ablation: Ablation) -> Table:
    """The ablation as a table for the terminal, a section for each part."""
    table = _table(_legend(ablation))
    table.add_column("", no_wrap=True)
    for half in ("A", "B"):
        table.add_column(half, justify="right", no_wrap=True)
    rows = list(_rows(ablation))
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        table.add_section()
        table.add_row(Text(first[0], style="bold"), first[-1], second[-1])
        for quantity, *cells in zip(_quantities(ablation), first[2:-1], second[2:-1], strict=True):
            table.add_row(f"  {figure_heading(quantity)}", *cells)
    return table


def _rows(ablation: Ablation) -> Iterator[list[str]]:
    """Name, half, a cell a figure and verdict of the recipe itself and of every part."""
    quantities = _quantities(ablation)
    base = list(ablation.found(ablation.settings.recipe).values())
    units = {figure.quantity: figure.unit for figure in base[0].figures}
    for half in ("a", "b"):
        means = (fmean(values(base, half, quantity)) for quantity in quantities)
        cells = (shown(mean, units[q], more=1) for q, mean in zip(quantities, means, strict=True))
        yield ["the recipe itself, mean", half.upper(), *cells, ""]
    for found in part_effects(ablation):
        cells = (_cell(*found.effects[quantity]) for quantity in quantities)
        yield [found.part.replace("_", " "), found.half.upper(), *cells, shown_verdict(found)]


def _cell(effect: Effect, unit: Unit) -> str:
    sign = _SIGNS[effect.sign_alone]
    mark = f" ({sign})" if sign and effect.sign == "none" else f" {sign}"
    return (difference_shown(effect.interval, unit) + mark).rstrip()


def shown_verdict(found: PartEffect) -> str:
    """What a part does to a half, in words."""
    if found.same_recipe:
        return "the same run"
    if found.same_weights:
        return "the same weights"
    return verdict(effect.sign for effect, _ in found.effects.values())


def _table(caption: str) -> Table:
    table = plain_table()
    table.caption, table.caption_justify = Text(caption, style="dim"), "left"
    return table


def _quantities(study: Ablation | Sweep) -> list[str]:
    return [figure.quantity for figure in study.runs[0].figures if figure.half == "a"]


def figure_heading(quantity: str) -> str:
    """What a headline figure is called at the head of a column."""
    return next((word for start, word in _COLUMNS.items() if quantity.startswith(start)), quantity)


def _legend(ablation: Ablation) -> str:
    found = part_effects(ablation)
    recipe, measurement = ablation.settings.recipe, ablation.settings.measurement
    rows = recipe.architecture.space.size * 8 // 10
    intervals = sum(len(part.effects) for part in found if part.judged)
    return LEGEND.format(
        seeds=min(part.seeds for part in found),
        intervals=intervals,
        chance=intervals / 20,
        steps=f"{recipe.epochs * -(-rows // recipe.batch_size):,}",
        repeats=measurement.repeats,
        draws=measurement.headline,
        mass=measurement.mass_draws,
    )


def sweep_table(sweep: Sweep) -> Table:
    """The sweep as a table for the terminal."""
    runs = f"{sweep.settings.recipe.name}, {len(sweep.runs)} seeds; mean ± 95 % interval of Student's t"
    table = _table(f"{runs}. {budgets(sweep)}")
    for number, name in enumerate(_SPREAD_COLUMNS):
        table.add_column(name, justify="left" if number < 2 else "right", no_wrap=True)
    order = _quantities(sweep)
    for spread in sorted(spreads(sweep), key=lambda one: (order.index(one.quantity), one.half)):
        table.add_row(*_cells(spread))
    return table


def budgets(sweep: Sweep) -> str:
    """What every run was measured with, and what two of its figures are."""
    measurement = sweep.settings.measurement
    return (
        f"{measurement.repeats} x {measurement.headline:,} draws of coverage and {measurement.mass_draws:,} "
        "draws behind p(x) a half. KL is that of p_argmax to uniform, its noise floor removed; the gap is D "
        "above the Gaussian frontier."
    )


def _cells(spread: Spread) -> tuple[str, ...]:
    mean = difference_shown(spread.interval, spread.unit).removeprefix("+")
    worst = ("", "")
    if spread.direction != "neither":
        worst = shown(spread.worst, spread.unit, more=1), str(spread.worst_seed)
    deviation = shown(spread.deviation, spread.unit, more=1)
    return (figure_heading(spread.quantity), spread.half.upper(), mean, deviation, *worst)
