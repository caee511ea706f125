"""The parts that every model card has: front matter, tables of facts and gates, and what measured it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from fluxttice_core.metrics.settings import Half
from fluxttice_core.spaces.conventions import OPERATIONS
from fluxttice_core.spaces.nouns import described_words, recorded_nouns

FAILED = "FAILED"


def whole_card(front: Mapping[str, Any], body: Iterable[str]) -> str:
    """A card of its front matter and its lines."""
    written = yaml.safe_dump(dict(front), sort_keys=False, allow_unicode=True, width=100)
    return "\n".join(("---", written.rstrip(), "---", "", *body)) + "\n"


def front_matter(
    title: str,
    space: Mapping[str, Any],
    *,
    described: str,
    listed: str,
    accepted: bool,
    metrics: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """What the Hub reads of a model, whose data are `listed` in some way."""
    group = {
        "task": {
            "type": "feature-extraction",
            "name": f"Encoding and generating {recorded_nouns(space).many}",
        },
        "dataset": {"type": listed, "name": described[:1].upper() + described[1:]},
        "metrics": metrics,
    }
    return {
        "license": "apache-2.0",
        "library_name": "fluxttice-core",
        "pipeline_tag": "feature-extraction",
        "tags": [
            *("variational-autoencoder", kind_of_space(space), "generative"),
            *([] if accepted else ["failed-acceptance"]),
        ],
        "model-index": [{"name": title, "results": [group]}],
    }


def failures(gates: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Which gates a model does not meet."""
    yield f"**{FAILED}: this model is not certified.** It does not meet these acceptance gates, listed below:"
    yield ""
    for found in gates:
        if not found["passed"]:
            yield f"- {found['gate']['name']} (half {found['half'].upper()})"


def described_space(space: Mapping[str, Any]) -> str:
    """How many elements a space has, and what they are called."""
    if "name" in space:
        words = described_words(space["name"], len(space["alphabets"]))
        return f"{space['elements']:,} {words.removeprefix('the ')}"
    base = {2: "binary", 3: "ternary", 4: "quaternary"}[space["base"]]
    arity = {1: "one-input", 2: "two-input"}.get(space["arity"], f"{space['arity']}-input")
    return f"{space['operations']:,} {arity} {base} operations"


def kind_of_space(space: Mapping[str, Any]) -> str:
    """The tag of a space, by which cards of its kind are found."""
    if "name" not in space:
        return next(f"{name}-logic" for name, base in OPERATIONS.items() if base == space["base"])
    name = str(space["name"]).partition(":")[0]
    return name if name.isalpha() else "words"


def gate_table(results: Sequence[Mapping[str, Any]], halves: Sequence[Half]) -> Iterator[str]:
    """What each acceptance gate asks, and what the halves show."""
    yield "A model is certified only if both halves meet every one of them."
    yield ""
    yield from heading("", "quantity", "asks", *(half.upper() for half in halves), "verdict")
    gates = {tuple(sorted(result["gate"].items())): result["gate"] for result in results}
    for gate in gates.values():
        found = [result for result in results if result["gate"] == gate]
        values = ["–" if result["value"] is None else f"{float(result['value']):.4f}" for result in found]
        verdict = "met" if all(result["passed"] for result in found) else FAILED
        asks = f"{gate['comparison']} {float(gate['threshold']):g}"
        yield row(gate["name"], f"`{gate['quantity']}`", asks, *values, verdict)


def environment_rows(result: Mapping[str, Any], *, seed: int, of_settings: str | None) -> dict[str, str]:
    """What a model was measured with, and by which seed."""
    tool, model = result["tool"], result["model"]
    settings = {} if of_settings is None else {"measurement settings, SHA-256": f"`{of_settings}`"}
    return {
        "program": f"{tool['name']} {tool['version']}",
        "commit": _known(tool["commit"]) + (", with changes" if tool["modified"] else ""),
        **{name: str(value) for name, value in sorted(result["environment"].items())},
        "parameters": f"{model['parameters']:,}",
        "recipe": _known(model["recipe"]),
        "seed of the run": _known(model["seed"]),
        "epoch": str(model["epoch"]),
        "seed of the measurement": str(seed),
        "tensors, SHA-256": f"`{model['tensor_sha256']}`",
        **settings,
        "measured again by": f"`{result['command']}`",
    }


def facts(rows: Mapping[str, str]) -> Iterator[str]:
    """A table of facts, by their names."""
    yield from heading("", "value")
    yield from (row(name, value) for name, value in rows.items())


def heading(*cells: str) -> Iterator[str]:
    """The first two lines of a table."""
    yield row(*cells)
    yield "|---|" + "---:|" * (len(cells) - 1)


def row(*cells: str) -> str:
    """A line of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _known(value: object) -> str:
    return "not recorded" if value is None else str(value)
