"""Train a certified model again from its settings, or compare it with a run that somebody kept."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from fluxttice_core.certification.candidates import measure_candidates
from fluxttice_core.certification.certified_folder import CertifiedFolder
from fluxttice_core.certification.finding import Finding, Verdict, failing, proved
from fluxttice_core.certification.folder_names import SELECTION, SETTINGS
from fluxttice_core.certification.origin import imported_from, require_origin
from fluxttice_core.certification.selection import Candidate, rank, read_ranking
from fluxttice_core.errors import CheckpointError, FluxtticeError
from fluxttice_core.evaluation.steps import ProgressCallback
from fluxttice_core.metrics.settings import settings_from
from fluxttice_core.metrics.threads import fixed_threads
from fluxttice_core.model.devices import require_device
from fluxttice_core.storage.checkpoint import list_checkpoints
from fluxttice_core.storage.pretrained import TrainedModel, load
from fluxttice_core.training.run import Run, RunSettings

_ROUNDING = 1e-3
"""By how much other hardware may move G and the accuracy of a checkpoint."""


def compare_run(folder: Path, run: Path, *, progress: ProgressCallback | None = None) -> tuple[Finding, ...]:
    """Hold a certified folder against a run of its settings; findings are on training and ranking.

    A run that is not there yet is trained there from the folder's settings.

    Raises:
        FluxtticeError: If the run cannot be trained or written here.
    """
    certified = CertifiedFolder(folder)
    try:
        if imported_from(certified.settings) is not None:
            return (Finding("training", "claimed", "the model was imported: no run of it is recorded"),)
        require_origin(certified.settings, certified.stored.record)
        target = certified.target
    except FluxtticeError as error:
        return (failing("training", error),)
    settings = RunSettings.model_validate(certified.settings)
    own = not os.path.lexists(run)
    if own:
        due = _missing(settings)
        if due is not None:
            said = f"that these settings made the weights: to train again, {due}"
            return (Finding("training", "claimed", said),)
        watch = progress or (lambda _label, _done: None)
        epochs = settings.recipe.epochs
        start = Run.start(run, settings, target)
        start.train(lambda record: watch(f"epoch {record.epoch}", record.epoch / epochs))
    models = [load(path) for path in list_checkpoints(run)]
    record = certified.stored.record
    same = any(
        (model.tensor_digest, model.split and model.split.digest)
        == (certified.stored.tensor_digest, record.split and record.split.digest)
        for model in models
    )
    if not models or any(model.settings != certified.settings for model in models):
        said = f"{run} is no run of the settings in {SETTINGS}"
        return (Finding("training", "fails", said, code="settings_mismatch"),)
    if not (own or same):
        said = f"no checkpoint in {run} holds these weights"
        return (Finding("training", "fails", said, code="model_mismatch"),)
    training = Finding("training", *_trained(run, own=own, same=same))
    if not same or certified.by_samples:
        return (training,)
    return (training, proved("ranking", lambda: _ranking(certified, models, progress)))


def _missing(settings: RunSettings) -> str | None:
    """What this machine lacks of what a run's settings need; none if nothing."""
    if settings.torch_version != torch.__version__:
        return f"they need torch {settings.torch_version}, and this is {torch.__version__}"
    try:
        require_device(settings.device)
    except FluxtticeError:
        return f"they need the device {settings.device}, which is not here"
    return None


def _trained(run: Path, *, own: bool, same: bool) -> tuple[Verdict, str]:
    """What a run of the same settings shows of certified weights, by whether it was trained here."""
    if own and same:
        said = (
            "these settings gave the same weights, bit for bit, and fitted no code to a row called held out"
        )
        return "proved", f"trained again in {run}, {said}"
    if own:
        said = (
            f"trained again in {run}, they came out otherwise, as on other processors: certify that run, too"
        )
        return "claimed", f"that these settings made the weights: {said}"
    said = "that the one made the other, only training again shows: name a folder that is not there yet"
    return "claimed", f"{run} holds these weights and settings; {said}"


def _ranking(
    certified: CertifiedFolder, models: Sequence[TrainedModel], progress: ProgressCallback | None
) -> str:
    settings = settings_from(certified.result["settings"])
    draws, seed, has_target = settings.control_mass_draws, settings.seed, certified.target is not None
    stated = {
        ranked.candidate.epoch: ranked.candidate
        for ranked in read_ranking(certified.selection, draws=draws, seed=seed, has_target=has_target)
    }
    with fixed_threads():
        measured = measure_candidates(models, draws=draws, seed=seed, progress=progress)
        due = rank(measured, has_target=has_target)
    if sorted(stated) != sorted(ranked.candidate.epoch for ranked in due):
        raise CheckpointError(f"{SELECTION} ranks other epochs than the run has", "contradictory_report")
    for ranked in due:
        if not _alike(stated[ranked.candidate.epoch], ranked.candidate):
            raise CheckpointError(
                f"epoch {ranked.candidate.epoch} does not score what {SELECTION} says", "contradictory_report"
            )
    return f"the run's {len(due)} checkpoints are those of {SELECTION}, and score what it says"


def _alike(stated: Candidate, due: Candidate) -> bool:
    one, other = ((*found.table_accuracy, *found.information) for found in (stated, due))
    return stated.tensor_digest == due.tensor_digest and np.allclose(one, other, rtol=0, atol=_ROUNDING)
