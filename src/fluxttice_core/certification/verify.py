"""Verify a certified folder: what holds, what fails, and what was not checked, each said.

Reads the files without torch, so that it takes about a second; measuring again is `remeasurement`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.card_check import require_card
from fluxttice_core.certification.folder_names import (
    CARD,
    MODEL,
    REPORT,
    SELECTION,
    SETTINGS,
    figures_among,
    require_no_more_folders,
    require_own_names,
)
from fluxttice_core.certification.model_card import model_card
from fluxttice_core.certification.origin import imported_from, require_origin
from fluxttice_core.certification.report_check import require_complete, require_facts_of
from fluxttice_core.certification.selection import Candidate, read_ranking
from fluxttice_core.certification.signature import verify_folder
from fluxttice_core.errors import CheckpointError, FluxtticeError, MeasurementError, RecordError, printable
from fluxttice_core.evaluation.gates import ACCEPTANCE, GateResult, on_all_operations
from fluxttice_core.evaluation.result_schema import MAXIMUM_RESULT, schema_fault, upgraded
from fluxttice_core.metrics.settings import settings_from
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.canonical_json import json_digest, parse_json
from fluxttice_core.storage.folder_digests import SIGNATURE, SUMS, empty_folders, folder_digests, sums_text
from fluxttice_core.storage.model_file import StoredModel, read_stored

Verdict = Literal["holds", "fails", "not checked"]
_Content = TypeVar("_Content")
_MAXIMUM = {MODEL: 256 << 20, REPORT: MAXIMUM_RESULT}
_MAXIMUM_TEXT = 4 << 20
_MAXIMUM_FOLDER = 512 << 20
"""A folder of more bytes is refused before they are read: a sparse file may claim terabytes."""
_HALVES: tuple[Literal["a"], Literal["b"]] = ("a", "b")
_CHOSEN_BY = "table_accuracy/mean/held_out"


@dataclass(frozen=True)
class Finding:
    """What became of one check.

    Args:
        subject: What was checked.
        verdict: Whether it holds, fails, or was not checked.
        detail: How it holds, why it fails, or what it would take to check it.
    """

    subject: str
    verdict: Verdict
    detail: str

    def __post_init__(self) -> None:
        # A detail that holds quotes names from the folder, as an error's sentence does.
        object.__setattr__(self, "detail", printable(self.detail))


class CertifiedFolder:
    """The files of a certified folder, each read at most once and checked as it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._outcomes: dict[str, Any] = {}

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of every file, save sums and signature."""
        return self._once(SUMS, lambda: folder_digests(self.path, largest=_MAXIMUM_FOLDER))

    @property
    def result(self) -> dict[str, Any]:
        """The content of `report.json`, if it follows the schema and its settings are the digested ones."""
        return self._once(REPORT, self._result)

    @property
    def settings(self) -> Any:
        """The content of `settings.json`."""
        return self._once(SETTINGS, lambda: self._json(SETTINGS))

    @property
    def selection(self) -> Any:
        """The content of `selection.json`."""
        return self._once(SELECTION, lambda: self._json(SELECTION))

    @property
    def stored(self) -> StoredModel:
        """What `model.safetensors` says and is."""
        return self._once(MODEL, lambda: read_stored(self._bytes(MODEL), name=MODEL))

    def _once(self, name: str, read: Callable[[], _Content]) -> _Content:
        """What a file holds, or the fault that was found in it: several checks ask."""
        if name not in self._outcomes:
            try:
                self._outcomes[name] = read()
            except FluxtticeError as error:
                self._outcomes[name] = error
        found: _Content | FluxtticeError = self._outcomes[name]
        if isinstance(found, FluxtticeError):
            raise found
        return found

    def _result(self) -> dict[str, Any]:
        result: dict[str, Any] = upgraded(self._json(REPORT))
        fault = schema_fault(result)
        if fault is not None:
            raise MeasurementError(f"{REPORT} is no complete result: {fault}", "incomplete_report")
        if json_digest(result["settings"]) != result["settings_sha256"]:
            raise MeasurementError(
                f"{REPORT} was measured with other settings than its settings_sha256 names", "digest_mismatch"
            )
        return result

    def text(self, name: str) -> str:
        """The text of a file."""
        try:
            return self._bytes(name).decode()
        except UnicodeDecodeError as error:
            raise RecordError(f"{name} is not UTF-8 text; it is damaged", "damaged_file") from error

    def _json(self, name: str) -> Any:
        return parse_json(self._bytes(name), name=name)

    def _bytes(self, name: str) -> bytes:
        maximum = _MAXIMUM.get(name, _MAXIMUM_TEXT)
        return read_bounded(
            self.path / name, maximum=maximum, name=name, error=CheckpointError, follow_symlinks=False
        )


def verify(path: Path, *, public_key: ec.EllipticCurvePublicKey | None = None) -> tuple[Finding, ...]:
    """Check everything in a certified folder that can be checked without measuring.

    Args:
        path: The folder.
        public_key: The key that is trusted; none: the signature is not checked.

    Returns:
        One finding a check, in the order in which they depend on each other.
    """
    folder = CertifiedFolder(path)
    return (
        _signature(path, public_key),
        _finding("sums", lambda: _sums(folder)),
        _finding("report", lambda: _report(folder)),
        _finding("settings", lambda: _settings(folder)),
        _finding("weights", lambda: _weights(folder)),
        _finding("selection", lambda: _selection(folder)),
        _finding("card", lambda: _card(folder)),
        _finding("gates", lambda: _gates(folder)),
        Finding("figures", "not checked", f"drawings are vouched for by {SUMS} and the signature alone"),
    )


def _finding(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, "holds", check())
    except FluxtticeError as error:
        return Finding(subject, "fails", str(error))


def _signature(folder: Path, public_key: ec.EllipticCurvePublicKey | None) -> Finding:
    if public_key is None:
        signed = (folder / SIGNATURE).is_file()
        missing = "no public key was given" if signed else "the folder is not signed"
        return Finding("signature", "not checked", f"{missing}, so nobody vouches for these files")

    def check() -> str:
        found = verify_folder(folder, folder / SIGNATURE, public_key, largest=_MAXIMUM_FOLDER)
        unsigned = f"; unsigned: {', '.join(found.unsigned)}" if found.unsigned else ""
        return f"the key {found.key_fingerprint[:16]}… signed these {len(found.files)} files{unsigned}"

    return _finding("signature", check)


def _sums(folder: CertifiedFolder) -> str:
    digests = folder.digests
    listed = folder.text(SUMS)
    if listed == sums_text(digests):
        require_own_names(digests)
        require_no_more_folders(empty_folders(folder.path))
        return f"{SUMS} lists exactly these {len(digests)} files"
    lines = set(listed.splitlines())
    wrong = [name for name in digests if f"{digests[name]}  {name}" not in lines]
    detail = f"{wrong[0]} is not what it lists" if wrong else "it lists something else than is there"
    raise RecordError(
        f"{SUMS} does not hold: {detail}; get the folder again from its publisher", "digest_mismatch"
    )


def _report(folder: CertifiedFolder) -> str:
    result = folder.result
    require_complete(result)
    for metric in result["metrics"]:
        interval = metric["interval"]
        if interval is None:
            continue
        if interval["estimate"] != metric["value"]:
            raise MeasurementError(
                f"{REPORT} gives {metric['name']} another value than its interval is around",
                "contradictory_report",
            )
        if not float(interval["lower"]) <= float(metric["value"]) <= float(interval["upper"]):
            raise MeasurementError(
                f"{REPORT} gives {metric['name']} a value outside its interval", "contradictory_report"
            )
    return f"holds all {len(result['metrics'])} figures that its settings ask for, and follows its schema"


def _settings(folder: CertifiedFolder) -> str:
    digest, stored = json_digest(folder.settings), folder.stored
    if stored.record.settings_digest != digest:
        raise CheckpointError(
            f"{SETTINGS} is not what the weights were made with: its digest differs", "digest_mismatch"
        )
    require_origin(folder.settings, stored.record)
    return f"their digest is the one in {MODEL}"


def _weights(folder: CertifiedFolder) -> str:
    stored, model = folder.stored, folder.result["model"]
    if stored.record.tensor_digest != stored.tensor_digest:
        raise CheckpointError(f"{MODEL} holds other weights than its own header names", "digest_mismatch")
    if (model["tensor_sha256"], model["file_sha256"]) != (stored.tensor_digest, stored.file_digest):
        raise CheckpointError(f"{MODEL} is not the model that {REPORT} measured", "model_mismatch")
    if stored.misfit is not None:
        raise CheckpointError(
            f"{MODEL} does not hold the weights of its network: {stored.misfit}", "architecture_mismatch"
        )
    if not stored.record.trained:
        raise CheckpointError(f"{MODEL} records that its weights were never trained", "untrained")
    require_facts_of(folder.result, stored)
    return f"their digest {stored.tensor_digest[:16]}… is the same in header, report and file"


def _selection(folder: CertifiedFolder) -> str:
    stored = folder.stored
    if imported_from(folder.settings) is not None:
        return _nothing_chosen(folder)
    settings = settings_from(folder.result["settings"])
    first = read_ranking(folder.selection, draws=settings.control_mass_draws, seed=settings.seed)[0]
    candidate = first.candidate
    if (candidate.epoch, candidate.tensor_digest) != (stored.record.epoch, stored.tensor_digest):
        raise CheckpointError(
            f"{SELECTION} ranks epoch {candidate.epoch} first, and {MODEL} is another", "model_mismatch"
        )
    if not first.eligible:
        raise CheckpointError(
            f"the fixed rule admits no checkpoint of {SELECTION}: {first.reason}", "gate_failed"
        )
    _require_same_accuracy(candidate, folder.result)
    return f"the fixed rule gives epoch {candidate.epoch} from the recorded ranking"


def _require_same_accuracy(candidate: Candidate, result: Mapping[str, Any]) -> None:
    measured = {m["half"]: m["value"] for m in result["metrics"] if m["quantity"] == _CHOSEN_BY}
    if (measured.get("a"), measured.get("b")) != candidate.table_accuracy:
        raise CheckpointError(
            f"{SELECTION} gives the chosen checkpoint another {_CHOSEN_BY} than {REPORT}",
            "contradictory_report",
        )


def _nothing_chosen(folder: CertifiedFolder) -> str:
    if os.path.lexists(folder.path / SELECTION):
        raise CheckpointError(
            f"{SELECTION} claims that an imported model was chosen; nothing was: remove it",
            "contradictory_report",
        )
    return "imported from another program: nothing was chosen"


def _card(folder: CertifiedFolder) -> str:
    stated = folder.text(CARD)
    imported_from(folder.settings)
    facts = require_card(stated, model_card(folder.result, folder.settings, figures_among(folder.digests)))
    return f"its {facts} facts follow from {REPORT} and {SETTINGS}; its sentences are the signer's"


def _gates(folder: CertifiedFolder) -> str:
    """Judge the report's figures anew, by this program's gates and not by those that the report names."""
    result = folder.result
    values = {(metric["quantity"], metric["half"]): metric["value"] for metric in result["metrics"]}
    gates = ACCEPTANCE if result["data"]["split"] is not None else on_all_operations(ACCEPTANCE)
    judged = [GateResult(gate, half, values.get((gate.quantity, half))) for gate in gates for half in _HALVES]
    due: list[dict[str, Any]] = [
        {"gate": asdict(found.gate), "half": found.half, "value": found.value, "passed": _passed(found)}
        for found in judged
    ]
    for stated, expected in zip_longest(map(_nameless, result["gates"]), map(_nameless, due)):
        if stated != expected:
            asked = (expected or stated)["gate"]["quantity"]
            raise MeasurementError(
                f"{REPORT} judges {asked} wrongly, or by other gates than certify has", "contradictory_report"
            )
    for found in judged:
        if not _passed(found):
            gate, half = found.gate, found.half.upper()
            raise MeasurementError(
                f"the model is not certified: its {gate.quantity} is {found.value} in half {half}, and "
                f"the gate “{gate.name}” asks {gate.comparison} {gate.threshold:g}",
                "gate_failed",
            )
    return f"both halves meet all {len(gates)} acceptance gates by the report's figures"


def _nameless(record: Mapping[str, Any]) -> dict[str, Any]:
    """A gate's record without what the gate is called, which may be worded otherwise."""
    return {**record, "gate": {**record["gate"], "name": ""}}


def _passed(found: GateResult) -> bool:
    # An infinite figure stands in the report as a word.
    return found.value is not None and found.gate.admits(float(found.value))
