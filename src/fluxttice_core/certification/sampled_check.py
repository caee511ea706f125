"""What a certificate of a space that cannot be written out says: that it follows from what was counted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fluxttice_core.certification.finding import contradiction
from fluxttice_core.certification.folder_names import COMMAND, MODEL, REPORT, SETTINGS
from fluxttice_core.certification.origin import require_origin
from fluxttice_core.certification.report_check import facts_of_model, missed, require_described, require_same
from fluxttice_core.errors import CheckpointError, MeasurementError
from fluxttice_core.evaluation.result_schema import SAMPLED, SAMPLED_VERSION
from fluxttice_core.spaces.space_name import recorded_space
from fluxttice_core.storage.format_version import require_known_format

if TYPE_CHECKING:
    from fluxttice_core.certification.certified_folder import CertifiedFolder
    from fluxttice_core.evaluation.sampled_report import SampledReport
    from fluxttice_core.storage.model_file import StoredModel

_PARTS = frozenset(
    ("schema", "schema_version", "tool", "created", "command", "environment", "model", "split", "report")
)
_OF_MODEL = frozenset(
    ("file_sha256", "tensor_sha256", "recipe", "epoch", "seed", "parameters", "rho", "source", "architecture")
)
_OF_TOOL = frozenset(("name", "version", "commit", "modified"))
_OF_SPLIT = frozenset(("seed", "sha256"))


def require_sampled_result(result: Any) -> None:
    """Refuse a result that has not the parts of a report from samples; its report is read by itself."""
    if not isinstance(result, dict) or result.get("schema") != SAMPLED:
        raise MeasurementError(f"{REPORT} is no report from samples, as {MODEL} needs", "incomplete_report")
    require_known_format(result, "schema_version", SAMPLED_VERSION, name=REPORT, error=MeasurementError)
    closed = (("model", _OF_MODEL), ("tool", _OF_TOOL), ("split", _OF_SPLIT))
    parts = {"": (result, _PARTS), **{name: (result.get(name), due) for name, due in closed}}
    for name, (found, due) in parts.items():
        if not isinstance(found, dict) or found.keys() != due:
            raise MeasurementError(
                f"{REPORT} is no complete report from samples: {name or 'its top level'} has not the parts "
                f"{', '.join(sorted(due))}",
                "incomplete_report",
            )
    tool, environment = result["tool"], result["environment"]
    commit, modified = tool["commit"], tool["modified"]
    known = commit is None or (isinstance(commit, str) and re.fullmatch(r"[0-9a-f]{40}", commit, re.ASCII))
    plain = isinstance(environment, dict) and (modified is None or isinstance(modified, bool))
    plain = plain and type(result["model"]["parameters"]) is int
    # As text, since 1 and true are equal.
    newest = repr(result["schema_version"]) == repr(SAMPLED_VERSION)
    if not (newest and tool["name"] == "fluxttice" and known and plain):
        raise MeasurementError(f"{REPORT} is no report from samples of this program", "incomplete_report")


def require_sampled_complete(folder: CertifiedFolder) -> str:
    """What holds of the report alone."""
    result, report = folder.result, folder.sampled
    require_described(result)
    apart = {
        "command": (result["command"], COMMAND),
        "time": (result["created"], None),
        "halves": ([one.name for one in report.halves], ["A", "B"]),
        "codes": ([one.codes is None or one.trained is None for one in report.halves], [False, False]),
        "knowledge of the split": (report.split_known, True),
    }
    require_same(apart, "a certificate")
    return (
        "every p-value, limit and bound in it follows from what was counted, H - D <= I_q <= min(R, H) among "
        "them; whether that was counted is another question"
    )


def require_sampled_facts(result: Mapping[str, Any], report: SampledReport, stored: StoredModel) -> None:
    """Refuse a report that says otherwise of its model than the model's file."""
    record = stored.record
    split = None if record.split is None else {"seed": record.split.seed, "sha256": record.split.digest}
    space = recorded_space(record.space.model_dump())
    facts = {
        **facts_of_model(result["model"], report.title, stored),
        "space": (report.space.name, space.name),
        "split": (result["split"], split),
    }
    require_same(facts, f"the header of {MODEL}")


def require_last_epoch(folder: CertifiedFolder) -> str:
    """Refuse weights of an epoch that is not the run's last, since nothing ranks one by samples."""
    require_origin(folder.settings, folder.stored.record)
    epochs, epoch = folder.settings["recipe"]["epochs"], folder.stored.record.epoch
    if epoch != epochs:
        raise CheckpointError(
            f"{MODEL} is of epoch {epoch}, and the run of {SETTINGS} has {epochs}: of a space that cannot be "
            "written out the last one is certified",
            "contradictory_report",
        )
    return f"by {SETTINGS} these are the weights of the run's last epoch, {epoch}: no ranking is recorded"


def require_sampled_gates(folder: CertifiedFolder) -> str:
    """Judge the figures anew, by this program's gates and not by those that the report names."""
    # Late, since it loads libraries of statistics, which other certificates are verified without.
    from fluxttice_core.evaluation.caveats import stray_number
    from fluxttice_core.evaluation.sampled_json import same_values

    report, stated = folder.sampled, folder.result["report"]
    due = [{**asdict(result), "passed": result.passed} for result in report.gates]
    gates = stated.get("gates")
    same = same_values((nameless(gates), stated.get("accepted")), (nameless(due), report.accepted))
    if not same or stray_number(_names(gates), _names(due)) is not None:
        raise contradiction(f"{REPORT} judges its figures wrongly, or by other gates than certify has")
    for result in report.gates:
        if not result.passed:
            value = "not told by so few draws" if result.value is None else f"{result.value:.6g}"
            raise MeasurementError(f"the model is not certified: {missed(result, value)}", "gate_failed")
    return f"by the report's numbers, both halves meet all {len(due) // 2} acceptance gates"


def _names(gates: Any) -> list[str]:
    return [one["gate"]["name"] for one in gates]


def nameless(gates: Any) -> Any:
    """Gates without what they are called, which may be worded otherwise."""
    if not isinstance(gates, list) or not all(map(_is_named, gates)):
        return gates
    return [{**one, "gate": {**one["gate"], "name": ""}} for one in gates]


def _is_named(result: Any) -> bool:
    gate = result.get("gate") if isinstance(result, dict) else None
    return isinstance(gate, dict) and type(gate.get("name")) is str
