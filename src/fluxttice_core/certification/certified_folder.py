"""The files of a certified folder, each read at most once and bounded before it is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fluxttice_core.certification.folder_names import MODEL, REPORT, SELECTION, SETTINGS, beside
from fluxttice_core.certification.sampled_check import require_sampled_result
from fluxttice_core.errors import CheckpointError, FluxtticeError, MeasurementError, RecordError
from fluxttice_core.evaluation.result_schema import (
    MAXIMUM_RESULT,
    require_known_schema,
    schema_fault,
    upgraded,
)
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.spaces.space_name import recorded_space
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.canonical_json import json_digest, parse_json
from fluxttice_core.storage.checkpoint_record import TARGET
from fluxttice_core.storage.folder_digests import SUMS, folder_digests
from fluxttice_core.storage.model_file import StoredModel, read_stored
from fluxttice_core.storage.target_tensors import largest_target, parse_target

if TYPE_CHECKING:
    from fluxttice_core.evaluation.sampled_report import SampledReport

_Content = TypeVar("_Content")
_MAXIMUM = {MODEL: 256 << 20, REPORT: MAXIMUM_RESULT}
_MAXIMUM_TEXT = 4 << 20
MAXIMUM_FOLDER = 512 << 20
"""A folder of more bytes is refused before they are read: a sparse file may claim terabytes."""


class CertifiedFolder:
    """The files of a certified folder, each read at most once and checked as it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._outcomes: dict[str, Any] = {}

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of every file, save sums, signature and what is the Hub's."""
        return self._once(SUMS, self._digests)

    @property
    def result(self) -> dict[str, Any]:
        """The content of `report.json`, if it follows the schema and its settings are the digested ones."""
        return self._once(REPORT, self._result)

    @property
    def settings(self) -> Any:
        """The content of `settings.json`."""
        return self._once(SETTINGS, lambda: self._json(SETTINGS))

    @property
    def selection(self) -> Any:
        """The content of `selection.json`."""
        return self._once(SELECTION, lambda: self._json(SELECTION))

    @property
    def stored(self) -> StoredModel:
        """What `model.safetensors` says and is."""
        return self._once(MODEL, lambda: read_stored(self.data(MODEL), name=MODEL))

    @property
    def target(self) -> Target | None:
        """The rows and weights that the weights' header names; none: all elements of its space alike."""
        return self._once(TARGET, self._target)

    def _once(self, name: str, read: Callable[[], _Content]) -> _Content:
        """What a file holds, or the fault that was found in it: several checks ask."""
        if name not in self._outcomes:
            try:
                self._outcomes[name] = read()
            except FluxtticeError as error:
                self._outcomes[name] = error
        found: _Content | FluxtticeError = self._outcomes[name]
        if isinstance(found, FluxtticeError):
            raise found
        return found

    def _digests(self) -> dict[str, str]:
        found = folder_digests(self.path, largest=MAXIMUM_FOLDER)
        return {name: digest for name, digest in found.items() if not beside(name)}

    @property
    def by_samples(self) -> bool:
        """Whether the weights are of a space that cannot be written out, whose report is from samples."""
        try:
            record = self.stored.record
        except FluxtticeError:
            return False  # which the check of the weights says
        size = recorded_space(record.space.model_dump()).size
        return size > ENUMERATION_LIMIT and record.target_sha256 is None

    @property
    def sampled(self) -> SampledReport:
        """The report from samples of such weights, worked out again."""
        # Late, since it loads libraries of statistics, which other certificates are verified without.
        from fluxttice_core.evaluation.sampled_json import read_sampled

        return self._once("report", lambda: read_sampled(self.result["report"], name=REPORT))

    def _result(self) -> dict[str, Any]:
        if self.by_samples:
            sampled: dict[str, Any] = self._json(REPORT)
            require_sampled_result(sampled)
            return sampled
        result: dict[str, Any] = upgraded(self._json(REPORT))
        require_known_schema(result, name=REPORT)
        fault = schema_fault(result)
        if fault is not None:
            raise MeasurementError(f"{REPORT} is no complete result: {fault}", "incomplete_report")
        if json_digest(result["settings"]) != result["settings_sha256"]:
            raise MeasurementError(
                f"{REPORT} was measured with other settings than its settings_sha256 names", "digest_mismatch"
            )
        return result

    def _target(self) -> Target | None:
        record = self.stored.record
        space = recorded_space(record.space.model_dump())
        if record.target_sha256 is None:
            if os.path.lexists(self.path / TARGET):
                raise CheckpointError(
                    f"{TARGET} lists rows, and by their header the weights were trained on all elements of "
                    f"{space.name} alike: get the folder again from its publisher",
                    "unexpected_file",
                )
            return None
        if not os.path.lexists(self.path / TARGET):
            raise CheckpointError(
                f"{MODEL} was trained on rows that {TARGET} lists, which is not there: get the folder "
                "again from its publisher",
                "missing_file",
            )
        data = self.data(TARGET, maximum=largest_target(space))
        return parse_target(data, space, record.target_sha256, name=TARGET)

    def text(self, name: str) -> str:
        """The text of a file."""
        try:
            return self.data(name).decode()
        except UnicodeDecodeError as error:
            raise RecordError(f"{name} is not UTF-8 text; it is damaged", "damaged_file") from error

    def _json(self, name: str) -> Any:
        return parse_json(self.data(name), name=name)

    def data(self, name: str, *, maximum: int | None = None) -> bytes:
        """The bytes of a file, at most as many as it may have; a link is refused."""
        maximum = maximum or _MAXIMUM.get(name, _MAXIMUM_TEXT)
        return read_bounded(
            self.path / name, maximum=maximum, name=name, error=CheckpointError, follow_symlinks=False
        )
