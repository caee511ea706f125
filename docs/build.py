"""Write the generated figures and sections that are stale anew from the result files: `make docs`."""

from collections.abc import Callable
from functools import partial
from importlib import resources
from pathlib import Path
from statistics import fmean
from textwrap import fill

import numpy as np
from jaxtyping import Float64
from matplotlib.figure import Figure

from docs.architecture import rooms_picture, rooms_table
from docs.audit_results import alarms_table, intervals_table, law_intervals_table, power_table, visible_table
from docs.badges import badges, citation
from docs.bombs import bomb_table
from docs.commands import commands_page
from docs.counting import counting_table
from docs.documents import metric_names, report_card, with_generated
from docs.figures_front import front_figure
from docs.figures_overlap import overlap_figure
from docs.figures_richness import richness_figure
from docs.figures_standing import standing_figure
from docs.front import RESULT as FRONT
from docs.generalisation import FLIPS, RESULT
from docs.installation import installation_table
from docs.load import load_table
from docs.metadata import metadata
from docs.other_spaces import mass_sentences, other_spaces_table
from docs.reference import reference_pages
from docs.robustness import fault_table, fuzzing_table
from docs.stale_figures import out_of_date
from docs.statenet import statenet_sentences
from docs.versions import formats_table
from fluxttice_core.evaluation.number_format import shown, with_interval
from fluxttice_core.evaluation.plot_style import encoded
from fluxttice_core.evaluation.plots import coverage_plot, plots_of
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import read_report
from fluxttice_core.experiments.ablation import Ablation
from fluxttice_core.experiments.study import read_study, values
from fluxttice_core.experiments.sweep import Sweep
from fluxttice_core.experiments.tables import ablation_markdown, budgets
from fluxttice_core.metrics.rate_distortion import PRICE
from fluxttice_core.storage.atomic_write import write_bytes
from fluxttice_core.storage.canonical_json import parse_json

ROOT = Path(__file__).resolve().parent.parent
OF_A_CHECKPOINT = (
    *("coverage/argmax/50000", "argmax_divergence", "generative_information", "nll", "conditional_entropy"),
    *("rate", "distortion", "code_information"),
)
"""What is shown of the program's own checkpoint, whose split is not recorded."""

REFERENCE = ROOT / "docs" / "reference"
ABLATIONS = ("standard", "plain", "coupled")
_NAMES = (
    *(
        "ablation",
        "api",
        "architecture",
        "audit",
        "certification",
        "experiments",
        "installation",
        "metrics",
        "original",
    ),
    *("trust", "versions"),
)
PAGES = ("README.md", *(f"docs/{page}.md" for page in _NAMES))


def certified_report() -> Report:
    """The report of the shipped model."""
    return read_report(Path(str(resources.files("fluxttice_core") / "certified" / "report.json")))


def original_report() -> Report:
    """The report of a run of the original recipe."""
    return read_report(ROOT / "docs" / "results" / "original.json")


def checkpoint_report() -> Report:
    """The report of a checkpoint that the earlier program left."""
    return read_report(ROOT / "docs" / "results" / "legacy.json")


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


COST = f"R + {PRICE:g} D"
AIMS = {
    "efficiency/argmax/50000": ("argmax efficiency at 50,000 draws", ">= .999", 4),
    "argmax_divergence": ("KL(p_argmax to uniform), nats", "<= .002", 4),
    "generative_information": ("generative information G", ">= .954", 4),
    "table_accuracy/mean/held_out": ("held-out tables from the mean", "1", 4),
    "table_accuracy/draw/held_out": ("held-out tables from z ~ q", ">= .99", 4),
    COST: (f"{COST}, nats", "<= 15.3", 2),
    "rate_above_frontier": ("rate above the frontier, nats", "<= .4", 2),
    "rate": ("rate R, nats", "", 2),
    "distortion": ("distortion D, nats", "", 4),
    "frontier_distance": ("D above the Gaussian frontier, nats", "", 4),
}


def seeds_of_standard() -> str:
    """The standard recipe over its seeds, beside what it was before amortisation: mean and worst."""
    results = ROOT / "docs" / "results"
    studies = [read_study(results / name, Sweep) for name in ("joint-sweep.json", "standard-sweep.json")]
    last = max(run.seed for study in studies for run in study.runs)
    lines = [
        f"| seeds 0-{last} | aim | without amortisation | worst | standard | worst |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for quantity, (name, aim, decimals) in AIMS.items():
        cells = []
        for study in studies:
            found, higher = _over_seeds(study, quantity)
            worst = found.min() if higher else found.max()
            # Summed exactly: a mean that ends in 5 is rounded to the same side on every processor.
            cells += [f"{fmean(found):.{decimals}f}", f"{worst:.{decimals}f}"]
        lines.append(f"| {name} | {aim} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", fill(budgets(studies[-1]), width=118)])


