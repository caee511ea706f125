"""Recipes: every setting of a training run, validated; the shipped ones are YAML files beside this module."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError, model_validator

from fluxttice_core.errors import SettingsError
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.target import Target
from fluxttice_core.training.recipe_cost import excess
from fluxttice_core.training.recipe_settings import RecipeFields
from fluxttice_core.training.recipe_yaml import read_yaml
from fluxttice_core.training.run_length import settled

_RECIPE_FILES = resources.files("fluxttice_core.training") / "recipes"
_LARGEST_RECIPE_BYTES = 65_536

Overrides = Sequence[str] | Mapping[str, Any]
"""Settings to replace: "key=value" each, or a mapping, nested or with dots."""


class Recipe(RecipeFields):
    """Every setting of a training run, which a machine can bear together."""

    @model_validator(mode="after")
    def _bearable(self) -> "Recipe":
        cells, by_table = self.architecture.space.cells, self.architecture.decoders == "table"
        if self.transport is not None and self.architecture.latent_dim < cells:
            raise ValueError(
                f"transport gives each of the {cells} entries of a table a latent of its own: "
                f"raise architecture.latent_dim to {cells} or more, or leave transport out"
            )
        if by_table and self.calibration is not None and self.calibration.sweeps:
            raise ValueError(
                "calibration.sweeps make all symbols of an entry alike, and a table says how likely each is: "
                "set calibration.sweeps to 0, or architecture.decoders to networks"
            )
        if reason := excess(self):
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


def load_recipe(
    recipe: str | Path | Recipe, overrides: Overrides = (), *, target: Target | None = None
) -> Recipe:
    """A shipped recipe by name, a YAML file by path or a recipe itself, with settings replaced.

    Args:
        recipe: "original", "standard", the path of a file ending in .yaml or .yml, or a recipe.
        overrides: Replacements such as "epochs=10" or "half_a.beta={kind: constant, value: 1.0}", or a
            mapping of settings, nested or with dots. A mapping in it goes into a part and leaves the part's
            other settings as they are; one that names its `kind` is a schedule, and replaces the former one.
        target: What is to be learnt, from which open lengths follow; none: the whole space.

    Raises:
        SettingsError: For an unknown recipe or key, a value out of bounds, or a file that is no recipe.

    Example:
        >>> load_recipe("standard", ["epochs=2"]).epochs
        2
        >>> load_recipe("standard", {"epochs": 2, "architecture": {"arity": 1}}).architecture.arity
        1
    """
    settings, source = (
        (recipe.model_dump(mode="json"), recipe.name)
        if isinstance(recipe, Recipe)
        else (_read(recipe), str(recipe))
    )
    for key, value in _replacements(overrides):
        _replace(settings, key, value)
    return validate_recipe(settled(settings, target), source=source)


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


def with_space(space: str | ProductSpace | None, overrides: Overrides) -> Overrides:
    """Overrides that name a space, too: a short form of "architecture.space=NAME".

    Example:
        >>> with_space("dna:6", ["epochs=2"])
        ('architecture.space="dna:6"', 'epochs=2')
    """
    if space is None:
        return overrides
    named, settings = space_of(space), dict[str, Any]()
    for key, value in _replacements(overrides):
        if key.strip().startswith("architecture"):
            _replace(settings, key, value)
    other = settings.get("architecture")
    given = {key: other[key] for key in ("space", "base", "arity") if key in other} if other else {}
    if given and Architecture.model_validate(given).space != named:
        raise SettingsError(
            f"the space {named.name} was asked for, and the settings name another one by "
            f"{' and '.join(f'architecture.{key}' for key in given)}: give one of them",
            "contradictory",
        )
    if given:
        return overrides
    if isinstance(overrides, Mapping):
        return {"architecture.space": named.name, **overrides}
    return (f"architecture.space={json.dumps(named.name)}", *overrides)


def _read(name_or_path: str | Path) -> dict[str, Any]:
    name = str(name_or_path)
    if name.endswith((".yaml", ".yml")):
        text = _read_file(Path(name))
    elif name in recipe_names():
        text = (_RECIPE_FILES / f"{name}.yaml").read_bytes()
    else:
        close = get_close_matches(name, recipe_names(), n=1)
        near, known = f"did you mean {close[0]}; " if close else "", ", ".join(recipe_names())
        raise SettingsError(
            f"no recipe is called {name!r}: {near}use one of {known}, or the path of a .yaml file",
            "unknown_recipe",
        )
    settings = read_yaml(text, source=name)
    if not isinstance(settings, dict):
        raise SettingsError(
            f"{name} holds no mapping of settings: write lines such as 'epochs: 40'", "malformed"
        )
    return settings


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


def _replacements(overrides: Overrides) -> Iterator[tuple[str, Any]]:
    """Every setting to replace, with dots, and its value."""
    if isinstance(overrides, Mapping):
        for key, value in overrides.items():
            if isinstance(value, Mapping) and "kind" not in value:
                yield from ((f"{key}.{inner}", one) for inner, one in _replacements(value))
            else:
                yield str(key), value
        return
    if not isinstance(overrides, Iterable):
        raise SettingsError(
            f"overrides are settings such as {{'epochs': 10}} or ['epochs=10'], not {overrides!r:.80}: give "
            "a mapping, or a list of them",
            "wrong_type",
        )
    for override in [overrides] if isinstance(overrides, str) else overrides:
        key, equals, text = str(override).partition("=")
        if not equals:
            raise SettingsError(
                f"cannot read the setting {override!r}: write key=value, such as epochs=10", "malformed"
            )
        yield key.strip(), _value(text, key)


def _replace(settings: dict[str, Any], key: str, value: Any) -> None:
    *parts, last = key.split(".")
    if not all((*parts, last)):
        raise SettingsError(
            f"cannot read the setting {key!r}: write key=value, such as epochs=10", "malformed"
        )
    target = settings
    for part in parts:
        inner = target[part] = {} if target.get(part) is None else target[part]
        if not isinstance(inner, dict):
            raise SettingsError(
                f"{key} does not name a setting: {part} holds a single value", "unknown_setting"
            )
        target = inner
    target[last] = value


def _value(text: str, key: str) -> Any:
    value = read_yaml(text, source=f"the value {text!r:.80} for {key}")
    if isinstance(value, str):
        # YAML reads 1e-3 as text, which nobody who types it means.
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _setting_names(part: type[BaseModel] = Recipe) -> Iterator[str]:
    """Every setting of a recipe, with dots; those of schedules, which have kinds, are left out."""
    for name, field in part.model_fields.items():
        name = field.alias or name
        yield name
        for inner in get_args(field.annotation) or (field.annotation,):
            if isinstance(inner, type) and issubclass(inner, BaseModel) and "kind" not in inner.model_fields:
                yield from (f"{name}.{one}" for one in _setting_names(inner))


def _refusal(error: ValidationError, source: str) -> SettingsError:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" ({error.error_count() - 1} more to correct)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        close = get_close_matches(where, [*_setting_names()], n=1)
        advice = f"did you mean {close[0]}?" if close else "remove it or correct its name"
        return SettingsError(f"recipe {source}: unknown setting {where}; {advice}{more}", "unknown_setting")
    reason = first["msg"].removeprefix("Value error, ")
    reason = reason[0].lower() + reason[1:]
    if not where:
        return SettingsError(f"recipe {source}: {reason}{more}", "wrong_setting")
    given = "" if first["type"] == "missing" else f", not {first['input']!r:.80}"
    return SettingsError(f"recipe {source}: setting {where}: {reason}{given}{more}", "wrong_setting")


def steadier(recipe: Recipe) -> str:
    """What of a recipe's descent can be lowered or limited when it diverges, in words.

    Example:
        >>> steadier(load_recipe("standard"))
        'lower optimizer.rate.peak (0.01), or set optimizer.clip_norm to 1'
    """
    optimizer, found = recipe.optimizer, []
    level = _LEVELS.get(optimizer.rate.kind)
    if optimizer.rate.range()[1] > 0:
        now = "" if level is None else f".{level} ({getattr(optimizer.rate, level):g})"
        found.append(f"lower optimizer.rate{now}")
    if optimizer.weight_decay > 0:
        found.append(f"lower optimizer.weight_decay ({optimizer.weight_decay:g})")
    limit = optimizer.clip_norm
    found.append(
        "set optimizer.clip_norm to 1" if limit is None else f"lower optimizer.clip_norm ({limit:g})"
    )
    return ", or ".join(found)


_LEVELS = {"constant": "value", "one_cycle": "peak", "geometric": "start"}
"""The setting that lowers a whole schedule, where a single one does."""
