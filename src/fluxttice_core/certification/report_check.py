"""What a certificate's report says beside its figures, held against the weights' header and its own settings.

Needs neither torch nor the measurement, so that it is part of every verification.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from fluxttice_core.certification.finding import contradiction
from fluxttice_core.certification.folder_names import COMMAND, MODEL, REPORT
from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.figure_check import wrong_scales, wrong_sentences
from fluxttice_core.evaluation.gates import GateResult
from fluxttice_core.evaluation.result_facts import (
    coverage_rows,
    sampler_of,
    size_name,
    space_facts,
    title_of_run,
    version_of,
)
from fluxttice_core.evaluation.target_facts import TargetFacts
from fluxttice_core.metrics.naming import due_metrics
from fluxttice_core.metrics.settings import MeasurementSettings, require_rules, settings_from
from fluxttice_core.spaces.conventions import part_sizes
from fluxttice_core.spaces.space_name import recorded_space
from fluxttice_core.storage.canonical_json import canonical_json
from fluxttice_core.storage.model_file import StoredModel

_ROUNDING = 1e-12
_VERSION, _NOTHING = r"\d[\w.+]{0,39}|none", r"(?!)"
_MACHINE = {
    **dict.fromkeys(("python", "torch", "numpy", "scipy", "jaxtyping", "mkl", "onednn"), _VERSION),
    **dict.fromkeys(("cores", "threads"), r"[1-9]\d{0,5}"),
    **dict.fromkeys(("system", "machine", "capability", "matmul_precision", "blas"), r"[\w-]{1,40}"),
    **dict.fromkeys(("MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS"), r"[\w.+-]{1,40}"),
    **dict.fromkeys(("processor", "device"), r"[\w.+-]{1,100}"),
}
"""Whatever a report may say of a machine, by name: nothing that a card would show as a row of its own."""


def require_facts_of(result: Mapping[str, Any], stored: StoredModel) -> None:
    """Refuse a report, which follows the schema, that says otherwise of its model than the model's file."""
    model, data, record = result["model"], result["data"], stored.record
    shape = record.architecture
    space = recorded_space(record.space.model_dump())
    require_same(
        {
            **facts_of_model(model, result["title"], stored),
            "rho of the pair": (result["rho"], record.rho or 0.0),
            "space": (result["space"], space_facts(space)),
            "version": (result["schema_version"], version_of(space, has_target="target" in result)),
            "target": (result.get("target", {}).get("sha256"), record.target_sha256),
            "data": (
                (data.get(size_name(space)), data["space_sha256"], data["entropy_nats"]),
                (
                    space.size,
                    space.digest(),
                    _but_for_rounding(data["entropy_nats"], math.log(space.size)),
                ),
            ),
            "dimensions": (result["sampler"]["dimensions"], dict.fromkeys("ab", shape.get("latent_dim"))),
            "split": (data["split"], _split_of(stored, result.get("target", {}).get("elements", space.size))),
        },
        f"the header of {MODEL}",
    )


def facts_of_model(
    model: Mapping[str, Any], title: object, stored: StoredModel
) -> dict[str, tuple[object, object]]:
    """What a report says of a model's making, beside what its file says."""
    record = stored.record
    shape, named = record.architecture, record.space.model_dump()
    own = {"space": recorded_space(named).name} if "name" in named else named
    return {
        "recipe": (model["recipe"], record.recipe),
        "epoch": (model["epoch"], record.epoch),
        "seed": (model["seed"], record.seed),
        "title": (title, title_of_run(record.recipe or MODEL, record.epoch, record.seed)),
        "number of parameters": (model["parameters"], stored.parameters),
        "architecture": (model["architecture"], shape),
        "space of the architecture": (
            {key: shape.get(key) for key in ("space", "base", "arity") if key in shape},
            own,
        ),
        "rho": (model["rho"], record.rho or 0.0),
        "file": (model["source"], MODEL),
    }


def require_complete(result: Mapping[str, Any]) -> None:
    """Refuse a report without a figure that its settings ask for, or with what does not follow from them."""
    settings, space = settings_from(result["settings"]), recorded_space(result["space"])
    require_rules(settings, space)
    _require_figures(result, settings, ternary=space.is_ternary)
    facts = TargetFacts.from_plain(result.get("target"), space)
    law = None if facts is None else facts.law
    for fault in (*wrong_scales(result, settings, law), *wrong_sentences(result)):
        raise contradiction(f"{REPORT} contradicts itself: {fault}")
    coverage = coverage_rows(result["metrics"], ("a", "b"), settings)
    require_same({"table of coverage": (result["coverage"], coverage)}, "its figures")
    sampler = {**result["sampler"], "dimensions": None}
    require_same(
        {
            "sampler": (sampler, {"dimensions": None, **sampler_of(settings)}),
            "command": (result["command"], COMMAND),
            "time and cost": ((result["created"], result["cost"]), (None, None)),
        },
        "its settings",
    )
    require_described(result)


def missed(found: GateResult, value: str) -> str:
    """Which gate a half misses, with its value in words."""
    gate = found.gate
    return (
        f"its {gate.quantity} is {value} in half {found.half.upper()}, and the gate “{gate.name}” asks "
        f"{gate.comparison} {gate.threshold:g}"
    )


def require_described(result: Mapping[str, Any]) -> None:
    """Refuse a program or a machine that is described by more than names and versions."""
    described = [(name, value, _MACHINE.get(name, _NOTHING)) for name, value in result["environment"].items()]
    for name, value, pattern in (*described, ("version", result["tool"]["version"], _VERSION)):
        if not re.fullmatch(pattern, str(value), re.ASCII):
            raise contradiction(
                f"{REPORT} describes program or machine in other words than names and versions: {name} is "
                f"{str(value)[:80]}"
            )


def _but_for_rounding(stated: float, due: float) -> float:
    """What is due, in the digits in which it is stated: the last one is the C library's."""
    return stated if math.isclose(stated, due, rel_tol=_ROUNDING) else due


def require_same(facts: Mapping[str, tuple[object, object]], due: str) -> None:
    """Refuse facts of a report, by name, that are not those that follow."""
    for name, (stated, expected) in facts.items():
        # As text, since 7 and 7.0 are equal and read differently.
        if canonical_json(stated) != canonical_json(expected):
            raise contradiction(f"the {name} in {REPORT} does not follow from {due}")


def _split_of(stored: StoredModel, size: int) -> dict[str, Any] | None:
    """The parts as the report has them, of the split that the header names."""
    split = stored.record.split
    if split is None:
        return None
    train, validation, held_out = part_sizes(size)
    parts = {"train": train, "validation": validation, "held_out": held_out}
    return {"seed": split.seed, "sha256": split.digest, **parts}


def _require_figures(result: Mapping[str, Any], settings: MeasurementSettings, *, ternary: bool) -> None:
    split = result["data"]["split"]
    due = due_metrics(
        settings,
        ternary=ternary,
        split_known=split is not None,
        validated=split is None or split["validation"] > 0,
        rho=float(result["rho"]),
        metric_set=result["metric_set"],
        has_target="target" in result,
    )
    found = Counter((metric["quantity"], metric["half"]) for metric in result["metrics"])
    for quantity, half in sorted(due - found.keys()):
        raise MeasurementError(
            f"{REPORT} lacks {quantity} of half {half}, which its settings ask for", "incomplete_report"
        )
    for (quantity, half), times in found.items():
        if times > 1 or (quantity, half) not in due:
            raise contradiction(
                f"{REPORT} holds {quantity} of half {half} {times} times, where its settings ask for "
                f"{int((quantity, half) in due)}"
            )
