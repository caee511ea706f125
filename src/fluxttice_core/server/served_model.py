"""What a server serves: a model, the codes of all elements under both halves, and the model's report."""

import time
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from threading import Lock

import numpy as np

from fluxttice_core.errors import FluxtticeError, RecordError, SettingsError
from fluxttice_core.model.forward import row_chunks
from fluxttice_core.model.halves import HalfName
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.portrait import portrait
from fluxttice_core.server.api.requests import LATENTS, MODELS
from fluxttice_core.server.errors import RequestError
from fluxttice_core.shapes import Bool, Float32, Float64, Int64, UInt8
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.canonical_json import parse_json
from fluxttice_core.storage.pretrained import TrainedModel, certified, load


class Codes:
    """Posterior means under one half: of what is asked for at once, of all elements in pieces."""

    def __init__(self, model: TrainedModel, half: HalfName) -> None:
        self._model, self._half = model, half
        self.latents = model.architecture.latent_dim
        self._filling = Lock()
        self._filled = 0
        self._means: Float32[np.ndarray, "K d"] | None = None
        self._stopped = False

    def rows(self, indices: Int64[np.ndarray, "n"]) -> Float32[np.ndarray, "n d"]:
        """Means of some elements."""
        return self._model.posteriors(self._model.space.tables(indices), vae=self._half)[0]

    def written(self, indices: list[int], *, base64: bool) -> list[bytes]:
        """Means of some elements as JSON: strings of base64, or arrays of the shortest decimals."""
        means = self.rows(np.array(indices, dtype=np.int64))
        return [_packed(row) if base64 else _decimals(row) for row in means]

    @property
    def means(self) -> Float32[np.ndarray, "K d"]:
        """Means of all elements; while somebody else computes them, for longer than a moment, a refusal."""
        if not self._filling.acquire(timeout=_PATIENCE):
            share, many = self._filled / self._model.space.size, self._model.space.nouns.many
            raise RequestError(
                f"the codes of all {many} are being computed, {share:.0%} so far: ask again in a moment",
                status=503,
                code="not_ready",
            )
        try:
            return self._fill()
        finally:
            self._filling.release()

    def _fill(self) -> Float32[np.ndarray, "K d"]:
        size = self._model.space.size
        if self._means is None:
            self._means = np.empty((size, self.latents), dtype=np.float32)
        for first in range(self._filled, size, _PIECE):
            if self._stopped:
                raise RequestError("the server stops", status=503, code="not_ready", close=True)
            piece = np.arange(first, min(first + _PIECE, size))
            self._means[piece] = self.rows(piece)
            self._filled = int(piece[-1]) + 1
        return self._means

    def distances(self, latent: Float32[np.ndarray, "d"]) -> Float64[np.ndarray, "K"]:
        """Euclidean distance of every element's mean from a latent."""
        means, found = self.means, np.empty(self._model.space.size)
        for rows in row_chunks(len(means), 8 * _PIECE):
            found[rows] = np.linalg.norm(means[rows].astype(np.float64) - latent, axis=1)
        return found

    def warm(self) -> None:
        """Compute what the first requests would otherwise wait for."""
        with suppress(RequestError):
            _ = self.means

    def stop(self) -> None:
        """Compute no further pieces."""
        self._stopped = True


class Codebook(Codes):
    """Posterior means of all operations, by index, and each row as JSON, which is kept."""

    def __init__(self, model: TrainedModel, half: HalfName) -> None:
        super().__init__(model, half)
        self.base64 = tuple(map(_packed, self.means))
        self._numbers: dict[int, bytes] = {}

    def written(self, indices: list[int], *, base64: bool) -> list[bytes]:
        """Means of some operations as JSON: strings of base64, or arrays of the shortest decimals."""
        if base64:
            return [self.base64[index] for index in indices]
        return [self.numbers(index) for index in indices]

    def numbers(self, index: int) -> bytes:
        """A row as a JSON array, each number the shortest decimal that reads back as the same float32."""
        written = self._numbers.get(index)
        if written is None:
            written = _decimals(self._fill()[index])
            self._numbers[index] = written
        return written

    def warm(self) -> None:
        """Write every row once."""
        for index in range(len(self.base64)):
            self.numbers(index)


def _packed(row: Float32[np.ndarray, "d"]) -> bytes:
    return b'"' + b64encode(row.astype("<f4").tobytes()) + b'"'


