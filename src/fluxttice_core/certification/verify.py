"""Verify a certified folder: what its files prove, what a key signed, and what is the signer's word.

Reads the files without torch, so that it takes about a second; measuring again is `remeasurement`.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.card_check import require_card
from fluxttice_core.certification.certified_folder import MAXIMUM_FOLDER, CertifiedFolder
from fluxttice_core.certification.drawings import read_drawing
from fluxttice_core.certification.finding import (
    CLAIMED,
    CLAIMED_BY_SAMPLES,
    Finding,
    contradiction,
    failing,
    proved,
)
from fluxttice_core.certification.folder_names import (
    CARD,
    FIGURES,
    HUB,
    MODEL,
    REPORT,
    SELECTION,
    SETTINGS,
    beside,
    figures_among,
    require_no_more_folders,
    require_own_names,
)
from fluxttice_core.certification.keys import KnownKey
from fluxttice_core.certification.model_card import model_card
from fluxttice_core.certification.origin import imported_from, require_origin
from fluxttice_core.certification.report_check import missed, require_complete, require_facts_of
from fluxttice_core.certification.sampled_check import (
    nameless,
    require_last_epoch,
    require_sampled_complete,
    require_sampled_facts,
    require_sampled_gates,
)
from fluxttice_core.certification.selection import Candidate, read_ranking
from fluxttice_core.certification.signature import named_key, verify_folder
from fluxttice_core.certification.target_check import require_target, speaks_of_target
from fluxttice_core.errors import CheckpointError, FluxtticeError, MeasurementError, RecordError
from fluxttice_core.evaluation.gates import GateResult, gates_of, judged, on_all_operations, untold
from fluxttice_core.metrics.settings import settings_from
from fluxttice_core.model.halves import HALVES
from fluxttice_core.spaces.space_name import recorded_space
from fluxttice_core.storage.canonical_json import json_digest
from fluxttice_core.storage.folder_digests import SIGNATURE, SUMS, empty_folders, sums_text

_UNSIGNED = "there is none: whoever gave you the folder may have made up all of it"
_UNKNOWN = "it names the key {}…, which is not known here: give --public-key to check it"
_CHOSEN_BY = "table_accuracy/mean/held_out"


def verify(
    path: Path,
    *,
    public_key: ec.EllipticCurvePublicKey | None = None,
    known: Sequence[KnownKey] = (),
    require_signature: bool = False,
) -> tuple[Finding, ...]:
    """Check everything in a certified folder that can be checked without measuring.

    Without a `public_key`, the one of the `known` keys that the signature names is taken; `require_signature`
    says whether it fails without a signature by one of these. One finding a check, in the order in which they
    depend on each other, and one for everything that is the signer's word or was not looked at.
    """
    folder = CertifiedFolder(path)
    signature = _signature(path, public_key, known)
    if require_signature and signature.verdict != "signed":
        code = signature.code or "signature_invalid"
        signature = replace(signature, verdict="fails", code=code)
    return (
        signature,
        proved("sums", lambda: _sums(folder)),
        proved("report", lambda: _report(folder)),
        proved("settings", lambda: _settings(folder)),
        proved("weights", lambda: _weights(folder)),
        # Of a model of a whole space there is nothing to say.
        *((proved("target", lambda: require_target(folder)),) if speaks_of_target(folder) else ()),
        proved("selection", lambda: _selection(folder)),
        proved("card", lambda: _card(folder)),
        proved("gates", lambda: _gates(folder)),
        proved("drawings", lambda: _drawings(folder)),
        *(CLAIMED_BY_SAMPLES if folder.by_samples else CLAIMED),
        *_beside(path),
    )


def _beside(folder: Path) -> list[Finding]:
    found = ", ".join(sorted(name for name in HUB if os.path.lexists(folder / name)))
    said = f"{found}: of a download, and no part of what is certified or signed; the card is {CARD}"
    return [Finding("beside", "not looked at", said)] if found else []


def _signature(
    folder: Path, public_key: ec.EllipticCurvePublicKey | None, known: Sequence[KnownKey]
) -> Finding:
    names = {one.fingerprint: one.name for one in known}
    try:
        if public_key is None:
            if not os.path.lexists(folder / SIGNATURE):
                return Finding("signature", "not looked at", _UNSIGNED)
            named = named_key(folder / SIGNATURE)
            public_key = next((one.key for one in known if one.fingerprint == named), None)
            if public_key is None:
                return Finding("signature", "not looked at", _UNKNOWN.format(named[:16]))
        found = verify_folder(folder, folder / SIGNATURE, public_key, largest=MAXIMUM_FOLDER, beside=beside)
    except FluxtticeError as error:
        # Another method's signature may be a good one, unless a key was said to have made it.
        other_method = error.code == "unsupported" and public_key is None
        unread = Finding("signature", "not looked at", str(error))
        return unread if other_method else failing("signature", error)
    name = names.get(found.key_fingerprint)
    whose = f"known as {name}" if name else "UNKNOWN here: it is no key of the project or of your list"
    # Of a folder that a download brought, its name: it holds a file or two for each that was signed.
    others = sorted({path.partition("/")[0] if beside(path) else path for path in found.unsigned})
    unsigned = f"; unsigned: {', '.join(others)}" if others else ""
    detail = (
        f"by {found.key_fingerprint[:16]}… ({whose}): these {len(found.files)} files, unchanged{unsigned}"
    )
    return Finding("signature", "signed", detail, found.key_fingerprint, name)


def _sums(folder: CertifiedFolder) -> str:
    digests = folder.digests
    listed = folder.text(SUMS)
    if listed == sums_text(digests):
        require_own_names(digests)
        require_no_more_folders(name for name in empty_folders(folder.path) if not beside(name))
        return f"the folder holds the {len(digests)} files that {SUMS} lists, unchanged, and no others"
    lines = set(listed.splitlines())
    wrong = [name for name in digests if f"{digests[name]}  {name}" not in lines]
    detail = f"{wrong[0]} is not what it lists" if wrong else "it lists something else than is there"
    raise RecordError(
        f"{SUMS} does not hold: {detail}; get the folder again from its publisher", "digest_mismatch"
    )


def _report(folder: CertifiedFolder) -> str:
    if folder.by_samples:
        return require_sampled_complete(folder)
    result = folder.result
    require_complete(result)
    for metric in result["metrics"]:
        interval = metric["interval"]
        if interval is None:
            continue
        if interval["estimate"] != metric["value"]:
            raise contradiction(f"{REPORT} gives {metric['name']} another value than its interval is around")
        if not float(interval["lower"]) <= float(metric["value"]) <= float(interval["upper"]):
            raise contradiction(f"{REPORT} gives {metric['name']} a value outside its interval")
    return (
        f"none of its {len(result['metrics'])} numbers is missing or of the wrong kind; whether they are "
        "true is another question"
    )


def _settings(folder: CertifiedFolder) -> str:
    digest, stored = json_digest(folder.settings), folder.stored
    if stored.record.settings_digest != digest:
        raise CheckpointError(
            f"{SETTINGS} is not what the weights were made with: its digest differs", "digest_mismatch"
        )
    require_origin(folder.settings, stored.record)
    return f"such as a run has, and those that {MODEL} names"


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
    if folder.by_samples:
        require_sampled_facts(folder.result, folder.sampled, stored)
    else:
        require_facts_of(folder.result, stored)
    return f"{stored.tensor_digest[:16]}…: they fit their network, and report and card speak of them"


def _selection(folder: CertifiedFolder) -> str:
    stored = folder.stored
    if imported_from(folder.settings) is not None:
        return _nothing_chosen(folder)
    if folder.by_samples:
        return _nothing_chosen(folder) and require_last_epoch(folder)
    settings = settings_from(folder.result["settings"])
    first = read_ranking(
        folder.selection,
        draws=settings.control_mass_draws,
        seed=settings.seed,
        has_target=stored.record.target_sha256 is not None,
    )[0]
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
    return f"by the scores that it records, the fixed rule chooses epoch {candidate.epoch}"


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
            f"{SELECTION} claims that a model was chosen where nothing was: remove it",
            "contradictory_report",
        )
    return "imported from another program: nothing was chosen"


def _card(folder: CertifiedFolder) -> str:
    stated = folder.text(CARD)
    imported_from(folder.settings)
    facts = require_card(stated, model_card(folder.result, folder.settings, figures_among(folder.digests)))
    return f"its {facts} entries say what {REPORT} and {SETTINGS} say"


def _drawings(folder: CertifiedFolder) -> str:
    names = figures_among(folder.digests)
    if not names and folder.by_samples:
        return "there are none, as of any report from samples"
    for name in names:
        read_drawing(folder.data(f"{FIGURES}/{name}"), name=name)
    return f"the {len(names)} hold shapes alone: nothing in them runs, and nothing is fetched"


def _gates(folder: CertifiedFolder) -> str:
    """Judge the report's figures anew, by this program's gates and not by those that the report names."""
    if folder.by_samples:
        return require_sampled_gates(folder)
    result = folder.result
    values = {(metric["quantity"], metric["half"]): metric["value"] for metric in result["metrics"]}
    split, settings = result["data"]["split"], settings_from(result["settings"])
    held_out, space = None if split is None else split["held_out"], recorded_space(result["space"])
    gates = gates_of(space, settings, held_out, has_target="target" in result)
    gates = gates if split is not None else on_all_operations(gates)
    few = untold(settings, result.get("target", {}).get("elements"))
    results = judged(values, HALVES, gates, few)
    due: list[dict[str, Any]] = [
        {"gate": asdict(found.gate), "half": found.half, "value": found.value, "passed": _passed(found)}
        for found in results
    ]
    for stated, expected in zip_longest(nameless(result["gates"]), nameless(due)):
        if stated != expected:
            asked = (expected or stated)["gate"]["quantity"]
            raise contradiction(f"{REPORT} judges {asked} wrongly, or by other gates than certify has")
    for found in results:
        if not _passed(found):
            untold_by = "so few draws" if found.gate.quantity in few else "the report"
            value = f"not told by {untold_by}" if found.value is None else str(found.value)
            raise MeasurementError(f"the model is not certified: {missed(found, value)}", "gate_failed")
    return f"by the report's numbers, both halves meet all {len(gates)} acceptance gates"


def _passed(found: GateResult) -> bool:
    # An infinite figure stands in the report as a word.
    return found.value is not None and found.gate.admits(float(found.value))
