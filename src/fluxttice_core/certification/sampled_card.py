"""The model card of a space that cannot be written out: what samples show of a model."""

from collections.abc import Iterator, Mapping
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
from fluxttice_core.certification.folder_names import REPORT
from fluxttice_core.evaluation.result_facts import space_facts
from fluxttice_core.evaluation.sampled_json import read_sampled
from fluxttice_core.evaluation.sampled_report import CHECKS, SampledReport
from fluxttice_core.model.halves import HALVES


def sampled_card(result: Mapping[str, Any]) -> str:
    """The card of a result file of a report from samples."""
    report = read_sampled(result["report"], name=REPORT)
    space, gates = space_facts(report.space), report.as_dict()["gates"]
    front = front_matter(
        report.title,
        space,
        described=described_space(space),
        listed="sampled",
        accepted=report.accepted,
        metrics=[_metadata(gate) for gate in gates if gate["value"] is not None],
    )
    return whole_card(front, _body(result, report, gates))


def _metadata(result: Mapping[str, Any]) -> dict[str, Any]:
    gate, half = result["gate"], result["half"]
    args = {"half": half, "asks": f"{gate['comparison']} {gate['threshold']:g}"}
    name = f"{gate['name']}, half {half.upper()}"
    return {"type": gate["quantity"], "name": name, "value": result["value"], "args": args}


def _body(result: Mapping[str, Any], report: SampledReport, gates: list[Mapping[str, Any]]) -> Iterator[str]:
    own = report.space.nouns.own
    yield f"# {report.title}" if report.accepted else f"# {FAILED}: {report.title}"
    if not report.accepted:
        yield from ("", *failures(gates))
    described = described_space(space_facts(report.space))
    yield from ("", f"A dual variational autoencoder over {described}.", *map(own, _INTRODUCTION))
    yield from ("", "## Results", "", *map(own, _RESULTS), "")
    yield from heading("", *(half.upper() for half in HALVES), "perfect")
    yield from (row(*line, *[""] * (4 - len(line))) for line in report.rows())
    yield from ("", "## Controls", "", *map(own, _CONTROLS), "")
    everyone = (*report.halves, *report.controls)
    yield from heading("", *(f"`{one.name}`" for one in everyone))
    for name, gate in CHECKS.items():
        yield row(f"{gate.name} `{gate.quantity}`", *(report.verdict(name, one) for one in everyone))
    yield from ("", "## Acceptance gates", "", *gate_table(gates, HALVES))
    yield from ("", "## How it was chosen", "", *_CHOICE)
    yield from ("", "## Data", "", *map(own, _DATA), "")
    draws, seed = f"{report.halves[0].prior.draws:,}", str(result["split"]["seed"])
    counted = {"elements": f"{report.space.size:,}", "H, nats": f"{report.space.log_size:.6f}"}
    yield from facts(
        {"space": f"`{report.space.name}`", **counted, "draws": draws, "seed of the split": seed}
    )
    yield from ("", "## Intended use", "", *map(own, _INTENDED_USE))
    yield from ("", "## Limits", "", *(f"- {sentence}" for sentence in report.limitations))
    rows = environment_rows(result, seed=report.seed, of_settings=None)
    yield from ("", "## Environment", "", *facts(rows), "", "## Verify", "", *_VERIFY)


_INTRODUCTION = (
    "Each half encodes an operation as a Gaussian in its latent space, and decodes a latent to one",
    "distribution for each entry of the operation's table. **The operations are too many to be looked at one",
    "by one**: everything below is of samples, and *Limits* says what they cannot show.",
    "",
    *("```python", "import fluxttice_core as fx", "", 'model = fx.load("this folder")'),
    *("z = model.encode(0)", "tables = model.decode(z)", "drawn = model.sample(10)", "```"),
)
_RESULTS = (
    "With limits that hold for the whole part or the whole law in 95 of 100 samples; *perfect* is what a",
    "generator of all operations alike shows. Rows that are called held out were never trained on.",
)
_CONTROLS = (
    "The same checks of generators that no model should be mistaken for, and of one that is even: a sampler",
    "that is stuck on few operations, one that couples the first two trits, and untrained networks.",
)
_CHOICE = (
    "By `settings.json` these are the weights of the run's last epoch: samples rank none. That no other run,",
    "number of epochs or seed of the draws was tried before is the signer's word.",
)
_DATA = (
    "The data are all operations of the space, drawn at random and never listed. A keyed hash of each says",
    "whether it is for training, for validation or held out; the weights were fitted to the first alone.",
    "That is the signer's word, as settings are: `fluxttice verify --run` trains again.",
)
_VERIFY = (
    "`fluxttice verify DIR` works out every p-value, limit and verdict from what was counted, and says what",
    "a key signed and what is the signer's word; `--remeasure` draws and encodes again by the same seed. By",
    "hand: `sha256sum --check SHA256SUMS`.",
)
_INTENDED_USE = (
    "For research on generative models, and for embedding and searching operations of many-valued logic. It",
    "knows nothing but tables of symbols. It is no source of randomness for cryptography, and latents far",
    "from the prior have no meaning.",
)
