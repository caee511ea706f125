"""Trained models: found by path, checked, and used to encode, decode and sample operations; without torch."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from importlib import resources
from importlib.metadata import version
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex
from zipfile import is_zipfile

import numpy as np
from pydantic import ValidationError

from fluxttice_core.errors import CheckpointError, OperationError, SettingsError
from fluxttice_core.extras import require_extra
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.forward import ForwardPass, row_chunks, softmax
from fluxttice_core.model.halves import HALVES, HalfName
from fluxttice_core.shapes import Float32, Int8, Int64, Shaped
from fluxttice_core.spaces.notation import parse
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import space_record
from fluxttice_core.spaces.split import Split, split
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.atomic_write import write_bytes, write_json
from fluxttice_core.storage.bounded_read import reachable, read_bounded
from fluxttice_core.storage.canonical_json import json_digest, parse_json
from fluxttice_core.storage.checkpoint import (
    CHECKPOINTS,
    Checkpoint,
    encode_model,
    latest,
    list_checkpoints,
    read,
    read_model,
)
from fluxttice_core.storage.checkpoint_record import TARGET
from fluxttice_core.storage.folder_digests import UNLISTED
from fluxttice_core.storage.model_file import misfits
from fluxttice_core.storage.target_tensors import read_written_target, write_target
from fluxttice_core.storage.tensors import as_arrays, tensor_digest

if TYPE_CHECKING:
    from fluxttice_core.model.dual_vae import VAE, DualVAE

MODEL, RECORD, SETTINGS = "model.safetensors", "checkpoint.json", "settings.json"
CARD = "MODEL_CARD.md"
_MAXIMUM_CARD = 4 << 20
_CHUNK = 8_192
"""Rows that pass through a network together: few enough for their activations to stay in the caches."""


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A dual VAE with what is known of where its weights come from.

    Attributes:
        tensors: Its weights and buffers by name.
        rho: Cross-injection at the end of its training.
        split: The rows it was trained on and kept from; none: not recorded, so nothing can be held out.
        trained: Whether the file says that it has been trained.
        source: The path it was loaded from.
        file_digest: SHA-256 of the file that holds the weights; none: made in memory.
        tensor_digest: SHA-256 of the weights, whatever file they are in.
        settings: The run's settings as plain values, if recorded.
        torch_version: The torch that the weights were made with.
        target: What it was trained to reach; none: all elements of its space alike.

    Example:
        >>> certified().decode(certified().encode("+0-0+-+-0")).tolist()
        [[1, 0, -1, 0, 1, -1, 1, -1, 0]]
    """

    architecture: Architecture
    tensors: dict[str, np.ndarray]
    rho: float
    recipe_name: str | None
    epoch: int
    seed: int | None
    split: Split | None
    trained: bool
    source: str
    file_digest: str | None
    tensor_digest: str
    settings: dict[str, Any] | None
    torch_version: str
    target: Target | None = None

    def __repr__(self) -> str:
        return f"<model: {', '.join(value for _, value in self._facts())}>"

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in self._facts())
        return f"<table>{rows}</table>"

    def _facts(self) -> list[tuple[str, str]]:
        """What it is and where it comes from, briefly."""
        trained = f"epoch {self.epoch}" if self.trained else "not trained"
        return [
            ("recipe", self.recipe_name or "no recipe recorded"),
            ("trained", trained if self.seed is None else f"{trained}, seed {self.seed}"),
            ("space", f"{self.space.name} of {self.space.size:,}"),
            ("size", f"{self.architecture.latent_dim} latents, {self.parameters:,} parameters"),
            ("source", self.source),
        ]

    @cached_property
    def model(self) -> "DualVAE":
        """The network as a torch module, in evaluation mode.

        Raises:
            MissingExtra: If torch is not installed.
        """
        require_extra("train", "a network as a torch module", packages=("torch",))
        from fluxttice_core.model.dual_vae import DualVAE

        return DualVAE.holding(self.architecture, self.tensors)

    @property
    def vae_a(self) -> "VAE":
        """The exploratory half as a torch module."""
        return self.model.vae_a

    @property
    def vae_b(self) -> "VAE":
        """The consolidating half as a torch module."""
        return self.model.vae_b

    @property
    def space(self) -> ProductSpace:
        """The operations that the model is about."""
        return self.architecture.space

    @property
    def parameters(self) -> int:
        """Number of parameters, StateNet's among them; buffers, which stand alone, are none."""
        return sum(tensor.size for tensor in self.tensors.values() if tensor.ndim)

    @cached_property
    def _halves(self) -> dict[str, ForwardPass]:
        return {half: ForwardPass(self.architecture, self.tensors, half) for half in HALVES}

    @property
    def card(self) -> str | None:
        """The model card beside the weights, as Markdown; none: there is none.

        Raises:
            CheckpointError: If it is a link, which could show any file as a card, or cannot be read.
        """
        path = Path(self.source).parent / CARD
        with reachable(path, error=CheckpointError):
            if path.is_symlink():
                raise CheckpointError(
                    f"{path} is a symbolic link, which may show any file: load a copy that `cp -rL` made",
                    "not_a_file",
                )
            if not path.is_file():
                return None
        data = read_bounded(
            path, maximum=_MAXIMUM_CARD, name="The model card", error=CheckpointError, follow_symlinks=False
        )
        return data.decode("utf-8", errors="replace")

    @classmethod
    def from_pretrained(cls, path: str | Path) -> "TrainedModel":
        """Load a model from a folder or file, as `load` does, under the name that users of the Hub expect.

        Nothing is downloaded: fetch a model's folder first, verify it, and give its path.
        """
        return load(path)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write `model.safetensors`, and settings and target if there are, to a folder that `load` reads.

        Files of these names are replaced. No report and no card: those belong to what was measured, and
        `fluxttice certify` writes them.

        Raises:
            StorageError: If a file cannot be written.
        """
        if self.settings is not None:
            write_json(Path(folder) / SETTINGS, self.settings)
        if self.target is not None:
            write_target(Path(folder), self.target)
        write_bytes(Path(folder) / MODEL, encoded(self))

    def encode(self, operations: object, *, vae: HalfName = "b") -> Float32[np.ndarray, "n d"]:
        """Posterior means of operations, one row of latents each.

        `operations` are one or many, in any notation: index, trits, table, string, array, or a list of these.

        Raises:
            OperationError: If an operation cannot be read.
            SettingsError: If `vae` is neither "a" nor "b".
        """
        return self.posteriors(self.space.tables(parse(self.space, operations)), vae=vae)[0]

    def posteriors(
        self, tables: Int8[np.ndarray, "n cells"], *, vae: HalfName = "b"
    ) -> tuple[Float32[np.ndarray, "n d"], Float32[np.ndarray, "n d"]]:
        """Posterior means and log-variances of tables of symbols, one a row.

        Raises:
            SettingsError: If `vae` is neither "a" nor "b".
        """
        half = self._half(vae)
        parts = [half.encode(tables[rows]) for rows in row_chunks(len(tables), _CHUNK)]
        means, log_variances = zip(*parts, strict=True)
        return np.concatenate(means), np.concatenate(log_variances)

    def decode(
        self, latents: object, *, vae: HalfName = "b", probabilities: bool = False
    ) -> Int8[np.ndarray, "n cells"] | Float32[np.ndarray, "n cells base"]:
        """Most likely tables of latents (n, cells), or probabilities (n, cells, base) by rising symbol.

        `latents` are one or rows of them, as an array, a tensor or nested lists.

        Raises:
            OperationError: If the latents are not finite numbers of the right number of dimensions.
            SettingsError: If `vae` is neither "a" nor "b".
        """
        half = self._half(vae)
        z = _rows_of_latents(latents, self.architecture.latent_dim)
        parts = (half.decode(z[rows]) for rows in row_chunks(len(z), _CHUNK))
        if probabilities:
            return np.concatenate([softmax(logits).astype(np.float32) for logits in parts])
        lowest = self.space.lowest
        return np.concatenate([np.asarray(logits.argmax(-1) + lowest, dtype=np.int8) for logits in parts])

    def sample(self, n: int, *, vae: HalfName = "b", seed: int = 0) -> Int64[np.ndarray, "n"]:
        """Indices of the most likely operations at n draws from the prior.

        Raises:
            OperationError: If n or the seed is no whole number from 0.
            SettingsError: If `vae` is neither "a" nor "b".
        """
        if not all(isinstance(number, SupportsIndex) and index(number) >= 0 for number in (n, seed)):
            raise OperationError(
                f"cannot draw {n} operations with seed {seed}: give whole numbers from 0", "out_of_range"
            )
        drawn = np.random.default_rng(seed).standard_normal((n, self.architecture.latent_dim))
        indices: np.ndarray = self.space.indices(self.decode(drawn, vae=vae))
        return indices

    def _half(self, name: str) -> ForwardPass:
        if name not in HALVES:
            raise SettingsError(
                f'{name!r} names no half of a dual VAE: write vae="a" or vae="b"', "unknown_name"
            )
        return self._halves[name]


def load(path: str | Path) -> TrainedModel:
    """Load a model with every check that its format allows; nothing in the file is executed.

    Args:
        path: A run folder (its last checkpoint), a checkpoint folder, a folder with `model.safetensors`,
            such a file by itself, or a checkpoint of the original program (.pt).

    Raises:
        CheckpointError: If there is no model, or one that is damaged, alien or of another shape; or if a
            certified folder holds checkpoints too, so that it is not plain which of them was certified; or
            if this user may not look there.
    """
    with reachable(Path(path), error=CheckpointError):
        return _loaded(Path(path))


def _loaded(path: Path) -> TrainedModel:
    """The model at a path, whichever form it has there."""
    if not path.exists():
        raise CheckpointError(
            f"no checkpoint at {path}: give a run folder, a checkpoint folder or a model file",
            "missing_checkpoint",
        )
    if path.is_file():
        return _from_file(path)
    if not _is_certified(path):
        if list_checkpoints(path):
            return _from_folder(latest(path))
        if (path / RECORD).is_file():
            return _from_folder(path)
        if not (path / MODEL).is_file():
            raise CheckpointError(
                f"{path} holds no checkpoint: expected a run's checkpoints/, a {RECORD} or a {MODEL} in it",
                "missing_checkpoint",
            )
    return _from_checkpoint(read_model(path / MODEL), path / MODEL, _read_settings(path / SETTINGS))


def _is_certified(folder: Path) -> bool:
    """Whether a folder's own sums or signature speak of the model file in it, which alone is then loaded."""
    if not ((folder / MODEL).exists() and any((folder / name).exists() for name in UNLISTED)):
        return False
    for name in (CHECKPOINTS, RECORD):
        if (folder / name).exists():
            raise CheckpointError(
                f"{folder} is a certified folder, and holds {name} beside its {MODEL}, so that it is not "
                f"plain which weights were certified: give the path of that {MODEL}, or get the folder again",
                "ambiguous",
            )
    return True


