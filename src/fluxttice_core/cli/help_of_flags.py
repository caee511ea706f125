"""Commands whose help shows no type of value for a flag, and refuse options that contradict one another."""

from typing import Any

from typer.core import TyperCommand, TyperGroup

from fluxttice_core.errors import SettingsError


class _PlainFlags:
    def get_params(self, ctx: Any) -> list[Any]:
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]  # typer's classes have it
        for flag in (one for one in params if getattr(one, "is_flag", False)):
            flag.metavar = ""
        return params


class PlainCommand(_PlainFlags, TyperCommand):
    """A command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments, unless an option that takes one value is given twice: the last would decide."""
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        for option in {one.name: one for one in order if order.count(one) > 1}.values():
            _require_one_meaning(option, args)
        return super().parse_args(ctx, args)


class PlainGroup(_PlainFlags, TyperGroup):
    """A group of commands."""


def _require_one_meaning(option: Any, args: list[str]) -> None:
    name = option.opts[0]
    if option.param_type_name != "option" or option.multiple:
        return
    if not option.is_flag:
        raise SettingsError(f"{name} was given more than once: give it once", "contradictory")
    opposite = next(iter(option.secondary_opts), None)
    if opposite in args and name in args:
        raise SettingsError(f"{name} and {opposite} contradict each other: give one of them", "contradictory")
