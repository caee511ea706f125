"""Run folders: everything a training run writes, such that it can be killed at any moment and resumed."""

import contextlib
import io
import json
import os
import shlex
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fluxttice_core.errors import (
    CheckpointError,
    FluxtticeError,
    RecordError,
    SettingsError,
    StorageError,
    TrainingError,
)
from fluxttice_core.metrics.threads import fixed_threads
from fluxttice_core.model.devices import Device, require_device
from fluxttice_core.spaces.space_name import space_record
from fluxttice_core.spaces.split import HashedSplit, Split
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.arithmetic import FILE as ENVIRONMENT
from fluxttice_core.storage.arithmetic import note_arithmetic
from fluxttice_core.storage.atomic_write import write_bytes, write_json
from fluxttice_core.storage.bounded_read import reachable, read_bounded
from fluxttice_core.storage.canonical_json import json_digest, parse_json
from fluxttice_core.storage.checkpoint import (
    checkpoint_folder,
    latest,
    list_checkpoints,
    prune_state,
    read,
    write,
)
from fluxttice_core.storage.checkpoint_record import TARGET
from fluxttice_core.storage.target_tensors import read_written_target, write_target
from fluxttice_core.training.coverage_monitor import observe_reach
from fluxttice_core.training.history import EpochRecord
from fluxttice_core.training.recipe import Overrides, Recipe, load_recipe
from fluxttice_core.training.trainer import Progress, Trainer

SETTINGS, METRICS, SPLIT, LOCK = "settings.json", "metrics.jsonl", "split.json", ".lock"
_LARGEST_SETTINGS = 1 << 20
_LARGEST_METRICS = 1 << 28


class RunSettings(BaseModel):
    """What determines a run's weights, bit for bit, where arithmetic rounds alike.

    Attributes:
        recipe: Every setting of the training.
        seed: Seed of weights, order, noise and observations.
        device: Where it computes.
        threads: Threads of one operation, on which the rounding of sums depends.
        torch_version: The torch that computes.
        target_sha256: What is learnt, by its digest; none: all elements of the space alike.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Recipe
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    device: Device = "cpu"
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    torch_version: str = str(torch.__version__)
    target_sha256: Annotated[
        Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None,
        Field(exclude_if=lambda digest: digest is None),
    ] = None

    def digest(self) -> str:
        """SHA-256 of the settings' canonical JSON."""
        return json_digest(self.model_dump(mode="json"))