def encoded(trained: TrainedModel) -> bytes:
    """A model as a `model.safetensors` that describes itself."""
    settings, parts = trained.settings, trained.split
    record = {
        "space": space_record(trained.space),
        "architecture": trained.architecture.model_dump(mode="json"),
        "recipe": trained.recipe_name,
        "epoch": trained.epoch,
        "steps": None,
        "seed": trained.seed,
        "trained": trained.trained,
        "settings_digest": None if settings is None else json_digest(settings),
        "split": None if parts is None else {"seed": parts.seed, "digest": parts.digest},
        "rho": trained.rho,
        "torch_version": trained.torch_version,
    }
    if trained.target is not None:
        record["target_sha256"] = trained.target.digest()
    return encode_model(trained.tensors, record)


@lru_cache(maxsize=1)
def certified() -> TrainedModel:
    """The model shipped with the package.

    Raises:
        CheckpointError: If the package was installed without it.
    """
    folder = Path(str(resources.files("fluxttice_core") / "certified"))
    if not (folder / MODEL).is_file():
        raise CheckpointError(
            "the package lacks its certified model: install it again, from a complete source",
            "missing_checkpoint",
        )
    return load(folder)


def encode(operations: object, *, vae: HalfName = "b") -> Float32[np.ndarray, "n d"]:
    """Posterior means of operations under the certified model, one row of 16 latents each.

    `operations` are one or many, in any notation: index, trits, table, string, array, or a list of these.

    Raises:
        OperationError: If an operation cannot be read.
        SettingsError: If `vae` is neither "a" nor "b".

    Example:
        >>> encode([15633, "+0-0+-+-0"]).shape
        (2, 16)
    """
    return certified().encode(operations, vae=vae)


