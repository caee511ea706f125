"""A target in a file of its own, from a user's rows and beside the run that learns it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fluxttice_core.audit.rows import read_rows
from fluxttice_core.errors import OperationError, SettingsError
from fluxttice_core.spaces.notation import parse
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.target import Target
from fluxttice_core.training.recipe import Overrides, Recipe, load_recipe

if TYPE_CHECKING:
    from fluxttice_core.spaces.product_space import ProductSpace


def target_of(
    recipe: str | Path | Recipe,
    overrides: Overrides,
    data: str | Path | Sequence[str | Path] | Target | None,
    *,
    column: str | None = None,
    weights: str | None = None,
) -> Target | None:
    """What a run is to learn: a target as it is given, or its rows from files; none: the whole space."""
    if data is None:
        if column is not None or weights is not None:
            raise SettingsError(
                "columns of elements and weights are those of data: give the data, or leave the columns out",
                "missing_option",
            )
        return None
    space = load_recipe(recipe, overrides).architecture.space
    if not isinstance(data, Target):
        return read_target(space, data, column=column, weights=weights)
    if data.space != space:
        raise SettingsError(
            f"the target is of {data.space.name}, and the recipe of {space.name}: give the target's space",
            "space_mismatch",
        )
    return data


def read_target(
    space: str | ProductSpace,
    data: str | Path | Sequence[str | Path],
    *,
    column: str | None = None,
    weights: str | None = None,
) -> Target:
    """What is to be learnt, from files of any format that the audit reads; without weights all are alike."""
    whole = space_of(space)
    places = [str(place) for place in ([data] if isinstance(data, str | Path) else data)]
    rows = read_rows(places, column=column, weights=weights)
    try:
        indices = parse(whole, list(rows.kinds))
    except OperationError as error:
        raise OperationError(
            f"{rows.said} lists what is not in {whole.name}: {error}; or name the space that its rows are of",
            error.code,
        ) from None
    return Target.of(whole, indices, None if rows.weights is None else rows.weights)
