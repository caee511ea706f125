"""The model card: what a model is for, what it can and cannot do, and its figures, all from one result file.

Its front matter follows the Hugging Face Hub's model-card metadata. The card is a function of the other files
of its folder, so that whoever checks it writes it again and compares the figures; that needs no torch.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fluxttice_core.certification.card_parts import (
    FAILED,
    described_space,
    environment_rows,
    facts,
    failures,
    front_matter,
    gate_table,
    heading,
    row,
    whole_card,
)
from fluxttice_core.certification.selection import RULE, RULE_BESIDE_TARGET
from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.number_format import shown, shown_range, with_ends
from fluxttice_core.evaluation.result_schema import SAMPLED
from fluxttice_core.metrics.naming import control_columns, headline_names, label
from fluxttice_core.metrics.settings import Half, MeasurementSettings, Unit, settings_from
from fluxttice_core.spaces.nouns import Nouns, recorded_nouns


def model_card(result: Mapping[str, Any], settings: Mapping[str, Any], figures: Sequence[str]) -> str:
    """The card of a result that follows the schema, by the settings of the run or of the import."""
    if result["schema"] == SAMPLED:
        # Late, since other cards are written without any numerical library.
        from fluxttice_core.certification.sampled_card import sampled_card

        return sampled_card(result)
    measured = _Measured(result)
    return whole_card(_front_matter(measured), _body(measured, settings.get("imported"), figures))


def headline_of(result: Mapping[str, Any]) -> tuple[str, ...]:
    """The metrics that stand for a model, as far as they were measured in every half."""
    measured = _Measured(result)
    names = headline_names(measured.settings)
    return tuple(name for name in names if all(measured.has(name, half) for half in measured.halves))


@dataclass(frozen=True)
class _Measured:
    """A result file, with its figures by quantity and half."""

    result: Mapping[str, Any]

    @cached_property
    def settings(self) -> MeasurementSettings:
        return settings_from(self.result["settings"])

    @cached_property
    def nouns(self) -> Nouns:
        return recorded_nouns(self.result["space"])

    @cached_property
    def records(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        return {(m["quantity"], m["half"]): m for m in reversed(self.result["metrics"])}

    @cached_property
    def halves(self) -> tuple[Half, ...]:
        found: set[Half] = {metric["half"] for metric in self.result["metrics"]}
        if not found - {"pair"}:
            raise MeasurementError(
                "the report has no figure of any half, of which a card could be written", "not_measured"
            )
        return tuple(sorted(found - {"pair"}))

    @property
    def target(self) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self.result.get("target")
        return found

    @property
    def told(self) -> bool:
        """Whether the decoders read a table that was computed from all rows."""
        return bool(self.result["model"]["architecture"].get("decoders") == "table")

    @property
    def described(self) -> str:
        """What the model is about: a space, or the elements of one that it was to learn."""
        space = described_space(self.result["space"])
        return f"all {space}" if self.target is None else f"{self.target['elements']:,} of {space}"

    @property
    def accepted(self) -> bool:
        gates = self.result["gates"]
        return bool(gates) and all(gate["passed"] for gate in gates)

    def has(self, quantity: str, half: Half) -> bool:
        return (quantity, half) in self.records

    def of_halves(self, quantity: str) -> list[Mapping[str, Any]]:
        return [self.records[quantity, half] for half in self.halves]


# --- front matter ----------------------------------------------------------------------------------------


def _front_matter(measured: _Measured) -> dict[str, Any]:
    metrics = [
        _metadata(metric, measured.nouns)
        for quantity in headline_of(measured.result)
        for metric in measured.of_halves(quantity)
    ]
    return front_matter(
        measured.result["title"],
        measured.result["space"],
        described=measured.described,
        listed="enumerated",
        accepted=measured.accepted,
        metrics=metrics,
    )


def _metadata(metric: Mapping[str, Any], nouns: Nouns) -> dict[str, Any]:
    """Value and context of a metric as the front matter has them."""
    args = {
        "half": metric["half"],
        "unit": metric["unit"],
        "ceiling": metric["ceiling"],
        "untrained": [metric["floor"]["low"], metric["floor"]["high"]],
    }
    if metric["interval"] is not None:
        args["interval"] = [metric["interval"]["lower"], metric["interval"]["upper"]]
        args["seed"] = metric["seed"]
    name = f"{label(metric['quantity'], nouns)}, half {metric['half'].upper()}"
    return {"type": metric["name"], "name": name, "value": metric["value"], "args": args}


# --- the text --------------------------------------------------------------------------------------------


def _body(measured: _Measured, imported: Mapping[str, Any] | None, figures: Sequence[str]) -> Iterator[str]:
    result, own = measured.result, measured.nouns.own
    yield f"# {result['title']}" if measured.accepted else f"# {FAILED}: {result['title']}"
    if not measured.accepted:
        yield from ("", *failures(result["gates"]))
    yield from ("", *map(own, _introduction(measured)))
    yield from ("", "## Results", "", *map(own, _results(measured)))
    for name in figures:
        yield from ("", f"![{name.removesuffix('.svg').replace('_', ' ')}](figures/{name})")
    yield from ("", "## Controls", "", *map(own, _controls(measured)))
    yield from ("", "## Acceptance gates", "", *gate_table(result["gates"], measured.halves))
    yield from ("", "## How it was chosen", "", *map(own, _choice(measured, imported)))
    yield from ("", "## Data", "", *map(own, _data(measured)))
    yield from ("", "## Intended use", "", *map(own, _INTENDED_USE))
    notes = (*result["warnings"], *result["limitations"])
    yield from ("", "## Limits", "", *(f"- {note}" for note in notes))
    seed, of_settings = result["sampler"]["seed"], result["settings_sha256"]
    rows = environment_rows(result, seed=seed, of_settings=of_settings)
    yield from ("", "## Environment", "", *facts(rows))
    yield from ("", "## Verify", "", *_VERIFY)


def _introduction(measured: _Measured) -> Iterator[str]:
    yield f"A dual variational autoencoder over {measured.described}. Each half encodes"
    yield "an operation as a Gaussian in its latent space, and decodes a latent to one distribution for each"
    halves = _TOLD if measured.told else "Half A has the smaller decoder, half B the larger one."
    yield f"entry of the operation's table. {halves}"
    if measured.target is not None:
        yield from ("", *_TARGET)
    yield from ("", "```python", "import fluxttice_core as fx", "", 'model = fx.load("this folder")')
    yield from ("z = model.encode(0)", "tables = model.decode(z)", "drawn = model.sample(10)", "```")


def _results(measured: _Measured) -> Iterator[str]:
    yield "Each value with the half-width of its 95 % interval, or alone where it is exact; fractions in"
    yield "percent. *perfect* is what a perfect generator with a perfect code scores with the same budget;"
    yield "*untrained* is the range over freshly initialised networks of the same shape."
    yield ""
    yield from heading("", *(half.upper() for half in measured.halves), "perfect", "untrained")
    for quantity in headline_of(measured.result):
        metrics = measured.of_halves(quantity)
        unit: Unit = metrics[0]["unit"]
        floors = [metric["floor"] for metric in metrics]
        floor = shown_range(min(float(f["low"]) for f in floors), max(float(f["high"]) for f in floors), unit)
        perfect = shown(float(metrics[0]["ceiling"]), unit)
        yield row(_named(quantity), *map(_with_interval, metrics), perfect, floor)


def _with_interval(metric: Mapping[str, Any]) -> str:
    interval = metric["interval"]
    ends = None if interval is None else (float(interval["lower"]), float(interval["upper"]))
    return with_ends(float(metric["value"]), ends, metric["unit"])


def _controls(measured: _Measured) -> Iterator[str]:
    yield "What generators score that no model should be mistaken for, and the oracle, which is perfect;"
    yield "measured as the model is. Where a bad generator does as well, a figure proves nothing by itself."
    yield ""
    first = measured.halves[0]
    controls = measured.result["controls"]
    yield from heading("", *(control["name"].replace("_", " ") for control in controls))
    for _, quantity in control_columns(measured.settings):
        if measured.has(quantity, first):
            unit = measured.records[quantity, first]["unit"]
            yield row(_named(quantity), *(_scored(control, quantity, unit) for control in controls))


def _scored(control: Mapping[str, Any], quantity: str, unit: Unit) -> str:
    scores = [float(s["value"]) for run in control["runs"] for s in run if s["quantity"] == quantity]
    return shown_range(min(scores), max(scores), unit) if scores else shown(None, unit)


def _choice(measured: _Measured, imported: Mapping[str, Any] | None) -> Iterator[str]:
    if imported is None:
        rule = RULE if measured.target is None else RULE_BESIDE_TARGET
        yield f"By the fixed rule, from the ranking in `selection.json`: {rule}"
        return
    yield f"It was not chosen here, but **imported** from a file of another program, `{imported['file']}`."
    yield f"Not recorded there, and so unknown: {', '.join(imported['unknown'])}."


def _data(measured: _Measured) -> Iterator[str]:
    split, space, target = measured.result["data"]["split"], measured.result["space"], measured.target
    if target is None:
        yield "The data are all operations of the space, which is enumerated; no other data were used."
    else:
        yield "The data are the rows of `target.safetensors` with their probabilities, the target q; no other"
        yield "data were used."
    if split is None:
        yield "Which of them the model was trained on is not recorded: **nothing is claimed of held-out"
        yield "operations**, and accuracies are over all of them."
        return
    yield from _fitted(measured)
    yield "That is the signer's word, as settings and ranking are: `fluxttice verify --run` trains again."
    yield ""
    sizes = {name.replace("_", "-"): f"{split[name]:,}" for name in ("train", "validation", "held_out")}
    named = {"space": f"`{space['name']}`"} if "name" in space else {}
    rows = {} if target is None else _target_rows(target)
    told = _told(measured)
    yield from facts({**named, **rows, **sizes, "seed of the split": str(split["seed"]), **told})


def _fitted(measured: _Measured) -> tuple[str, ...]:
    """What was fitted to which rows."""
    if measured.told:
        return _FITTED_BESIDE_TABLE
    return _FITTED if measured.target is None else _FITTED_BESIDE_TARGET


def _told(measured: _Measured) -> dict[str, str]:
    """What was told of all rows, as a fact: sentences are the signer's word."""
    if measured.told:
        return {"thresholds of the decoders": "computed from all rows"}
    return {} if measured.target is None else {"draws from the prior": "labelled by all rows"}


