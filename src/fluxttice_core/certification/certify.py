"""Certify: choose a checkpoint by the fixed rule, measure it, hold it against the gates, write its folder.

The folder is a function of the weights, the settings, the program and the machine: it holds no time of day
and no duration, so that whoever certifies the same run again gets the same bytes, the signature aside.
"""

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.by_samples import contents_by_samples, report_by_samples
from fluxttice_core.certification.candidates import Deposit, deposit_of, measure_candidates
from fluxttice_core.certification.folder_names import (
    CARD,
    COMMAND,
    FIGURES,
    MODEL,
    OWN,
    REPORT,
    SELECTION,
    SETTINGS,
    require_own_names,
)
from fluxttice_core.certification.model_card import model_card
from fluxttice_core.certification.remeasurement_cost import passed_parameters, require_repeatable
from fluxttice_core.certification.report_check import missed
from fluxttice_core.certification.selection import Ranked, rank, ranking_record
from fluxttice_core.certification.signature import sign_folder
from fluxttice_core.errors import CertificationError, SignatureError, StorageError
from fluxttice_core.evaluation.benchmark import measured
from fluxttice_core.evaluation.gates import GateResult, apply_gates, gates_of, on_all_operations
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import Circumstances, check_result, result_of
from fluxttice_core.evaluation.sampled_report import SampledReport
from fluxttice_core.evaluation.steps import ProgressCallback
from fluxttice_core.metrics.settings import MeasurementSettings, settings_for
from fluxttice_core.metrics.threads import fixed_threads
from fluxttice_core.model.devices import require_device
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.storage.atomic_write import new_folder, require_writable
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.canonical_json import canonical_json
from fluxttice_core.storage.checkpoint import list_checkpoints
from fluxttice_core.storage.checkpoint_record import TARGET
from fluxttice_core.storage.folder_digests import (
    SIGNATURE,
    SUMS,
    UNLISTED,
    folder_digests,
    list_files,
    sums_text,
)
from fluxttice_core.storage.target_tensors import target_bytes

_LARGEST_SUMS = 1 << 22

DrawFigures = Callable[[Report], Mapping[str, bytes]]
"""Draws a report: the bytes of each figure by its file's name."""


@dataclass(frozen=True)
class Certificate:
    """A certified model, or one that failed and was let through as such.

    `ranking` holds the run's checkpoints by the fixed rule, and none where nothing was chosen;
    `key_fingerprint` names the key that signed the folder, if one did.
    """

    folder: Path
    report: Report | SampledReport
    ranking: tuple[Ranked, ...]
    key_fingerprint: str | None

    @property
    def accepted(self) -> bool:
        """Whether the model meets every acceptance gate."""
        return self.report.accepted


def certify(
    source: Path,
    out: Path,
    *,
    draw: DrawFigures,
    private_key: ec.EllipticCurvePrivateKey | None = None,
    settings: MeasurementSettings | None = None,
    quick: bool = False,
    allow_uncertified: bool = False,
    on_ranking: Callable[[Sequence[Ranked]], None] | None = None,
    progress: ProgressCallback | None = None,
) -> Certificate:
    """Certify a run's best checkpoint, or one model.

    The source is a run folder, a checkpoint folder, a model's folder, or a file of the original program. A
    certificate that lies at `out`, and nothing else, is replaced. The report is measured with `settings`, or
    those for the model's space, or with `quick` for a first look at it; of a space that cannot be written out
    they are one budget of draws, and a seed. With `allow_uncertified` a model that fails the gates is
    written, marked as failed. `on_ranking` is called before the long measurement.

    Raises:
        CertificationError: If no checkpoint is admitted or a gate is failed, and that is not allowed; or if
            the headline figures would be too much work for others to measure again.
        CheckpointError: If there is no model, or one that is damaged or untrained.
        StorageError: If the folder holds something else, or cannot be written.
    """
    _require_own(out)
    require_writable(out, folder=True)
    deposits = [deposit_of(path) for path in list_checkpoints(source) or [source]]
    first = deposits[0].trained
    if first.space.size > ENUMERATION_LIMIT:
        last = deposits[-1]
        by_samples = report_by_samples(last, source, settings, quick=quick, progress=progress)
        if not (by_samples.accepted or allow_uncertified):
            raise _refusal(source, out, by_samples.gates)
        contents = contents_by_samples(last, by_samples)
        fingerprint = _write(out, contents, private_key, by_samples.title)
        return Certificate(out, by_samples, (), fingerprint)
    settings = settings or settings_for(first.space, quick=quick)
    require_device(settings.device)
    require_repeatable(settings, operations=first.space.size, parameters=passed_parameters(first.tensors))
    with fixed_threads():
        ranking = _ranking(deposits, settings, progress)
        if ranking and on_ranking is not None:
            on_ranking(ranking)
        if ranking and not (ranking[0].eligible or allow_uncertified):
            raise CertificationError(
                f"{source} has no checkpoint to certify: the nearest, epoch {ranking[0].candidate.epoch}, is "
                f"{ranking[0].reason}; {_marked(source, out)}",
                "gate_failed",
            )
        chosen = _chosen(deposits, ranking)
        report = _judged(measured(chosen.trained, settings, progress), chosen)
        if not (report.accepted or allow_uncertified):
            raise _refusal(source, out, report.gates)
        contents = _contents(chosen, report, ranking, settings, draw(report))
    fingerprint = _write(out, contents, private_key, report.title)
    return Certificate(out, report, ranking, fingerprint)


