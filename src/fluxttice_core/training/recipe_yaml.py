"""YAML as recipes use it: plain values, each key once; no aliases, no tags, nothing that runs."""

import math
import re
from collections.abc import Hashable
from typing import Any

import yaml

from fluxttice_core.errors import SettingsError


class _PlainLoader(yaml.SafeLoader):
    """Refuses what makes a small file large in memory, or a value something else than it looks."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _Refused("anchors and aliases are not allowed: write the values out")
        if getattr(event, "tag", None) is not None:
            raise _Refused("tags are not allowed: write plain values")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            keys = [str(key.value) for key, _ in node.value]
            twice = next((key for key in keys if keys.count(key) > 1), keys[0])
            raise _Refused(f"the key {twice} is given twice: keep one")
        return mapping


class _Refused(yaml.YAMLError):
    pass


def _refuse_boolean(_: yaml.SafeLoader, node: yaml.ScalarNode) -> bool:
    raise _Refused(f"{node.value} is a truth value, which no setting takes: write a number, or quote a word")


def _plain_scalar(loader: _PlainLoader, node: yaml.ScalarNode) -> int | float | str:
    """A number as it is written, or words; what YAML or Python would read as another number is refused."""
    text = node.value
    if _NUMBER.fullmatch(text):
        number = int(text) if _WHOLE.fullmatch(text) else float(text)
        return number if node.style is None else text
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", ""))
    if node.tag != _WORDS or _is_number(text):
        raise _Refused(f"{text[:80]} is no plain decimal number: write one, such as 10, 2.5 or 1e-3")
    return str(loader.construct_scalar(node))


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(rf"{_WHOLE.pattern}(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\.[0-9]+([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE)
_WORDS = "tag:yaml.org,2002:str"
_PlainLoader.add_constructor("tag:yaml.org,2002:bool", _refuse_boolean)
for _kind in ("int", "float", "str", "timestamp"):
    _PlainLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _plain_scalar)


def read_yaml(text: str | bytes, *, source: str) -> Any:
    """The values in a YAML text."""
    try:
        loader = _PlainLoader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except _Refused as refusal:
        raise SettingsError(f"{source}: {refusal}", "malformed") from None
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise SettingsError(f"{source} is not valid YAML ({reason}): correct it", "malformed") from None
    except RecursionError:
        raise SettingsError(
            f"{source} is nested too deeply, and no recipe is: write it flatter", "too_large"
        ) from None