class Run:
    """A training run and its folder.

    Args:
        folder: Where everything is written.
        settings: What determines the weights.
    """

    def __init__(self, folder: Path, settings: RunSettings) -> None:
        self.folder = folder
        self.settings = settings
        # What a start has made ready, and the folders that it made; neither where a run was opened.
        self._fresh: Trainer | None = None
        self._made: tuple[Path, ...] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Tensors that are sent to a process may stay shared with it, which would train those of this one.
        return {**self.__dict__, "_fresh": None}

    @classmethod
    def begin(cls, folder: Path, settings: RunSettings, target: Target | None = None) -> "Run":
        """Start a run to learn a target, or else the whole space, or open the one of these settings there.

        Raises:
            SettingsError: If a setting is impossible, or another than the one recorded.
            CheckpointError: If the recorded settings are damaged.
            StorageError: If the folder cannot be written.
        """
        if not (folder / SETTINGS).is_file():
            return cls.start(folder, settings, target)
        run = cls.open(folder)
        run.require(settings)
        return run

    @classmethod
    def start(cls, folder: Path, settings: RunSettings, target: Target | None = None) -> "Run":
        """Make a run folder, once everything that training starts from is ready; a failure leaves none.

        Raises:
            StorageError: If the folder holds a run already, or cannot be written.
            SettingsError: If the device is not there, or the space is too small to be split.
        """
        run = cls(folder, settings)
        require_device(settings.device)
        with fixed_threads(settings.threads):
            run._fresh = trainer_of(settings, target)
        made = tuple(one for one in (folder, *folder.parents) if not os.path.lexists(one))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Held while it looks, so that of two runs started at once one finds the settings of the other.
            with _exclusive(folder):
                if (folder / SETTINGS).exists():
                    raise StorageError(
                        f"{folder} already holds a run: go on with it by `{resuming(folder)}`, or choose "
                        "another folder",
                        "already_exists",
                    )
                run._made = made
                if target is not None and settings.target_sha256 is not None:
                    write_target(folder, target)
                write_json(folder / SETTINGS, settings.model_dump(mode="json"))
        except OSError as error:
            _remove_empty(made)
            raise StorageError(
                f"{folder} cannot be made ({error.strerror}): choose another folder", "unwritable"
            ) from None
        except FluxtticeError:
            run._undo()
            _remove_empty(made)
            raise
        return run

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Open a run folder to resume it.

        Raises:
            CheckpointError: If the folder holds no run, or one whose settings are damaged.
        """
        with reachable(folder, error=CheckpointError):
            if not (folder / SETTINGS).is_file():
                raise CheckpointError(
                    f"{folder} holds no run: give a folder that `fluxttice train` made", "missing_checkpoint"
                )
        data = read_bounded(
            folder / SETTINGS, maximum=_LARGEST_SETTINGS, name="The run's settings", error=CheckpointError
        )
        try:
            settings = RunSettings.model_validate(parse_json(data, name=str(folder / SETTINGS)))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise CheckpointError(
                f"{folder / SETTINGS} is not what a run writes ({where}: {first['msg']}): restore it",
                "damaged_file",
            ) from None
        return cls(folder, settings)

    def require(self, asked: RunSettings) -> None:
        """Refuse to go on under other settings than those recorded; torch's version is not compared.

        Raises:
            SettingsError: With the first setting that differs, what is recorded and what was asked for.
        """
        recorded, wanted = (_leaves(one.model_dump(mode="json")) for one in (self.settings, asked))
        for name in sorted({*recorded, *wanted} - {"torch_version"}):
            there, here = recorded.get(name), wanted.get(name)
            if there != here:
                raise SettingsError(
                    f"the run in {self.folder} has {name} = {_word(there)}, and {_word(here)} is asked for: "
                    f"ask for {_word(there)} to go on with it, or start a new run in another folder",
                    "settings_mismatch",
                )

    def train(
        self,
        on_epoch: Callable[[EpochRecord], object] | None = None,
        on_change: Callable[[str], None] = warnings.warn,
    ) -> Trainer:
        """Train until the recipe says stop, from the last checkpoint if there is one.

        Args:
            on_epoch: Called after every epoch.
            on_change: Called with a sentence if the run was begun where arithmetic rounds otherwise.

        Returns:
            The trainer, at its end.

        Raises:
            StorageError: If another process trains in this folder, or a file cannot be written.
            SettingsError: If the device is not there, or this torch is not the one the run began with.
            TrainingError: If the loss stops being finite.
        """
        self._require_same_torch()
        with _exclusive(self.folder), fixed_threads(self.settings.threads):
            try:
                return self._train(on_epoch, on_change)
            except (StorageError, CheckpointError):
                raise
            except Exception as error:
                if not list_checkpoints(self.folder):
                    self._undo()
                elif isinstance(error, TrainingError):
                    raise TrainingError(f"{error}; {self._way_on(error)}", error.code) from None
                raise

    def _train(
        self, on_epoch: Callable[[EpochRecord], object] | None, on_change: Callable[[str], None]
    ) -> Trainer:
        trainer = self._trainer()
        write_json(self.folder / SPLIT, _described_split(trainer.split))
        self._forget_later_epochs(trainer.progress.epoch)
        if not trainer.progress.finished:
            changed = note_arithmetic(self.folder, trainer.progress.epoch, self.settings.device)
            if changed is not None:
                on_change(changed)
        for record in trainer.epochs():
            self._append(record)
            if record.epoch % self.settings.recipe.checkpoint_every == 0 or trainer.progress.finished:
                self._save(trainer)
            if on_epoch is not None:
                on_epoch(record)
        return trainer

    def _way_on(self, error: TrainingError) -> str:
        if error.code == "loss_not_finite":
            return f"do so in another folder, since {self.folder} keeps the checkpoints made before"
        return f"remove {latest(self.folder)} to go on from the one before"

    def _undo(self) -> None:
        """Take away what a start has made, if this run was started here: no checkpoint was reached."""
        if self._made is None:
            return
        for name in (SETTINGS, SPLIT, METRICS, ENVIRONMENT, TARGET, LOCK):
            (self.folder / name).unlink(missing_ok=True)
        _remove_empty(self._made)

    def target(self) -> Target | None:
        """What is learnt; none: all elements of the space alike.

        Raises:
            CheckpointError: If its file is missing or damaged, or holds another target.
        """
        digest = self.settings.target_sha256
        space = self.settings.recipe.architecture.space
        return None if digest is None else read_written_target(self.folder, space, digest)

    def records(self) -> list[dict[str, Any]]:
        """The epochs written so far; a line that was cut off by a kill is passed over.

        Raises:
            CheckpointError: If a whole line is no record of an epoch.
        """
        return [record for _, record in self._lines()]

    def _lines(self) -> Iterator[tuple[bytes, dict[str, Any]]]:
        """Whole lines of the metrics, each with what it records, one at a time."""
        path = self.folder / METRICS
        with reachable(path, error=CheckpointError):
            if not path.exists():
                return
        data = read_bounded(path, maximum=_LARGEST_METRICS, name="The run's metrics", error=CheckpointError)
        for line in io.BytesIO(data):
            if not line.endswith(b"\n"):
                return
            try:
                record = parse_json(line, name="the line")
            except RecordError:
                record = None
            if not (isinstance(record, dict) and type(record.get("epoch")) is int):
                raise CheckpointError(f"{path} is damaged: remove it, and resume the run", "damaged_file")
            yield line, record

    def _require_same_torch(self) -> None:
        recorded = self.settings.torch_version
        if recorded != torch.__version__:
            raise SettingsError(
                f"the run in {self.folder} began with torch {recorded}, and this is {torch.__version__}, "
                "with which its weights would differ: resume it with that torch, or start a new run in "
                "another folder",
                "wrong_version",
            )

    def _require_device(self) -> None:
        try:
            require_device(self.settings.device)
        except SettingsError as error:
            raise SettingsError(
                f"the run in {self.folder} computes on {self.settings.device}, which is not there: resume it "
                "where it is, or start a new run in another folder",
                error.code,
            ) from None

    def _trainer(self) -> Trainer:
        if self._fresh is None:
            self._require_device()
        trainer, self._fresh = self._fresh or trainer_of(self.settings, self.target()), None
        if list_checkpoints(self.folder):
            checkpoint = read(latest(self.folder))
            if checkpoint.record.settings_digest != self.settings.digest():
                raise CheckpointError(
                    f"the checkpoints in {self.folder} belong to other settings than {SETTINGS}: restore it",
                    "settings_mismatch",
                )
            if checkpoint.state is None:
                raise CheckpointError(
                    f"{latest(self.folder)} lacks its state.safetensors, without which the run cannot go on: "
                    "restore that file, or remove the folder to resume from an earlier one",
                    "missing_file",
                )
            progress = Progress.from_dict(checkpoint.record.progress)
            trainer.restore(_tensors(checkpoint.model), _tensors(checkpoint.state), progress)
        return trainer

    def _save(self, trainer: Trainer) -> None:
        progress = trainer.progress
        recipe = self.settings.recipe
        space = recipe.architecture.space
        batches = -(-len(trainer.split.train) // recipe.batch_size)
        record = {
            "space": space_record(space),
            "architecture": recipe.architecture.model_dump(mode="json"),
            "recipe": recipe.name,
            "epoch": progress.epoch,
            "steps": progress.epoch * batches,
            "seed": self.settings.seed,
            "trained": True,
            "settings_digest": self.settings.digest(),
            "rho": trainer.rho,
            "split": {"seed": recipe.split_seed, "digest": trainer.split.digest},
            "progress": progress.as_dict(),
        }
        if self.settings.target_sha256 is not None:
            record["target_sha256"] = self.settings.target_sha256
        folder = checkpoint_folder(self.folder, progress.epoch)
        write(folder, trainer.model_tensors(), trainer.state_tensors(), record, replace=True)
        prune_state(self.folder, keep=2)

    def _append(self, record: EpochRecord) -> None:
        path = self.folder / METRICS
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record.as_dict()) + "\n")
        except OSError as error:
            raise StorageError(
                f"{path} could not be written: {error.strerror}; free space, then resume the run.",
                "unwritable",
            ) from error

    def _forget_later_epochs(self, epoch: int) -> None:
        """Drop the records of epochs that a resumed run makes again."""
        kept = b"".join(line for line, record in self._lines() if record["epoch"] <= epoch)
        write_bytes(self.folder / METRICS, kept)


def run_settings(
    recipe: str | Path | Recipe,
    overrides: Overrides = (),
    *,
    seed: int = 0,
    device: str = "cpu",
    threads: int = 1,
    target: Target | None = None,
) -> RunSettings:
    """The settings of a run of a recipe, whose open lengths follow from the target, or else from the space.

    Raises:
        SettingsError: If the recipe is unknown, or a setting is wrong.
    """
    loaded = load_recipe(recipe, overrides, target=target)
    try:
        digest = None if target is None or target.is_everything else target.digest()
        return RunSettings(recipe=loaded, seed=seed, device=device, threads=threads, target_sha256=digest)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(
            f"{first['loc'][0]} = {first['input']!r:.80} is not possible: {reason}", "out_of_range"
        ) from None


def trainer_of(settings: RunSettings, target: Target | None) -> Trainer:
    """A fresh trainer of a run, which watches how far the prior reaches what is learnt."""
    observe = partial(observe_reach, target=target)
    return Trainer(
        settings.recipe, seed=settings.seed, observe=observe, device=settings.device, target=target
    )


def resuming(folder: Path) -> str:
    """The command that goes on with a run, for a shell."""
    return shlex.join(["fluxttice", "train", "--resume", str(folder)])


def _leaves(values: Mapping[str, Any], begun: str = "") -> dict[str, Any]:
    """Settings by their names with dots."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= _leaves(value, f"{begun}{name}.") if isinstance(value, dict) else {f"{begun}{name}": value}
    return found


def _word(value: object) -> str:
    return "none" if value is None else f"{value!s:.80}"


def _remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders, the innermost first, as far as nothing is in them."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _described_split(parts: Split) -> dict[str, object]:
    listed = {"validation": parts.validation.tolist(), "held_out": parts.held_out.tolist()}
    known = {"seed": parts.seed, "digest": parts.digest}
    if isinstance(parts, HashedSplit):
        return known | {"law": "a keyed hash of the element; the lists are samples of its parts"} | listed
    return known | {"train": parts.train.tolist()} | listed


_A_LOOK = 2.0
"""Seconds that are waited for whoever holds a folder."""


@contextlib.contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Hold the folder against a second training; the lock dies with the process."""
    # Another start holds the folder for a moment, too, while it looks, and no training is to end for that.
    lock = FileLock(folder / LOCK, timeout=_A_LOOK)
    try:
        lock.acquire()
    except Timeout:
        raise StorageError(
            f"another process is training in {folder}: wait for it, or choose another folder", "in_use"
        ) from None
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written ({error.strerror}): choose another folder", "unwritable"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
