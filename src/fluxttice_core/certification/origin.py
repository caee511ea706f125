"""Where a certified model comes from, by its `settings.json`: a run, or a file of another program."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.checkpoint_record import UNKNOWN, CheckpointRecord, Count, Sha256

IMPORTED = "imported"


def _plain(name: str) -> str:
    if not name.isprintable() or set("`/|") & set(name):
        raise ValueError("a file's name without slashes, bars, backticks and control characters")
    return name


class Imported(BaseModel):
    """What is known of a model that another program made."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)

    file: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_plain)]
    sha256: Sha256
    epoch: Count
    best_validation_loss: float
    lambdas: Annotated[list[float], Field(min_length=3, max_length=3)]
    rho: float
    phase: Count
    unknown: list[Literal["settings", "seed", "split"]]


def imported_from(settings: Any) -> Imported | None:
    """What is known of an imported model; none for a model of one of this program's runs."""
    if not isinstance(settings, dict):
        raise CheckpointError(
            "settings.json is no table of settings: get the folder again from its publisher", "damaged_file"
        )
    if IMPORTED not in settings:
        return None
    try:
        found = Imported.model_validate(settings[IMPORTED])
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, (IMPORTED, *first["loc"])))
        raise CheckpointError(
            f"settings.json is not what an import writes: {where}: {first['msg']}", "damaged_file"
        ) from None
    if set(settings) != {IMPORTED} or tuple(found.unknown) != UNKNOWN:
        raise CheckpointError(
            "settings.json is not what an import writes: it claims to know more than such a file records",
            "damaged_file",
        )
    return found


def require_origin(settings: Any, record: CheckpointRecord) -> None:
    """Refuse a model that is called imported and records a run's split, or the other way round."""
    found = imported_from(settings)
    if (record.split is None, record.recipe is None) != (found is not None,) * 2:
        called = "a run's" if found is None else "imported"
        raise CheckpointError(
            f"settings.json says that the model is {called}, and the header of the weights says otherwise",
            "contradictory_report",
        )
    if found is not None and (found.epoch, found.rho, None, None) != (
        *(record.epoch, record.rho),
        *(record.seed, record.steps),
    ):
        raise CheckpointError(
            "settings.json tells another epoch, rho or seed than the header of the weights",
            "contradictory_report",
        )