def _refusal(source: Path, out: Path, gates: Sequence[GateResult]) -> CertificationError:
    return CertificationError(
        f"{source} is not certified: {_first_failure(gates)}; {_marked(source, out)}", "gate_failed"
    )


def _require_own(out: Path) -> None:
    """Refuse to replace a folder that somebody keeps other things in."""
    if not os.path.lexists(out):
        return
    if out.is_symlink() or not out.is_dir():
        raise StorageError(f"{out} is no folder; choose another one.", "not_a_folder")
    try:
        found = list_files(out)
    except SignatureError as error:
        raise StorageError(
            f"{out} is not replaced, since it is no certificate: {error}", "already_exists"
        ) from None
    # A list of sums alone may be that of any folder, and names alone do not tell whose the figures are.
    listed = _listed(out) | set(UNLISTED)
    others = [name for name in found if name.partition("/")[0] not in {*OWN, FIGURES} or name not in listed]
    if others:
        raise StorageError(
            f"{out} holds {others[0]}, which is no part of a certificate by its {SUMS}; choose another "
            "folder.",
            "already_exists",
        )


def _listed(folder: Path) -> set[str]:
    """The files that a folder's list of sums names; none without a list."""
    if not (folder / SUMS).is_file():
        return set()
    data = read_bounded(folder / SUMS, maximum=_LARGEST_SUMS, name="The list of sums", error=StorageError)
    lines = data.decode(errors="replace").splitlines()
    return {name for _, _, name in (line.partition("  ") for line in lines)}


def _ranking(
    deposits: Sequence[Deposit], settings: MeasurementSettings, progress: ProgressCallback | None
) -> tuple[Ranked, ...]:
    if any(deposit.imported for deposit in deposits):
        return ()
    models = [deposit.trained for deposit in deposits]
    draws, seed = settings.control_mass_draws, settings.seed
    candidates = measure_candidates(models, draws=draws, seed=seed, progress=progress)
    return rank(candidates, models[0].space.nouns, has_target=models[0].target is not None)


def _chosen(deposits: Sequence[Deposit], ranking: Sequence[Ranked]) -> Deposit:
    if not ranking:
        return deposits[0]
    best = ranking[0].candidate
    due = best.tensor_digest, best.epoch
    return next(d for d in deposits if (d.trained.tensor_digest, d.trained.epoch) == due)


def _judged(report: Report, deposit: Deposit) -> Report:
    """Hold an imported model's accuracy over all operations against the gates: no row is known held out."""
    if not deposit.imported:
        return report
    figures = [metric.figure for metric in report.metrics]
    gates = on_all_operations(gates_of(report.space, report.settings))
    return replace(report, gates=apply_gates(figures, report.halves, gates))


def _contents(
    chosen: Deposit,
    report: Report,
    ranking: Sequence[Ranked],
    settings: MeasurementSettings,
    figures: Mapping[str, bytes],
) -> dict[str, bytes]:
    """Every file of the folder, save sums and signature."""
    result = result_of(report, chosen.trained, Circumstances(COMMAND, 0.0, 0))
    # Without what differs from one measurement of the same weights to the next.
    result |= {"created": None, "cost": None}
    check_result(result, name="The certificate's report")
    card = model_card(result, chosen.settings, sorted(figures))
    contents = {
        MODEL: chosen.model,
        SETTINGS: canonical_json(chosen.settings) + b"\n",
        REPORT: canonical_json(result) + b"\n",
        CARD: card.encode(),
        **{f"{FIGURES}/{name}": data for name, data in figures.items()},
    }
    if chosen.trained.target is not None:
        contents[TARGET] = target_bytes(chosen.trained.target)
    if ranking:
        draws, nouns = settings.control_mass_draws, report.space.nouns
        has_target = chosen.trained.target is not None
        record = ranking_record(ranking, draws=draws, seed=settings.seed, nouns=nouns, has_target=has_target)
        contents[SELECTION] = canonical_json(record) + b"\n"
    return contents


def _write(
    out: Path, contents: Mapping[str, bytes], private_key: ec.EllipticCurvePrivateKey | None, title: str
) -> str | None:
    """Write the folder, and return the fingerprint of the key that signed it, if one did."""
    require_own_names(contents)
    name = title.replace(", ", "-").replace(" ", "-")
    with new_folder(out, replace=True) as temporary:
        (temporary / FIGURES).mkdir()
        for path, data in contents.items():
            (temporary / path).write_bytes(data)
        (temporary / SUMS).write_text(sums_text(folder_digests(temporary)), encoding="utf-8")
        signed = None
        if private_key is not None:
            signed = sign_folder(temporary, private_key, temporary / SIGNATURE, name=name)
        # Again: measuring took long enough for somebody to put something there.
        _require_own(out)
    return None if signed is None else signed.key_fingerprint


def _first_failure(gates: Sequence[GateResult]) -> str:
    failed = [result for result in gates if not result.passed]
    value = "not told by this measurement" if failed[0].value is None else f"{failed[0].value:.4f}"
    more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    return f"{missed(failed[0], value)}{more}"


def _marked(source: Path, out: Path) -> str:
    command = ["fluxttice", "certify", str(source), "--out", str(out), "--allow-uncertified"]
    return f"`{shlex.join(command)}` writes it marked as failed"
