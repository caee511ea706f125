"""Documents whose figures come from result files: what stands between two marks is generated, never typed."""

import re
from collections.abc import Mapping, Sequence

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.beside_shipped import HEADLINE
from fluxttice_core.evaluation.number_format import shown, shown_range, unit_sign, with_interval
from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics.catalogue import CATALOGUE
from fluxttice_core.metrics.naming import label
from fluxttice_core.metrics.settings import Half

_GENERATED = re.compile(r"(<!-- generated: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def report_card(report: Report, quantities: Sequence[str] = HEADLINE) -> str:
    """Figures of a report as a Markdown table, each beside its ceiling and its floor."""
    rows = [_row(report, quantity) for quantity in quantities if report.has(quantity, report.halves[0])]
    if not rows:
        raise MeasurementError("this report has no headline figures: measure the whole model", "not_measured")
    names = " | ".join(half.upper() for half in report.halves)
    head = f"| | {names} | perfect | untrained |\n|---|{'---:|' * (len(report.halves) + 2)}\n"
    settings = report.settings
    foot = (
        f"\n{report.title}; K = {report.space.size:,}, H = {report.space.log_size:.6f} nats; "
        f"{settings.repeats} repeats, {settings.mass_draws:,} draws behind p(x), seed {settings.seed}; "
        "95 % intervals.\n"
    )
    return head + "".join(rows) + foot


def _row(report: Report, quantity: str) -> str:
    halves: tuple[Half, ...] = report.halves
    metrics = [report.metric(quantity, half) for half in halves]
    unit = metrics[0].figure.unit
    sign = unit_sign(unit)
    low, high = min(m.floor.low for m in metrics), max(m.floor.high for m in metrics)
    cells = [
        f"{label(quantity)}, {sign}" if sign else label(quantity),
        *(with_interval(metric.figure) for metric in metrics),
        shown(metrics[0].ceiling, unit),
        shown_range(low, high, unit),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def metric_names() -> str:
    """Every metric of the catalogue as a Markdown table, in the order in which reports show them."""
    head = "| name | in words | unit | better | exact | since set |\n|---|---|---|---|---|---:|\n"
    rows = (
        (
            f"`{entry.name.format(n='N')}`",
            entry.label.replace("|", "\\|"),
            entry.unit,
            entry.direction,
            "drawn" if entry.draws else "exact",
            str(entry.since),
        )
        for entry in CATALOGUE.values()
    )
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def with_generated(document: str, sections: Mapping[str, str]) -> str:
    r"""A document with its generated sections written anew.

    Example:
        >>> print(with_generated("<!-- generated: card -->\nold\n<!-- end -->", {"card": "new"}))
        <!-- generated: card -->
        new
        <!-- end -->
    """

    def fresh(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in sections:
            raise MeasurementError(
                f"the document asks for a section {name!r}: generate it, or remove its marks", "unknown_name"
            )
        return f"{found[1]}{sections[name].rstrip()}\n{found[3]}"

    return _GENERATED.sub(fresh, document)
