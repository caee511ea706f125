"""Controls measured once: kept in the user's cache folder under a digest of all that they depend on."""

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from fluxttice_core.errors import FluxtticeError, MeasurementError, StorageError
from fluxttice_core.evaluation.control_scores import Control
from fluxttice_core.evaluation.report_json import controls_as_plain, controls_from_plain
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.network_shape import Scheme
from fluxttice_core.spaces.split import Split
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.arithmetic import arithmetic_record
from fluxttice_core.storage.atomic_write import write_json
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.canonical_json import json_digest, parse_json
from fluxttice_core.version import __version__

_KEPT = 16
_MAXIMUM = 16 << 20
_CODE = ("spaces", "statistics", "model", "metrics", "evaluation")


def controls_key(
    architecture: Architecture,
    scheme: Scheme,
    settings: MeasurementSettings,
    split: Split | None,
    rho: float,
    target: Target | None = None,
) -> str:
    """The digest of everything that decides what the controls score: shape, settings, rows and code."""
    return json_digest(
        {
            "architecture": architecture.model_dump(mode="json"),
            "scheme": scheme,
            "settings": settings.model_dump(mode="json"),
            "split": None if split is None else split.digest,
            "rho": rho,
            "target": None if target is None else target.digest(),
            "version": __version__,
            "code": _code_digest(),
            "torch": str(torch.__version__),
            "arithmetic": arithmetic_record(),
        }
    )


def cached_controls(key: str, measure: Callable[[], tuple[Control, ...]]) -> tuple[Control, ...]:
    """The controls under a key, or else measured and kept.

    A damaged entry is measured again and replaced; where nothing can be written, nothing is kept.
    """
    path = cache_folder() / f"controls-{key}.json"
    with contextlib.suppress(FluxtticeError, OSError):
        return _read(path)
    controls = measure()
    body = controls_as_plain(controls)
    with contextlib.suppress(StorageError, OSError):
        write_json(path, {"digest": json_digest(body), "controls": body})
        _prune(path.parent)
    return controls


def cache_folder() -> Path:
    """Where this user's caches belong: `XDG_CACHE_HOME` if set, else the platform's folder."""
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    if Path(chosen).is_absolute():
        return Path(chosen) / "fluxttice"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "fluxttice"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "fluxttice" / "Cache"
    return Path.home() / ".cache" / "fluxttice"


def _read(path: Path) -> tuple[Control, ...]:
    data = read_bounded(path, maximum=_MAXIMUM, name="The cached controls", error=MeasurementError)
    entry: Any = parse_json(data, name=str(path))
    if not isinstance(entry, dict) or entry.get("digest") != json_digest(entry.get("controls")):
        raise MeasurementError(f"{path} is damaged: it will be replaced", "damaged_file")
    return controls_from_plain(entry["controls"])


def _prune(folder: Path) -> None:
    """Keep the entries used last: those of other code are of no use any more."""
    entries = sorted(folder.glob("controls-*.json"), key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in entries[_KEPT:]:
        entry.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def _code_digest() -> str:
    """SHA-256 over the source of the layers that the controls are measured with."""
    package = Path(__file__).resolve().parent.parent
    sha = hashlib.sha256()
    for layer in _CODE:
        for source in sorted((package / layer).glob("*.py")):
            sha.update(f"{layer}/{source.name}\n{source.stat().st_size}\n".encode())
            sha.update(source.read_bytes())
    return sha.hexdigest()
