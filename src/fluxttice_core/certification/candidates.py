"""The checkpoints that a certificate can be made of, measured alike so that the fixed rule can rank them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from fluxttice_core.certification.origin import imported_from
from fluxttice_core.certification.selection import Candidate
from fluxttice_core.errors import CertificationError, CheckpointError
from fluxttice_core.evaluation.steps import ProgressCallback
from fluxttice_core.metrics.distribution import generative_information
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean
from fluxttice_core.model.halves import HalfName
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.canonical_json import bytes_digest, json_digest
from fluxttice_core.storage.checkpoint import MAXIMUM_MODEL, MODEL
from fluxttice_core.storage.checkpoint_record import UNKNOWN
from fluxttice_core.storage.model_file import read_stored
from fluxttice_core.storage.original_checkpoint import read_legacy
from fluxttice_core.storage.pretrained import TrainedModel, encoded, load


@dataclass(frozen=True)
class Deposit:
    """A model as a certificate holds it: its file, its run's settings or what is known of an import."""

    model: bytes
    settings: dict[str, Any]
    trained: TrainedModel

    @property
    def imported(self) -> bool:
        """Whether the model comes from another program, without its settings and its split."""
        return "imported" in self.settings


def measure_candidates(
    models: Sequence[TrainedModel], *, draws: int, seed: int, progress: ProgressCallback | None = None
) -> Iterator[Candidate]:
    """Measure what the fixed rule looks at, of models with known held-out rows, by the same draws."""
    for number, trained in enumerate(models):
        if progress is not None:
            progress(f"ranking epoch {trained.epoch}", number / len(models))
        accuracies = (_accuracy(trained, "a"), _accuracy(trained, "b"))
        information = tuple(
            generative_information(
                estimate_mass(
                    trained.model.vae(half), draws, generator=measurement_stream(seed, half, "mass")
                ),
                trained.target,
            ).value
            for half in ("a", "b")
        )
        yield Candidate(trained.epoch, trained.tensor_digest, accuracies, (information[0], information[1]))


def deposit_of(path: Path) -> Deposit:
    """Read a model as a certificate will hold it."""
    trained = load(path)
    if path.is_file() and path.suffix != ".safetensors":
        return _imported(path, trained)
    if trained.settings is None:
        raise CertificationError(
            f"{path} lacks the settings of its run, without which nobody knows where it comes from: give the "
            "run folder, or a folder that holds settings.json too",
            "missing_record",
        )
    file = path if path.is_file() else path / MODEL
    model = read_bounded(file, maximum=MAXIMUM_MODEL, name="The model file", error=CheckpointError)
    stored = read_stored(model, name=str(file))
    if stored.file_digest != trained.file_digest:
        raise CheckpointError(f"{file} changed while it was read; wait until it is written", "changing_file")
    if stored.record.settings_digest != json_digest(trained.settings):
        raise CertificationError(
            f"{path} was trained with other settings than the settings.json beside it says: "
            "restore that file",
            "settings_mismatch",
        )
    return Deposit(model, trained.settings, replace(trained, source=MODEL))


def _accuracy(trained: TrainedModel, half: HalfName) -> float:
    if trained.split is None:
        raise CertificationError(
            f"{trained.source} does not record its split, so that no row is known to be held out: it can be "
            "certified as imported only, from the original program's file",
            "missing_record",
        )
    rows = torch.from_numpy(trained.split.held_out)
    return reconstruction_from_mean(trained.model.vae(half), rows).table_accuracy


def _imported(path: Path, trained: TrainedModel) -> Deposit:
    """A checkpoint of the original program in this one's format; what it does not record stays unknown."""
    legacy = read_legacy(path)
    settings = {
        "imported": {
            "file": path.name,
            "sha256": legacy.sha256,
            "epoch": legacy.epoch,
            "best_validation_loss": legacy.best_validation_loss,
            "lambdas": list(legacy.lambdas),
            "rho": legacy.rho,
            "phase": legacy.phase,
            "unknown": list(UNKNOWN),
        }
    }
    try:
        imported_from(settings)
    except CheckpointError as error:
        raise CertificationError(f"{path} cannot be imported under its name: {error}", error.code) from error
    model = encoded(replace(trained, settings=settings))
    return Deposit(model, settings, replace(trained, source=MODEL, file_digest=bytes_digest(model)))