def decode(
    latents: object, *, vae: HalfName = "b", probabilities: bool = False
) -> Int8[np.ndarray, "n cells"] | Float32[np.ndarray, "n cells base"]:
    """Most likely tables (n, 9) of latents under the certified model, or probabilities (n, 9, 3).

    Raises:
        OperationError: If the latents are not finite rows of 16.
        SettingsError: If `vae` is neither "a" nor "b".

    Example:
        >>> decode(encode(15633), probabilities=True).shape
        (1, 9, 3)
    """
    return certified().decode(latents, vae=vae, probabilities=probabilities)


def _from_file(path: Path) -> TrainedModel:
    if path.suffix == ".safetensors":
        return _from_checkpoint(read_model(path), path, None)
    if path.suffix != ".pt" and not is_zipfile(path):
        raise CheckpointError(
            f"{path} is no model: give a .safetensors file, a run's folder, or a .pt file of the original",
            "alien_file",
        )
    require_extra("train", "reading a checkpoint of the original program", packages=("torch",))
    from fluxttice_core.storage.original_checkpoint import read_legacy

    legacy = read_legacy(path)
    return TrainedModel(
        architecture=Architecture(),
        tensors=as_arrays(legacy.model),
        rho=legacy.rho,
        recipe_name=None,
        epoch=legacy.epoch,
        seed=None,
        split=None,
        trained=True,
        source=str(path),
        file_digest=legacy.sha256,
        tensor_digest=tensor_digest(legacy.model),
        settings=None,
        torch_version=version("torch"),
    )


