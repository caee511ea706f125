"""What sweeps and ablations share: runs that are measured alike, in a result file that grows run by run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

import numpy as np
import torch
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from fluxttice_core.errors import MeasurementError, RecordError, SettingsError
from fluxttice_core.metrics.settings import Direction, Half, MeasurementSettings, Unit
from fluxttice_core.metrics.threads import fixed_threads
from fluxttice_core.shapes import Float64
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.canonical_json import json_digest, parse_json
from fluxttice_core.storage.environment import environment_record, timestamp, tool_record
from fluxttice_core.storage.format_version import require_known_format
from fluxttice_core.training.recipe import Recipe

SCHEMA_VERSION: Final = 2
_MAXIMUM = 64 << 20
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Record(BaseModel):
    """Part of a study's result file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FigureRecord(Record):
    """One figure of one half of a run."""

    half: Literal["a", "b"]
    quantity: str
    unit: Unit
    # Version 1 called it so.
    direction: Direction = Field(validation_alias=AliasChoices("direction", "better"))
    value: float


class RunRecord(Record):
    """A run that was trained and measured.

    Attributes:
        recipe_sha256: Which recipe, by the digest of its settings.
        seed: Seed of its training and of its measurement.
        tensor_sha256: The weights that it ended with.
        statenet_moved: How far StateNet's weights went, over the norm that they began with.
        seconds: Time that training and measuring took.
    """

    recipe_sha256: Sha256
    seed: int
    tensor_sha256: Sha256
    figures: tuple[FigureRecord, ...]
    statenet_moved: float
    seconds: float


class StudySettings(Record):
    """What determines every run of a study.

    Attributes:
        measurement: What every run is measured with, but for the seed, which is the run's.
    """

    recipe: Recipe
    measurement: MeasurementSettings
    torch_version: str = str(torch.__version__)

    def digest(self) -> str:
        """SHA-256 of the settings' canonical JSON."""
        return json_digest(self.model_dump(mode="json"))


class Study(Record):
    """The content of a study's result file: where it comes from, and every run finished so far."""

    kind: ClassVar[str]

    schema_version: Literal[1, 2] = SCHEMA_VERSION
    tool: dict[str, JsonValue]
    created: str
    command: str
    environment: dict[str, JsonValue]
    settings: StudySettings
    settings_sha256: Sha256
    runs: tuple[RunRecord, ...] = ()

    def __repr__(self) -> str:
        return f"<{self.kind}: {self.settings.recipe.name}, {len(self.runs)} runs>"

    __str__ = __repr__


AnyStudy = TypeVar("AnyStudy", bound=Study)


def origin(settings: StudySettings, command: str) -> dict[str, Any]:
    """The fields of a study that say where it comes from, and that its runs can be measured here."""
    space = settings.recipe.architecture.space
    if space.size > ENUMERATION_LIMIT:
        raise SettingsError(
            f"studies measure spaces of at most {ENUMERATION_LIMIT:,} elements, and {space.describe()} are "
            f"{space.size:,}: train seeds one by one, each measured by `fluxttice benchmark`",
            "too_large",
        )
    if settings.measurement.device != "cpu":
        raise SettingsError(
            f"studies train and measure on the processor, not on {settings.measurement.device}: leave the "
            "measurement's device out",
            "unsupported",
        )
    with fixed_threads(1):
        environment = environment_record()
    return {
        "tool": tool_record(),
        "created": timestamp(),
        "command": command,
        "environment": environment,
        "settings": settings,
        "settings_sha256": settings.digest(),
    }


def resumed(path: Path, fresh: AnyStudy) -> AnyStudy:
    """A fresh study with the runs that its result file holds already."""
    if not path.exists():
        return fresh
    other = "name another file with --out"
    try:
        before = read_study(path, type(fresh))
    except MeasurementError as error:
        raise MeasurementError(f"{error}; {other}", error.code) from None
    if before.settings_sha256 != fresh.settings_sha256:
        raise MeasurementError(
            f"{path} holds a study of another recipe, measurement or torch: {other}",
            "settings_mismatch",
        )
    return fresh.model_copy(update={"runs": before.runs})


def with_run(study: AnyStudy, run: RunRecord) -> AnyStudy:
    """A study with one more run; runs stand by seed and recipe, in whatever order they were made."""
    runs = sorted((*study.runs, run), key=lambda one: (one.seed, one.recipe_sha256))
    return study.model_copy(update={"runs": tuple(runs)})


def read_study(path: Path, study: type[AnyStudy]) -> AnyStudy:
    """Read a result file of a kind of study and check it.

    Raises:
        MeasurementError: If it is missing, damaged or contradicts itself.
    """
    data = read_bounded(path, maximum=_MAXIMUM, name=f"The {study.kind}", error=MeasurementError)
    try:
        content = parse_json(data, name=str(path))
        require_known_format(
            content, "schema_version", SCHEMA_VERSION, name=str(path), error=MeasurementError
        )
        found = study.model_validate(content)
    except RecordError as error:
        raise MeasurementError(str(error), error.code) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "/".join(str(part) for part in first["loc"])
        raise MeasurementError(
            f"{path} is no {study.kind} ({where}: {first['msg']}): give a file of one", "damaged_file"
        ) from None
    if found.settings.digest() != found.settings_sha256:
        raise MeasurementError(
            f"{path} contradicts itself: its settings are not those of settings_sha256",
            "contradictory_report",
        )
    if len({(run.recipe_sha256, run.seed) for run in found.runs}) != len(found.runs):
        raise MeasurementError(
            f"{path} contradicts itself: a run of one recipe and seed comes twice", "contradictory_report"
        )
    return found


def recipe_digest(recipe: Recipe) -> str:
    """SHA-256 of a recipe's settings."""
    return json_digest(recipe.model_dump(mode="json"))


def values(runs: Sequence[RunRecord], half: Half, quantity: str) -> Float64[np.ndarray, "n"]:
    """One figure of several runs."""
    figures = (figure for run in runs for figure in run.figures if figure.half == half)
    return np.array([figure.value for figure in figures if figure.quantity == quantity])
