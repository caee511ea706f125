"""The model card: what a model is for, what it can and cannot do, and its figures, all from one result file.

Its front matter follows the Hugging Face Hub's model-card metadata. Figures stand in tables only, beside the
name of the quantity that they show, so that `card_figures` can hold each against the result file again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from fluxttice_core.measurement.metric import Metric
from fluxttice_core.measurement.numbers import shown, shown_range, with_interval
from fluxttice_core.measurement.report import Report
from fluxttice_core.measurement.report_record import from_plain
from fluxttice_core.measurement.wording import label
from fluxttice_core.provenance.card_figures import FAILED, environment_rows, metric_metadata, split_rows
from fluxttice_core.provenance.selection import RULE

__all__ = ["headline_quantities", "model_card"]


def model_card(result: Mapping[str, Any], settings: Mapping[str, Any], figures: Sequence[str]) -> str:
    """Write the card of a measured model.

    Args:
        result: The content of its result file.
        settings: The run's settings, or under `imported` what is known of a model from elsewhere.
        figures: Names of the files in `figures/`.

    Returns:
        Markdown with YAML front matter; the same text for the same arguments.
    """
    report = from_plain(result)
    front = yaml.safe_dump(_front_matter(result, report), sort_keys=False, allow_unicode=True, width=100)
    lines = ("---", front.rstrip(), "---", "", *_body(result, settings.get("imported"), report, figures))
    return "\n".join(lines) + "\n"


def headline_quantities(report: Report) -> tuple[str, ...]:
    """The quantities that stand for a report, as far as they were measured in every half."""
    budget, part = report.settings.headline, _part(report)
    wanted = (
        "generative_information",
        *(f"coverage/argmax/{n}" for n in report.settings.draws),
        f"efficiency/argmax/{budget}",
        f"table_accuracy/mean/{part}",
        f"trit_accuracy/mean/{part}",
        f"table_accuracy/draw/{part}",
        "rate",
        "distortion",
        "frontier_distance",
        "code_information",
        "nll",
        "kl_from_uniform",
        "argmax_divergence",
        "memorisation",
    )
    return tuple(q for q in wanted if all(report.has(q, half) for half in report.halves))


def _part(report: Report) -> str:
    return "held_out" if report.has("table_accuracy/mean/held_out", report.halves[0]) else "all"


# --- front matter ----------------------------------------------------------------------------------------


def _front_matter(result: Mapping[str, Any], report: Report) -> dict[str, Any]:
    records = {(record["name"], record["half"]): record for record in result["metrics"]}
    metrics = [
        _metadata(report.metric(quantity, half), records)
        for quantity in headline_quantities(report)
        for half in report.halves
    ]
    group = {
        "task": {"type": "feature-extraction", "name": "Encoding and generating operations"},
        "dataset": {"type": "enumerated", "name": f"All {_described_space(report)} operations"},
        "metrics": metrics,
    }
    return {
        "license": "apache-2.0",
        "library_name": "fluxttice-core",
        "pipeline_tag": "feature-extraction",
        "tags": [
            *("variational-autoencoder", "ternary-logic", "generative"),
            *([] if report.accepted else ["failed-acceptance"]),
        ],
        "model-index": [{"name": result["title"], "results": [group]}],
    }


def _metadata(metric: Metric, records: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[str, Any]:
    name = f"{label(metric.quantity)}, half {metric.half.upper()}"
    return {"type": metric.name, "name": name, **metric_metadata(records[metric.name, metric.half])}


# --- the text --------------------------------------------------------------------------------------------


def _body(
    result: Mapping[str, Any], imported: Mapping[str, Any] | None, report: Report, figures: Sequence[str]
) -> Iterator[str]:
    yield f"# {result['title']}" if report.accepted else f"# {FAILED}: {result['title']}"
    if not report.accepted:
        yield from ("", *_failures(report))
    yield from ("", *_introduction(report))
    yield from ("", "## Results", "", *_results(report))
    for name in figures:
        yield from ("", f"![{name.removesuffix('.svg').replace('_', ' ')}](figures/{name})")
    yield from ("", "## Controls", "", *_controls(report))
    yield from ("", "## Acceptance gates", "", *_gates(report))
    yield from ("", "## How it was chosen", "", *_choice(imported))
    yield from ("", "## Data", "", *_data(result))
    yield from ("", "## Intended use", "", *_INTENDED_USE)
    yield from ("", "## Limits", "", *(f"- {note}" for note in (*report.warnings, *report.limitations)))
    yield from ("", "## Environment", "", *_facts(environment_rows(result)))
    yield from ("", "## Verify", "", *_VERIFY)


def _failures(report: Report) -> Iterator[str]:
    yield f"**{FAILED}: this model is not certified.** It does not meet these acceptance gates, listed below:"
    yield ""
    for result in report.gates:
        if not result.passed:
            yield f"- {result.gate.name} (half {result.half.upper()})"


def _introduction(report: Report) -> Iterator[str]:
    yield f"A dual variational autoencoder over all {_described_space(report)} operations. Each half encodes"
    yield "an operation as a Gaussian in its latent space, and decodes a latent to one distribution for each"
    yield "entry of the operation's table. Half A has the smaller decoder, half B the larger one."
    yield from ("", "```python", "import fluxttice_core as fx", "", 'model = fx.load("this folder")')
    yield from ("z = model.encode(0)", "tables = model.decode(z)", "drawn = model.sample(10)", "```")


def _described_space(report: Report) -> str:
    base = {2: "binary", 3: "ternary", 4: "quaternary"}.get(report.space.base, f"{report.space.base}-valued")
    arity = {1: "one-input", 2: "two-input"}.get(report.space.arity, f"{report.space.arity}-input")
    return f"{report.space.size:,} {arity} {base}"


def _results(report: Report) -> Iterator[str]:
    yield "Each value with the half-width of its 95 % interval, or alone where it is exact; fractions in"
    yield "percent. *perfect* is what a perfect generator with a perfect code scores with the same budget;"
    yield "*untrained* is the range over freshly initialised networks of the same shape."
    yield ""
    yield from _heading("", *(half.upper() for half in report.halves), "perfect", "untrained")
    for quantity in headline_quantities(report):
        metrics = [report.metric(quantity, half) for half in report.halves]
        unit = metrics[0].figure.unit
        values = [with_interval(metric.figure) for metric in metrics]
        floor = shown_range(min(m.floor.low for m in metrics), max(m.floor.high for m in metrics), unit)
        yield _row(_named(quantity), *values, shown(metrics[0].ceiling, unit), floor)


def _controls(report: Report) -> Iterator[str]:
    yield "What generators score that no model should be mistaken for, and the oracle, which is perfect;"
    yield "measured as the model is. Where a bad generator does as well, a figure proves nothing by itself."
    yield ""
    budget, first = report.settings.headline, report.halves[0]
    wanted = (
        *("generative_information", f"coverage/argmax/{budget}", f"coverage/categorical/{budget}", "nll"),
        *(f"table_accuracy/mean/{_part(report)}", "rate_plus_distortion"),
    )
    yield from _heading("", *(control.name.replace("_", " ") for control in report.controls))
    for quantity in wanted:
        if report.has(quantity, first):
            unit = report.metric(quantity, first).figure.unit
            scores = [
                [s.value for run in c.runs for s in run if s.quantity == quantity] for c in report.controls
            ]
            yield _row(
                _named(quantity),
                *(shown_range(min(v), max(v), unit) if v else shown(None, unit) for v in scores),
            )


def _gates(report: Report) -> Iterator[str]:
    yield "A model is certified only if both halves meet every one of them."
    yield ""
    yield from _heading("", "quantity", "asks", *(half.upper() for half in report.halves), "verdict")
    for gate in dict.fromkeys(result.gate for result in report.gates):
        found = [result for result in report.gates if result.gate == gate]
        values = ["–" if result.value is None else f"{result.value:.4f}" for result in found]
        verdict = "met" if all(result.passed for result in found) else FAILED
        yield _row(gate.name, f"`{gate.quantity}`", f"{gate.comparison} {gate.threshold:g}", *values, verdict)


def _choice(imported: Mapping[str, Any] | None) -> Iterator[str]:
    if imported is None:
        yield f"By the fixed rule, from the ranking in `selection.json`: {RULE}"
        return
    yield f"It was not chosen here, but **imported** from a file of another program, `{imported['file']}`."
    yield f"Not recorded there, and so unknown: {', '.join(imported['unknown'])}."


def _data(result: Mapping[str, Any]) -> Iterator[str]:
    yield "The data are all operations of the space, which is enumerated; no other data were used."
    parts = split_rows(result)
    if not parts:
        yield "Which of them the model was trained on is not recorded: **nothing is claimed of held-out"
        yield "operations**, and accuracies are over all of them."
        return
    yield "They were split once by a seeded permutation; the weights were fitted to the training rows alone."
    yield ""
    yield from _facts(parts)


_INTENDED_USE = (
    "For research on generative models whose whole output space can be counted, for teaching, and for",
    "embedding and searching operations of many-valued logic. It knows nothing but tables of symbols. It is",
    "no source of randomness for cryptography, and latents far from the prior have no meaning.",
)
_VERIFY = (
    "`fluxttice verify DIR --public-key KEY` checks signature, sums, schema, digests and the figures of this",
    "card; `--remeasure` also measures the headline figures again from the weights. By hand:",
    "`sha256sum --check SHA256SUMS`. Every figure here is in `report.json`, with its estimator, draws, seed",
    "and interval.",
)


def _facts(rows: Mapping[str, str]) -> Iterator[str]:
    yield from _heading("", "value")
    yield from (_row(name, value) for name, value in rows.items())


def _named(quantity: str) -> str:
    return f"{label(quantity)} `{quantity}`"


def _heading(*cells: str) -> Iterator[str]:
    yield _row(*cells)
    yield "|---|" + "---:|" * (len(cells) - 1)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