def _from_folder(folder: Path) -> TrainedModel:
    run_settings = folder.parent.parent / SETTINGS
    settings = _read_settings(run_settings) if folder.parent.name == CHECKPOINTS else None
    return _from_checkpoint(read(folder, with_state=False), folder, settings)


def _from_checkpoint(checkpoint: Checkpoint, path: Path, settings: dict[str, Any] | None) -> TrainedModel:
    record = checkpoint.record
    try:
        architecture = Architecture.model_validate(record.architecture)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CheckpointError(
            f"{path} describes no network of ours ({first['loc']}: {first['msg']})", "damaged_file"
        ) from None
    target = None
    if record.target_sha256 is not None:
        target = read_written_target(_home(path), architecture.space, record.target_sha256)
    rows = None if target is None else target.rows
    parts = split(architecture.space, record.split.seed, rows=rows) if record.split is not None else None
    if parts is not None and record.split is not None and parts.digest != record.split.digest:
        raise CheckpointError(
            f"{path} was trained on another split than its seed {record.split.seed} gives here: its "
            "held-out rows are not known, so load it with the version of fluxttice that made it",
            "wrong_version",
        )
    wrong = next(misfits(architecture, checkpoint.model), None)
    if wrong is not None:
        raise CheckpointError(
            f"{path} does not fit its architecture: {wrong}; use the file that belongs to these settings",
            "architecture_mismatch",
        )
    return TrainedModel(
        architecture=architecture,
        tensors=checkpoint.model,
        rho=record.rho or 0.0,
        recipe_name=record.recipe,
        epoch=record.epoch,
        seed=record.seed,
        split=parts,
        target=target,
        trained=record.trained,
        source=str(path),
        file_digest=checkpoint.files[MODEL].sha256,
        tensor_digest=record.tensor_digest,
        settings=settings,
        torch_version=record.torch_version,
    )


def in_memory(
    model: "DualVAE", *, settings: dict[str, Any], epoch: int, rho: float, target: Target | None = None
) -> TrainedModel:
    """A model just trained, which no file holds yet."""
    tensors = as_arrays(model.state_dict())
    return TrainedModel(
        architecture=model.architecture,
        tensors={name: array.copy() for name, array in tensors.items()},
        rho=rho,
        recipe_name=settings["recipe"]["name"],
        epoch=epoch,
        seed=settings["seed"],
        split=split(
            model.space, settings["recipe"]["split_seed"], rows=None if target is None else target.rows
        ),
        target=target,
        trained=epoch > 0,
        source="memory",
        file_digest=None,
        tensor_digest=tensor_digest(tensors),
        settings=settings,
        torch_version=version("torch"),
    )


def _home(path: Path) -> Path:
    """The folder that holds what belongs to a model: that of its run, or the one where its file lies."""
    folder = path if path.is_dir() else path.parent
    if (folder / TARGET).is_file():
        return folder
    return folder.parent.parent if folder.parent.name == CHECKPOINTS else folder


def _read_settings(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    data = read_bounded(path, maximum=1 << 20, name="The settings", error=CheckpointError)
    settings = parse_json(data, name=str(path))
    if not isinstance(settings, dict):
        raise CheckpointError(f"{path} is not what a run writes: restore it, or remove it", "damaged_file")
    return settings


def _rows_of_latents(latents: object, dimensions: int) -> Float32[np.ndarray, "n d"]:
    """Latents as finite rows, or the sentence that says why they are none."""
    if hasattr(latents, "detach"):
        latents = latents.detach().cpu().float()  # a tensor of torch, whatever its device and precision
    try:
        array: Shaped[np.ndarray, "..."] = np.asarray(latents)
        # What is beyond single precision becomes infinite, and is refused as such.
        with np.errstate(over="ignore"):
            rows = np.atleast_2d(
                array.astype(np.float32, casting="same_kind" if array.dtype.kind == "c" else "unsafe")
            )
    except (TypeError, ValueError):
        raise OperationError(
            "latents must be numbers: give one latent or rows of equal length", "wrong_type"
        ) from None
    if rows.ndim != 2 or rows.shape[1] != dimensions:
        raise OperationError(
            f"latents of shape {array.shape} do not fit: give (n, {dimensions}) or ({dimensions},)",
            "wrong_shape",
        )
    if not np.isfinite(rows).all():
        raise OperationError(
            "latents must be finite real numbers: remove NaN and infinite values", "not_finite"
        )
    return np.ascontiguousarray(rows)
