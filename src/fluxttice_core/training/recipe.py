"""Recipes: every setting of a training run, validated; the shipped ones are YAML files beside this module."""

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError, model_validator

from fluxttice_core.errors import SettingsError
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.training.recipe_cost import excess
from fluxttice_core.training.recipe_settings import RecipeFields
from fluxttice_core.training.recipe_yaml import read_yaml
from fluxttice_core.training.run_length import settled

_RECIPE_FILES = resources.files("fluxttice_core.training") / "recipes"
_LARGEST_RECIPE_BYTES = 65_536


class Recipe(RecipeFields):
    """Every setting of a training run, which a machine can bear together."""

    @model_validator(mode="after")
    def _enough_latents(self) -> "Recipe":
        cells = self.architecture.space.cells
        if self.transport is not None and self.architecture.latent_dim < cells:
            raise ValueError(
                f"transport gives each of the {cells} entries of a table a latent of its own: "
                f"raise architecture.latent_dim to {cells} or more, or leave transport out"
            )
        return self

    @model_validator(mode="after")
    def _affordable(self) -> "Recipe":
        reason = excess(self)
        if reason is not None:
            raise ValueError(reason)
        return self


def recipe_names() -> list[str]:
    """Names of the shipped recipes.

    Example:
        >>> recipe_names()
        ['original', 'standard']
    """
    return sorted(
        entry.name.removesuffix(".yaml") for entry in _RECIPE_FILES.iterdir() if entry.name.endswith(".yaml")
    )


def load_recipe(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """A shipped recipe by name or a YAML file by path, with settings replaced.

    Args:
        name_or_path: "original", "standard", or the path of a file ending in .yaml or .yml.
        overrides: Replacements such as "epochs=10" or "half_a.beta={kind: constant, value: 1.0}".

    Raises:
        SettingsError: For an unknown recipe or key, a value out of bounds, or a file that is no recipe.

    Example:
        >>> load_recipe("standard", ["epochs=2"]).epochs
        2
    """
    settings = _read(name_or_path)
    for override in overrides:
        _apply(settings, override)
    return validate_recipe(settled(settings), source=str(name_or_path))


def validate_recipe(settings: Mapping[str, Any], *, source: str) -> Recipe:
    """A recipe from plain values.

    Args:
        settings: Nested plain values, as YAML or JSON gives them.
        source: What to call them in an error.

    Raises:
        SettingsError: With the first setting that is wrong, what it was and what is expected.
    """
    try:
        return Recipe.model_validate(settings)
    except ValidationError as error:
        raise _refusal(error, source) from None


def with_space(space: str | ProductSpace | None, overrides: Sequence[str]) -> tuple[str, ...]:
    """Overrides that name a space, too: a short form of "architecture.space=NAME".

    Args:
        space: The space or its name; none: nothing is added.
        overrides: The others.

    Raises:
        OperationError: If no space is called so.
        SettingsError: If one of the others names another space.

    Example:
        >>> with_space("dna:6", ["epochs=2"])
        ('architecture.space="dna:6"', 'epochs=2')
    """
    if space is None:
        return tuple(overrides)
    named, settings = space_of(space), dict[str, Any]()
    for override in overrides:
        if override.strip().startswith("architecture"):
            _apply(settings, override)
    other = settings.get("architecture")
    given = {key: other[key] for key in ("space", "base", "arity") if key in other} if other else {}
    if given and Architecture.model_validate(given).space != named:
        raise SettingsError(
            f"the space {named.name} was asked for, and the settings name another one by "
            f"{' and '.join(f'architecture.{key}' for key in given)}: give one of them",
            "contradictory",
        )
    return tuple(overrides) if given else (f"architecture.space={json.dumps(named.name)}", *overrides)


def _read(name_or_path: str | Path) -> dict[str, Any]:
    name = str(name_or_path)
    if name.endswith((".yaml", ".yml")):
        text = _read_file(Path(name))
    elif name in recipe_names():
        text = (_RECIPE_FILES / f"{name}.yaml").read_bytes()
    else:
        known = ", ".join(recipe_names())
        raise SettingsError(
            f"no recipe is called {name!r}: use one of {known}, or the path of a .yaml file", "unknown_recipe"
        )
    return _mapping(text, name)


def _read_file(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise SettingsError(
                f"no recipe file {path}: give the path of an existing YAML file", "missing_file"
            )
        if path.stat().st_size > _LARGEST_RECIPE_BYTES:
            raise SettingsError(
                f"{path} is larger than {_LARGEST_RECIPE_BYTES:,} bytes, which no recipe is", "too_large"
            )
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"the recipe file {path} cannot be read ({error.strerror}): give a file that you may read",
            "unreadable_file",
        ) from error


def _mapping(text: bytes, source: str) -> dict[str, Any]:
    settings = read_yaml(text, source=source)
    if not isinstance(settings, dict):
        raise SettingsError(
            f"{source} holds no mapping of settings: write lines such as 'epochs: 40'", "malformed"
        )
    return settings


def _apply(settings: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise SettingsError(
            f"cannot read the setting {override!r}: write key=value, such as epochs=10", "malformed"
        )
    target = settings
    for part in path[:-1]:
        inner = target.setdefault(part, {})
        if not isinstance(inner, dict):
            raise SettingsError(
                f"{key} does not name a setting: {part} holds a single value", "unknown_setting"
            )
        target = inner
    target[path[-1]] = _value(value, key)


def _value(text: str, key: str) -> Any:
    value = read_yaml(text, source=f"the value {text!r:.80} for {key}")
    if isinstance(value, str):
        # YAML reads 1e-3 as text, which nobody who types it means.
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _refusal(error: ValidationError, source: str) -> SettingsError:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" ({error.error_count() - 1} more to correct)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        return SettingsError(
            f"recipe {source}: unknown setting {where}; remove it or correct its name{more}",
            "unknown_setting",
        )
    reason = first["msg"].removeprefix("Value error, ")
    reason = reason[0].lower() + reason[1:]
    if not where:
        return SettingsError(f"recipe {source}: {reason}{more}", "wrong_setting")
    given = "" if first["type"] == "missing" else f", not {first['input']!r:.80}"
    return SettingsError(f"recipe {source}: setting {where}: {reason}{given}{more}", "wrong_setting")
