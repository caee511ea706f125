"""What a server serves: a model, the codes of all operations under both halves, and the model's report."""

import time
from base64 import b64encode
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path

import numpy as np

from fluxttice_core.errors import FluxtticeError, RecordError, SettingsError
from fluxttice_core.model.halves import HalfName
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.portrait import portrait
from fluxttice_core.server.api.requests import LATENTS, MODELS
from fluxttice_core.server.errors import RequestError
from fluxttice_core.shapes import Float32, Float64, Int64
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.canonical_json import parse_json
from fluxttice_core.storage.embedding_table import parts_of
from fluxttice_core.storage.pretrained import TrainedModel, certified, load


@dataclass(frozen=True, eq=False)
class Codebook:
    """Posterior means of all operations, by index, and each row as a JSON string of base64."""

    means: Float32[np.ndarray, "K d"]
    base64: tuple[bytes, ...]
    _numbers: dict[int, bytes] = field(default_factory=dict, repr=False)

    def numbers(self, index: int) -> bytes:
        """A row as a JSON array, each number the shortest decimal that reads back as the same float32."""
        written = self._numbers.get(index)
        if written is None:
            written = f"[{','.join(map(str, self.means[index]))}]".encode()
            self._numbers[index] = written
        return written

    def distances(self, latent: Float32[np.ndarray, "d"]) -> Float64[np.ndarray, "K"]:
        """Euclidean distance of every operation's mean from a latent."""
        return np.asarray(np.linalg.norm(self.means.astype(np.float64) - latent, axis=1))


def codebook(model: TrainedModel, half: HalfName) -> Codebook:
    """Encode every operation with one half of a model."""
    means = model.encode(np.arange(model.space.size), vae=half)
    rows = np.ascontiguousarray(means, dtype="<f4")
    return Codebook(means, tuple(b'"' + b64encode(row.tobytes()) + b'"' for row in rows))


REPORT = "report.json"
_LARGEST_REPORT = 64 * 1024 * 1024


@dataclass(frozen=True, eq=False)
class Served:
    """A model ready to be served.

    Args:
        model: The model.
        codebooks: The codes of all operations under each half.
        report: The model's report as JSON, if there is one.
        without_report: Why there is no report, if there is none.
        created: When the model was written, in seconds since 1970.
        aliases: Other names of the models of the API.
    """

    model: TrainedModel
    codebooks: dict[HalfName, Codebook]
    report: bytes | None
    without_report: str
    created: int
    aliases: dict[str, str] = field(default_factory=dict)

    def half(self, name: str) -> HalfName:
        """The half that a model's name stands for."""
        name = self.aliases.get(name, name)
        if name not in MODELS:
            message = f"there is no model {name[:64]!r}: choose {' or '.join(MODELS)}"
            raise RequestError(message, status=404, param="model", code="model_not_found")
        return MODELS[name]

    @cached_property
    def membership(self) -> tuple[str, ...] | None:
        """For each operation, the part of the split that it is in; none: the split is not recorded."""
        return None if self.model.split is None else parts_of(self.model.split, self.model.space.size)

    @cached_property
    def reconstructions(self) -> dict[HalfName, Int64[np.ndarray, "K"]]:
        """For each half, the index that each operation's mean is decoded to."""
        return {
            half: self.model.space.indices(self.model.decode(book.means, vae=half))
            for half, book in self.codebooks.items()
        }

    def warm(self) -> None:
        """Compute what the first requests would otherwise wait for."""
        portrait(0)
        _ = self.membership, self.reconstructions
        for book in self.codebooks.values():
            for index in range(len(book.means)):
                book.numbers(index)


def serve_model(path: Path | None = None) -> Served:
    """Make a model ready to be served.

    Args:
        path: Where it is; none: the certified model.

    Raises:
        CheckpointError: If there is no model, or a damaged one.
        SettingsError: If it is not about the two-input ternary operations, or has other than 16 latents.
    """
    if path is None:
        return prepare(certified(), Path(str(resources.files("fluxttice_core") / "certified" / REPORT)))
    return prepare(load(path), (path if path.is_dir() else path.parent) / REPORT)


def prepare(model: TrainedModel, report: Path) -> Served:
    """Make a loaded model ready to be served; `report` is where its report would be."""
    if model.space != TERNARY or model.architecture.latent_dim != LATENTS:
        raise SettingsError(
            f"the API serves the two-input ternary operations in {LATENTS} latents, but {model.source} is "
            f"about {model.space.describe()} in {model.architecture.latent_dim}: serve another model",
            "unsupported",
        )
    source = Path(model.source)
    written, reason = _read_report(report, model)
    return Served(
        model=model,
        codebooks={half: codebook(model, half) for half in MODELS.values()},
        report=written,
        without_report=reason,
        created=int(source.stat().st_mtime if source.exists() else time.time()),
    )


def _read_report(path: Path, model: TrainedModel) -> tuple[bytes | None, str]:
    """The report as JSON, or the sentence that says why there is none."""
    if not path.is_file():
        return None, (
            "this model has no report: nothing is claimed of it. `fluxttice benchmark` measures a model"
        )
    try:
        data = read_bounded(path, maximum=_LARGEST_REPORT, name="The report", error=RecordError)
        measured = parse_json(data, name="The report")
    except FluxtticeError as error:
        return None, f"the report of this model cannot be shown: {error}"
    match measured:
        case {"model": {"tensor_sha256": model.tensor_digest}}:
            return data, ""
    return None, (
        "the report beside this model is of other weights, so it is not shown: measure this model with "
        "`fluxttice benchmark`"
    )