def _decimals(row: Float32[np.ndarray, "d"]) -> bytes:
    """A row as a JSON array, each number the shortest decimal that reads back as the same float32."""
    return f"[{','.join(map(str, row))}]".encode()


REPORT = "report.json"
_LARGEST_REPORT = 64 * 1024 * 1024
PARTS = ("train", "validation", "held_out", "outside")
"""Where an element is: in a part of the split, or outside of the support."""
MOST_SERVED = 2**20
"""Elements of the largest space that is served: its codes and its map must fit in memory."""
_PIECE = 8_192
_PATIENCE = 0.2
"""Seconds that a request waits for codes that somebody else computes; it keeps others from being answered."""


@dataclass(frozen=True, eq=False)
class Served:
    """A model ready to be served.

    Args:
        model: The model.
        codebooks: The codes of all elements under each half.
        report: The model's report as JSON, if there is one.
        without_report: Why there is no report, if there is none.
        created: When the model was written, in seconds since 1970.
        aliases: Other names of the models of the API.
    """

    model: TrainedModel
    codebooks: Mapping[HalfName, Codes]
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
    def has_algebra(self) -> bool:
        """Whether these are all ternary operations of two inputs, of which the page and the API know more."""
        return _has_algebra(self.model)

    def supports(self, indices: Int64[np.ndarray, "n"]) -> Bool[np.ndarray, "n"]:
        """Whether elements are in the support of the target that the model was trained to reach."""
        target = self.model.target
        return np.ones(len(indices), dtype=bool) if target is None else np.isin(indices, target.rows)

    @cached_property
    def parts(self) -> UInt8[np.ndarray, "K"] | None:
        """For each element the number in `PARTS` of where it is; none: the split is not recorded."""
        if self.model.split is None:
            return None
        found = np.full(self.model.space.size, PARTS.index("outside"), dtype=np.uint8)
        for part in PARTS[:-1]:
            found[getattr(self.model.split, part)] = PARTS.index(part)
        return found

    def part(self, index: int) -> str | None:
        """The part of the split that an element is in, or outside of the support; none: not recorded."""
        return None if self.parts is None else PARTS[self.parts[index]]

    @cached_property
    def reconstructions(self) -> dict[HalfName, Int64[np.ndarray, "K"]]:
        """For each half, the index that each operation's mean is decoded to."""
        return {
            half: self.model.space.indices(self.model.decode(book.means, vae=half))
            for half, book in self.codebooks.items()
        }

    def warm(self) -> None:
        """Compute what the first requests would otherwise wait for."""
        if self.has_algebra:
            portrait(0)
            _ = self.parts, self.reconstructions
        for _, book in sorted(self.codebooks.items(), reverse=True):  # requests that name no half mean B
            book.warm()

    def stop(self) -> None:
        """Leave off what is being computed."""
        for book in self.codebooks.values():
            book.stop()


def serve_model(path: Path | None = None) -> Served:
    """Make a model ready to be served.

    Args:
        path: Where it is; none: the certified model.

    Raises:
        CheckpointError: If there is no model, or a damaged one.
        SettingsError: If it is about more elements than can be served.
    """
    if path is None:
        return prepare(certified(), Path(str(resources.files("fluxttice_core") / "certified" / REPORT)))
    return prepare(load(path), (path if path.is_dir() else path.parent) / REPORT)


def prepare(model: TrainedModel, report: Path) -> Served:
    """Make a loaded model ready to be served; `report` is where its report would be."""
    if model.space.size > MOST_SERVED:
        raise SettingsError(
            f"{model.source} is about {model.space.describe()}, {model.space.size:,} in all, and at most "
            f"{MOST_SERVED:,} elements are served: use it from Python, by `fluxttice_core.storage.load`",
            "too_large",
        )
    source, made = Path(model.source), Codebook if _has_algebra(model) else Codes
    written, reason = _read_report(report, model)
    return Served(
        model=model,
        codebooks={half: made(model, half) for half in MODELS.values()},
        report=written,
        without_report=reason,
        created=int(source.stat().st_mtime if source.exists() else time.time()),
    )


def _has_algebra(model: TrainedModel) -> bool:
    whole, shape = model.target is None or model.target.is_everything, model.architecture
    known = shape.latent_dim == LATENTS and shape.decoders == "networks"  # as the page computes them
    return model.space == TERNARY and known and whole


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
