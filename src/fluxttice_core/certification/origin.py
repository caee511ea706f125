"""Where a certified model comes from, by its `settings.json`: a run, or a file of another program."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.canonical_json import canonical_json
from fluxttice_core.storage.checkpoint_record import (
    UNKNOWN,
    CheckpointRecord,
    Count,
    Name,
    Record,
    Seed,
    Sha256,
)
from fluxttice_core.training.recipe import validate_recipe

IMPORTED = "imported"
_OF_HEADER = ("seed", "release of torch", "recipe", "seed of the split", "architecture", "target")


class _RunSettings(Record):
    """What a run's settings are, whose recipe is checked by itself."""

    recipe: dict[str, Any]
    seed: Seed
    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:\d+)?|mps)$")]
    threads: Annotated[int, Field(ge=1, le=256)]
    torch_version: Name
    target_sha256: Sha256 | None = None


def _plain(name: str) -> str:
    if not name.isprintable() or set("`/|") & set(name):
        raise ValueError("a file's name without slashes, bars, backticks and control characters")
    return name


class Imported(Record):
    """What is known of a model that another program made."""

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
    if found is None:
        _require_run(settings, record)
    elif (found.epoch, found.rho, None, None, None) != (
        *(record.epoch, record.rho),
        *(record.seed, record.steps),
        record.target_sha256,
    ):
        raise CheckpointError(
            "settings.json tells another epoch, rho, seed or target than the header of the weights",
            "contradictory_report",
        )


def _require_run(settings: Any, record: CheckpointRecord) -> None:
    """Refuse settings that no run has, or that are not those of the weights' header."""
    try:
        run = _RunSettings.model_validate(settings)
        recipe = validate_recipe(run.recipe, source="in settings.json")
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise CheckpointError(
            f"settings.json is not what a run writes: {where}: {first['msg']}", "damaged_file"
        ) from None
    shape = recipe.architecture.model_dump(mode="json")
    stated = (run.seed, run.torch_version, recipe.name, recipe.split_seed, shape, run.target_sha256)
    split_seed = None if record.split is None else record.split.seed
    due: tuple[object, ...] = (record.seed, record.torch_version, record.recipe, split_seed)
    due += (record.architecture, record.target_sha256)
    for name, one, other in zip(_OF_HEADER, stated, due, strict=True):
        if canonical_json(one) != canonical_json(other):
            raise CheckpointError(
                f"settings.json has another {name} than the header of the weights", "contradictory_report"
            )
    if record.epoch > recipe.epochs:
        raise CheckpointError(
            f"the header of the weights names epoch {record.epoch} of the {recipe.epochs} in settings.json",
            "contradictory_report",
        )
