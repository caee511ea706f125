"""The target of a certificate: that file, weights, settings, report and split speak of the same q."""

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from fluxttice_core.certification.certified_folder import CertifiedFolder
from fluxttice_core.certification.finding import contradiction
from fluxttice_core.certification.folder_names import MODEL, REPORT
from fluxttice_core.errors import CheckpointError, FluxtticeError, MeasurementError
from fluxttice_core.evaluation.target_facts import TargetFacts
from fluxttice_core.spaces.split import split
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.checkpoint_record import TARGET
from fluxttice_core.storage.tensors import decode_tensors

_ROUNDING = 1e-9
_OF_A_TAIL, _SMALLEST = 1e-5, 1e-14
"""By how much of the prior's share below it, or above, a threshold may differ: rounding makes less of it."""


def speaks_of_target(folder: CertifiedFolder) -> bool:
    """Whether the folder holds a target, or its weights say that there is one."""
    if os.path.lexists(folder.path / TARGET):
        return True
    try:
        return folder.stored.record.target_sha256 is not None
    except FluxtticeError:
        return False  # which the check of the weights says


def require_target(folder: CertifiedFolder) -> str:
    """What holds of a certificate's target, worked out from its file."""
    target = folder.target
    if target is None:
        raise MeasurementError(f"{MODEL} names no target of which {TARGET} could be", "unexpected_file")
    _require_facts(folder.result.get("target"), target)
    recorded = folder.stored.record.split
    if (
        recorded is not None
        and split(target.space, recorded.seed, rows=target.rows).digest != recorded.digest
    ):
        raise CheckpointError(
            f"the split that {MODEL} records is not that of the rows in {TARGET}", "digest_mismatch"
        )
    told = require_thresholds(folder, target)
    return (
        f"{len(target.rows):,} of {target.space.size:,} elements, H(q) = {target.entropy:.6f} nats: "
        f"{REPORT} has its probabilities, from which every ceiling follows, and its rows are split as "
        f"{MODEL} records{told}"
    )


def _require_facts(stated: Mapping[str, Any] | None, target: Target) -> None:
    """Refuse a report whose target is another; its entropy may differ in last digits."""
    facts = TargetFacts.of(target)
    expected = {} if facts is None else facts.as_plain()
    if stated is not None and math.isclose(
        stated["entropy_nats"], expected["entropy_nats"], rel_tol=_ROUNDING, abs_tol=_ROUNDING
    ):
        stated = {**stated, "entropy_nats": expected["entropy_nats"]}
    for name, value in expected.items():
        if stated is None or stated[name] != value:
            raise contradiction(f"the target's {name} in {REPORT} is not that of {TARGET}")


def require_thresholds(folder: CertifiedFolder, target: Target) -> str:
    """Refuse decoders that read another table than the one that follows from the target; what it shows."""
    if folder.stored.record.architecture.get("decoders") != "table" or folder.stored.misfit is not None:
        return ""
    # Late, since plain models need no numerical library to be verified.
    from scipy.special import ndtr

    from fluxttice_core.model.network_shape import THRESHOLDS
    from fluxttice_core.model.threshold_table import threshold_table

    tensors, _ = decode_tensors(folder.data(MODEL), name=MODEL)
    found, due = tensors[THRESHOLDS], threshold_table(target)
    tails = zip((ndtr(found), ndtr(-found)), (ndtr(due), ndtr(-due)), strict=True)
    if not all(np.allclose(one, other, rtol=_OF_A_TAIL, atol=_SMALLEST) for one, other in tails):
        raise CheckpointError(
            f"the decoders of {MODEL} read other thresholds than those that follow from {TARGET}",
            "model_mismatch",
        )
    return "; the decoders' thresholds are those computed from it"
