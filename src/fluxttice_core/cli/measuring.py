"""What the measuring commands share: which model, which settings, and the command that repeats them."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from fluxttice_core.errors import CheckpointError
from fluxttice_core.metrics.settings import MeasurementSettings, settings_for, settings_from
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.storage.pretrained import TrainedModel, load
from fluxttice_core.storage.pretrained import certified as shipped


def chosen_target(checkpoint: Path | None, *, certified: bool) -> TrainedModel:
    """The model that the options name; there is no default."""
    if (checkpoint is None) == (not certified):
        raise CheckpointError(
            "nothing is measured without a trained checkpoint: give either --checkpoint PATH or --certified",
            "missing_option",
        )
    return shipped() if checkpoint is None else load(checkpoint)


def chosen_settings(
    space: ProductSpace,
    *,
    quick: bool,
    draws: Sequence[int] | None,
    repeats: int | None,
    seed: int | None,
    device: str,
) -> MeasurementSettings:
    """The settings that the options name, for a model of a space."""
    start = settings_for(space, quick=quick)
    named = settings_from({**start.model_dump(), "device": device})
    return named.with_only(draws=draws, repeats=repeats, seed=seed)


def repeatable_command(arguments: Sequence[str] | None = None) -> str:
    """The command line for a shell, as it was typed unless given, without what is this one machine's.

    That is the places of paths, and which engine computed: with each the result is the same.
    """
    given = iter(sys.argv[1:] if arguments is None else arguments)
    typed = [word for word in given if word != "--engine" or next(given, None) is None]
    typed = [word for word in typed if not word.startswith("--engine=")]
    return shlex.join(["fluxttice", *map(_without_place, typed)])


def _without_place(argument: str) -> str:
    """A path as it is from the working folder, or else its name alone, be it given as --option=path."""
    option, equals, value = argument.partition("=")
    if equals and option.startswith("-"):
        return f"{option}={_without_place(value)}"
    path = Path(argument)
    if not path.is_absolute():
        return argument
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else path.name
