"""A sweep as a table: every headline figure's mean over seeds, its interval, and the worst seed."""

from rich import box
from rich.table import Table
from rich.text import Text

from fluxttice_core.evaluation.number_format import difference_shown, shown
from fluxttice_core.experiments.ablation_table import figure_heading
from fluxttice_core.experiments.sweep import Spread, Sweep, spreads

_COLUMNS = ("figure", "half", "mean over seeds", "standard deviation", "worst", "of seed")


def sweep_table(sweep: Sweep) -> Table:
    """The sweep as a table for the terminal.

    Args:
        sweep: A sweep with at least two finished runs.

    Raises:
        MeasurementError: If fewer than two runs are finished.
    """
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for number, name in enumerate(_COLUMNS):
        table.add_column(name, justify="left" if number < 2 else "right", no_wrap=True)
    for spread in sorted(spreads(sweep), key=lambda one: _order(sweep, one)):
        table.add_row(*_cells(spread))
    table.caption = Text(legend(sweep), style="dim")
    table.caption_justify = "left"
    return table


def legend(sweep: Sweep) -> str:
    """What the table's figures are."""
    seeds = f"{sweep.settings.recipe.name}, {len(sweep.runs)} seeds; mean ± 95 % interval of Student's t"
    return f"{seeds}. {budgets(sweep)}"


def budgets(sweep: Sweep) -> str:
    """What every run was measured with, and what two of its figures are."""
    measurement = sweep.settings.measurement
    return (
        f"{measurement.repeats} x {measurement.headline:,} draws of coverage and {measurement.mass_draws:,} "
        "draws behind p(x) a half. KL is that of p_argmax to uniform, its noise floor removed; the gap is D "
        "above the Gaussian frontier."
    )


def _order(sweep: Sweep, spread: Spread) -> tuple[int, str]:
    quantities = [figure.quantity for figure in sweep.runs[0].figures if figure.half == "a"]
    return quantities.index(spread.quantity), spread.half


def _cells(spread: Spread) -> tuple[str, ...]:
    mean = difference_shown(spread.interval, spread.unit).removeprefix("+")
    worst = ("", "") if spread.better == "neither" else (shown(spread.worst, spread.unit, more=1),)
    seed = () if spread.better == "neither" else (str(spread.worst_seed),)
    deviation = shown(spread.deviation, spread.unit, more=1)
    return (figure_heading(spread.quantity), spread.half.upper(), mean, deviation, *worst, *seed)
