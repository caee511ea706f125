"""Write every generated figure and section anew from the result files: `make docs`."""

import csv
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from textwrap import fill

from fluxttice_core.measurement.numbers import shown, with_interval
from fluxttice_core.measurement.report import Report
from fluxttice_core.provenance.atomic import write_bytes
from fluxttice_core.provenance.result_file import read_report
from fluxttice_core.publishing.documents import report_card, with_generated
from fluxttice_core.publishing.figures import coverage_figure, draw_figures
from fluxttice_core.publishing.style import encoded

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs/original.md", "docs/experiments.md")


def certified_report() -> Report:
    """The report of the shipped model."""
    return read_report(Path(str(resources.files("fluxttice_core") / "certified" / "report.json")))


def original_report() -> Report:
    """The report of a run of the original recipe."""
    return read_report(ROOT / "docs" / "results" / "original.json")


def original_headline(report: Report) -> str:
    """What the original's headline figure shows, in the figures of its report."""

    def both(quantity: str) -> str:
        metrics = [report.metric(quantity, half) for half in report.halves]
        return " and ".join(with_interval(metric.figure) for metric in metrics)

    def ceiling(quantity: str) -> str:
        return shown(report.metric(quantity, "a").ceiling, "fraction")

    many, fewer = "coverage/expectation/195000", "coverage/argmax/50000"
    sentences = (
        f"The same count on this run gives {both(many)} % (A and B). But a generator that draws operations",
        f"uniformly at random covers {ceiling(many)} % at that budget, so the figure cannot tell a good",
        f"model from dice. At 50,000 draws the uniform generator covers {ceiling(fewer)} % and this run",
        f"{both(fewer)} % by argmax, {both('coverage/expectation/50000')} % by the rounded expectation:",
        "the budget made the number, not the rounding.",
    )
    return fill(" ".join(sentences), width=118)


def ten_seeds() -> str:
    """The mean and the worst of ten runs of the standard recipe, beside what was aimed at."""
    with (ROOT / "docs" / "results" / "standard-seeds.csv").open(newline="") as file:
        runs = list(csv.DictReader(file))

    def row(name: str, column: str, aim: str, worst: Callable[[list[float]], float], form: str) -> str:
        values = [float(run[column]) for run in runs]
        mean = sum(values) / len(values)
        return f"| {name} | {aim} | {mean:{form}} | {worst(values):{form}} |"

    return "\n".join(
        (
            "| | aim | mean | worst |",
            "|---|---:|---:|---:|",
            row("argmax efficiency at 50,000 draws", "efficiency_50000", ">= .999", min, ".4f"),
            row("KL(p_argmax to uniform), nats", "kl_argmax", "<= .002", max, ".4f"),
            row("generative information G", "generative_information", ">= .95", min, ".4f"),
            row("held-out tables from the mean", "held_out_tables", "1", min, ".4f"),
            row("D above the Gaussian frontier, nats", "frontier_distance", "<= .15", max, ".4f"),
            row("rate R, nats", "rate", "", max, ".2f"),
        )
    )


def generated() -> dict[Path, bytes]:
    """Every generated file of the documentation, by its path, as it should be."""
    certified, original = certified_report(), original_report()
    sections = {
        "report card": report_card(certified),
        "original card": report_card(original),
        "original headline": original_headline(original),
        "ten seeds": ten_seeds(),
    }
    files = {ROOT / page: with_generated((ROOT / page).read_text(), sections).encode() for page in PAGES}
    for name, drawn in draw_figures(certified).items():
        files[ROOT / "docs" / "figures" / name] = drawn
    files[ROOT / "docs" / "figures" / "original-coverage.svg"] = encoded(coverage_figure(original))
    return files


def main() -> None:
    """Write what has changed."""
    for path, content in generated().items():
        if not path.exists() or path.read_bytes() != content:
            write_bytes(path, content)
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