def _over_seeds(study: Sweep, quantity: str) -> tuple[Float64[np.ndarray, "n"], bool]:
    """A figure of every seed and half, and whether more of it is better."""
    if quantity == COST:
        rates, losses = (_over_seeds(study, name)[0] for name in ("rate", "distortion"))
        return rates + PRICE * losses, False
    direction = next(f.direction for f in study.runs[0].figures if f.quantity == quantity)
    found = np.concatenate([values(study.runs, half, quantity) for half in ("a", "b")])
    return found, direction == "higher"


def generalisation() -> str:
    """What the shipped model's codes do, beside the best of the controls."""
    result = parse_json(RESULT.read_bytes(), name=RESULT.name)
    controls = result["controls"].values()
    rows = {
        "held-out tables given back": "reconstruction",
        "sums of two operations given back": "composition",
        "tables with permuted symbols given back": "symmetry",
        **{f"tables with {n} of 9 trits flipped given back": f"flips/{n}/to given" for n in FLIPS},
        **{f"tables with {n} of 9 trits flipped made clean": f"flips/{n}/to clean" for n in FLIPS},
        "paths between codes that go in order": "interpolation",
        "trits of a - b + c": "arithmetic",
        "linear fit of the worst permutation, R²": "linear fit",
    }
    head = f"| share, beginning from {result['operations']:,} held-out operations | A | B | best control |"
    lines = [head, "|---|---:|---:|---:|"]
    for name, key in rows.items():
        best = max(control[key] for control in controls)
        halves = " | ".join(f"{result['model'][half][key]:.3f}" for half in ("A", "B"))
        lines.append(f"| {name} | {halves} | {best:.3f} |")
    return "\n".join(lines)


def ablation(name: str) -> Ablation:
    """An ablation of the standard recipe, as it is or with settings replaced."""
    return read_study(ROOT / "docs" / "results" / f"ablation-{name}.json", Ablation)


def pages() -> dict[Path, str]:
    """Every page with generated sections and of the reference, by its path, as it should be."""
    certified, original = certified_report(), original_report()
    sections = {
        "report card": report_card(certified),
        "original card": report_card(original),
        "original headline": original_headline(original),
        "checkpoint card": report_card(checkpoint_report(), OF_A_CHECKPOINT),
        "seeds": seeds_of_standard(),
        "generalisation": generalisation(),
        "metric names": metric_names(),
        "audit alarms": alarms_table(),
        "audit intervals": intervals_table(),
        "audit law intervals": law_intervals_table(),
        "audit power": power_table(),
        "audit visible": visible_table(),
        "citation": citation(),
        "counting": counting_table(),
        "faults": fault_table(),
        "bombs": bomb_table(),
        "fuzzing": fuzzing_table(),
        "formats": formats_table(),
        "installation": installation_table(),
        "load": load_table(),
        "other spaces": other_spaces_table(),
        "mass": mass_sentences(),
        "rooms": rooms_table(),
        "picture": rooms_picture(),
        **{f"ablation {name}": ablation_markdown(ablation(name)) for name in ABLATIONS},
        "statenet": statenet_sentences({name: ablation(name) for name in ("standard", "plain")}),
    }
    written = {ROOT / page: with_generated((ROOT / page).read_text(), sections) for page in PAGES}
    named = {**reference_pages(), "commands": commands_page()}
    reference = {REFERENCE / f"{name}.md": text for name, text in named.items()}
    return written | reference | badges(certified) | metadata()


def figures() -> dict[Path, Figure]:
    """Every figure of the documentation, by the path of its file, as it should be."""
    certified, original = certified_report(), original_report()
    found = {
        **plots_of(certified),
        "original-coverage.svg": coverage_plot(original),
        "standing.svg": standing_figure(certified),
        "richness.svg": richness_figure(certified.space),
        "overlap.svg": overlap_figure({"standard": certified, "original": original}),
        "front.svg": front_figure(parse_json(FRONT.read_bytes(), name=FRONT.name)["points"]),
    }
    return {ROOT / "docs" / "figures" / name: figure for name, figure in found.items()}


def stale_page(path: Path, text: str) -> str | None:
    """Why a page has to be written anew; none if it has not."""
    if not path.exists():
        return "it is missing"
    return None if path.read_bytes() == text.encode() else "a generated section differs"


def stale_figure(path: Path, figure: Figure) -> str | None:
    """Why a figure has to be drawn anew; none if it has not."""
    return out_of_date(path.read_bytes(), figure) if path.exists() else "it is missing"


def main() -> None:
    """Write what is stale, and nothing else: the last digits of other processors change no file."""
    for page, text in pages().items():
        _write(page, text.encode, stale_page(page, text))
    for path, figure in figures().items():
        _write(path, partial(encoded, figure), stale_figure(path, figure))


def _write(path: Path, content: Callable[[], bytes], reason: str | None) -> None:
    if reason is not None:
        write_bytes(path, content())
        print(f"wrote {path.relative_to(ROOT)}: {reason}")


if __name__ == "__main__":
    main()