def _target_rows(target: Mapping[str, Any]) -> dict[str, str]:
    return {
        "elements of the target": f"{target['elements']:,}",
        "H(q) of the target, nats": f"{target['entropy_nats']:.6f}",
        "different probabilities": f"{len(target['levels']):,}",
        "target, SHA-256": f"`{target['sha256']}`",
    }


_FITTED = (
    "They were split once by a seeded permutation; the weights were fitted to the training rows alone.",
)
_FITTED_BESIDE_TARGET = (
    "They were split once by a seeded permutation. Codes were fitted to the training rows alone; **draws",
    "from the prior were labelled by the whole target**, the probabilities of held-out rows among it.",
)
_FITTED_BESIDE_TABLE = (
    "They were split once by a seeded permutation. The encoders were fitted to the training rows alone;",
    "**the decoders' thresholds and the encoders' boxes were computed from all rows**, the held-out ones",
    "among them, so that figures of held-out rows say nothing of unseen ones.",
)
_TOLD = (
    "Both halves read the same thresholds, so\nthat p(x) is **computed** from the probabilities that were "
    "asked for, and not learnt. What is learnt are\nthe encoders."
)
_TARGET = (
    "It is to give each of these elements as often as the *target* q says, and nothing else: figures are",
    "held against what a perfect generator of q shows. Other elements of the space were not trained on, and",
    "nothing is claimed of their codes.",
)
_INTENDED_USE = (
    "For research on generative models whose whole output space can be counted, for teaching, and for",
    "embedding and searching operations of many-valued logic. It knows nothing but tables of symbols. It is",
    "no source of randomness for cryptography, and latents far from the prior have no meaning.",
)
_VERIFY = (
    "`fluxttice verify DIR` says what your machine proves of this folder, what a key signed, and what is the",
    "signer's word; `--remeasure` measures every number again from the weights, and the controls, and draws",
    "the drawings again. By hand: `sha256sum --check SHA256SUMS`. Every figure here is in `report.json`,",
    "with its estimator, draws, seed and interval.",
)


def _named(quantity: str) -> str:
    return f"{label(quantity)} `{quantity}`"
