"""The JSON Schema of result files, and what in a file does not follow it; needs neither torch nor a model."""

import json
from functools import lru_cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator

__all__ = ["MAXIMUM_RESULT", "result_schema", "schema_fault"]

MAXIMUM_RESULT = 8 << 20
"""Bytes of the largest result file that is read: many times what the largest settings give."""

_LONGEST = 160


@lru_cache(maxsize=1)
def result_schema() -> dict[str, Any]:
    """The JSON Schema of result files.

    Example:
        >>> result_schema()["properties"]["schema_version"]
        {'const': 1}
    """
    text = resources.files("fluxttice_core.evaluation") / "schemas" / "coverage_vs_entropy.json"
    schema: dict[str, Any] = json.loads(text.read_text(encoding="utf-8"))
    return schema


def schema_fault(result: object) -> str | None:
    """The first place where a result does not follow the schema, in words; none if it does.

    Args:
        result: The content of a result file.

    Example:
        >>> schema_fault([])
        "at its top level, [] is not of type 'object'"
    """
    error = next(_validator().iter_errors(result), None)
    if error is None:
        return None
    where = "/".join(str(part) for part in error.absolute_path) or "its top level"
    message = error.message
    return f"at {where}, {message if len(message) <= _LONGEST else message[:_LONGEST] + '…'}"


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    return Draft202012Validator(result_schema())
