"""The JSON Schema of result files, and what in a file does not follow it; needs neither torch nor a model."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators

from fluxttice_core.errors import MeasurementError
from fluxttice_core.storage.format_version import require_known_format

MAXIMUM_RESULT = 8 << 20
"""Bytes of the largest result file that is read: many times what the largest settings give."""

SAMPLED, SAMPLED_VERSION = "fluxttice/report_from_samples", 1
"""What result files of reports from samples call their schema, which is read by `sampled_json`."""

_LONGEST = 160
_RENAMED = {"better": "direction", "degrees": "dof", "separations": "control_comparisons"}
"""What the first version called fields of a metric, and what they are called now."""


@lru_cache(maxsize=1)
def result_schema() -> dict[str, Any]:
    """The JSON Schema of result files."""
    text = resources.files("fluxttice_core.evaluation") / "schemas" / "coverage_vs_entropy.json"
    schema: dict[str, Any] = json.loads(text.read_text(encoding="utf-8"))
    return schema


def upgraded(result: Any) -> Any:
    """A result in the names of this version; whatever is no result of the first version is left as it is.

    The first version had no metric set, since there was but one, and other names for three fields.

    Example:
        >>> upgraded({"metrics": [{"better": "lower"}]})
        {'metrics': [{'direction': 'lower'}], 'metric_set': 1}
    """
    metrics: Any = result.get("metrics") if isinstance(result, Mapping) else None
    # As text, since 1 and true are equal.
    first = isinstance(metrics, list) and "metric_set" not in result and not any(map(_has_new_names, metrics))
    if not first or repr(result.get("schema_version", 1)) != "1":
        return result
    version = {"schema_version": 2} if "schema_version" in result else {}
    return {**result, **version, "metrics": list(map(_renamed, metrics)), "metric_set": 1}


def _renamed(metric: Any) -> Any:
    if not isinstance(metric, Mapping):
        return metric
    return {_RENAMED.get(name, name): value for name, value in metric.items()}


def _has_new_names(metric: Any) -> bool:
    return isinstance(metric, Mapping) and not metric.keys().isdisjoint(_RENAMED.values())


def require_known_schema(result: object, *, name: str) -> None:
    """Refuse a result of a later schema than this program's, with both versions."""
    newest = max(result_schema()["properties"]["schema_version"]["enum"])
    require_known_format(result, "schema_version", newest, name=name, error=MeasurementError)


def schema_fault(result: object) -> str | None:
    """The first place where a result does not follow the schema, in words; none if it does."""
    error = next(_validator().iter_errors(result), None)
    if error is None:
        return None
    where = "/".join(str(part) for part in error.absolute_path) or "its top level"
    message = error.message
    return f"at {where}, {message if len(message) <= _LONGEST else message[:_LONGEST] + '…'}"


@lru_cache(maxsize=1)
def _validator() -> Any:
    return _Direct(result_schema())


def _properties(validator: Any, properties: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for name, part in properties.items():
            if name in instance:
                yield from _below(validator, part, instance[name], name)


def _items(validator: Any, schema: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, list):
        for position, item in enumerate(instance):
            yield from _below(validator, schema, item, position)


def _below(validator: Any, schema: Any, instance: Any, key: str | int) -> Iterator[ValidationError]:
    """The errors of a part; its validator is made once, where jsonschema makes one for every part anew."""
    child = _PARTS.get(id(schema))
    if child is None:
        child = _PARTS[id(schema)] = validator.evolve(schema=schema)
    for error in child.iter_errors(instance):
        error.path.appendleft(key)
        yield error


_PARTS: dict[int, Any] = {}
"""Validators of the parts of the schema, which is loaded once, by the identities of these parts."""

_Direct: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"properties": _properties, "items": _items}
)
