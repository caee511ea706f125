"""Canonical JSON, and the SHA-256 digests that name a value or bytes."""

import hashlib
import json
import math
from typing import Any, NoReturn

from fluxttice_core.errors import FluxtticeError, RecordError

MAXIMUM_DEPTH = 32
MAXIMUM_CONTAINERS = 500_000
"""Lists and objects in one text: each takes a hundred times the memory of its two characters."""

_LONGEST_INTEGER = 308
"""Digits of the longest integer: every one of so many is within the range of doubles, as figures must be."""

_LEAVES = (str, int, bool, type(None))


def canonical_json(value: Any) -> bytes:
    """Encode a value as the one JSON text that stands for it.

    Keys are sorted by code point, nothing is spaced, text is UTF-8 and unescaped where JSON allows, and a
    float is written as the shortest decimal that reads back as the same double; NaN and infinities have
    none. Takes None, bool, int, float, str, and lists, tuples and string-keyed dicts of these.

    Example:
        >>> canonical_json({"b": [1, 0.5], "a": None})
        b'{"a":null,"b":[1,0.5]}'
    """
    _require_plain(value, "the value", 0)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise RecordError(
            "A text holds a lone surrogate, which has no UTF-8; replace that character.", "wrong_type"
        ) from error


def parse_json(data: bytes, *, name: str, error: type[FluxtticeError] = RecordError) -> Any:
    """Decode JSON more strictly than Python: each key once, no NaN, no half characters, at most 32 levels.

    An integer of more than 308 digits is refused as well: no double holds it, so no figure can be it; and a
    text with more than 500,000 braces and brackets. Bound the number of bytes before calling.
    """
    try:
        return _parsed(data, name)
    except RecordError as cause:
        raise error(str(cause), cause.code) from cause


def _parsed(data: bytes, name: str) -> Any:
    if data.count(b"{") + data.count(b"[") > MAXIMUM_CONTAINERS:
        raise RecordError(
            f"{name} holds more than {MAXIMUM_CONTAINERS:,} lists and objects; it is damaged.", "too_large"
        )
    try:
        value = json.loads(data.decode(), object_pairs_hook=each_once, **_NUMBERS)
    except RecordError as error:
        raise RecordError(f"{name} is not valid JSON: {error}", "damaged_file") from error
    except RecursionError as error:
        raise RecordError(
            f"{name} nests deeper than {MAXIMUM_DEPTH} levels; expected a flat record.", "too_large"
        ) from error
    except ValueError as error:
        raise RecordError(
            f"{name} is not valid JSON; it is damaged or another kind of file.", "damaged_file"
        ) from error
    _require_plain(value, name, 0)
    if b"\\u" in data:
        _require_text(value, name)
    return value


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its names and values, for `json.loads`, which would take the last of equal names.

    Example:
        >>> each_once([("a", 1), ("b", 2)])
        {'a': 1, 'b': 2}
    """
    record = dict(pairs)
    if len(record) != len(pairs):
        raise RecordError("a key appears twice", "damaged_file")
    return record


def json_digest(value: Any) -> str:
    """SHA-256 of a value's canonical JSON, in hexadecimal."""
    return bytes_digest(canonical_json(value))


def bytes_digest(data: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _require_plain(value: Any, name: str, depth: int) -> None:
    """Refuse what `json` would silently change: keys that are not text, NaN, numbers of other libraries."""
    if depth > MAXIMUM_DEPTH:
        raise RecordError(
            f"{name} nests deeper than {MAXIMUM_DEPTH} levels; expected a flat record.", "too_large"
        )
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise RecordError(
                    f"{name} has the key {key!r}; canonical JSON takes only text as keys.", "wrong_type"
                )
    if isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            # Most items are such leaves: a call for each would be most of the time.
            if type(item) not in _LEAVES and not (type(item) is float and math.isfinite(item)):
                _require_plain(item, name, depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise RecordError(
            f"{name} holds {value}, which has no JSON; use null where a figure is missing.", "not_finite"
        )
    elif value is not None and not isinstance(value, bool | int | float | str):
        raise RecordError(
            f"{name} holds a {type(value).__name__}; canonical JSON takes plain Python values.", "wrong_type"
        )


def _require_text(value: Any, name: str) -> None:
    """Refuse escapes of half a character, which no file and no terminal can take again."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise RecordError(
            f"{name} holds a lone surrogate, which has no UTF-8; it is damaged.", "damaged_file"
        ) from error


def _refuse_constant(constant: str) -> NoReturn:
    raise RecordError(f"{constant} is not a JSON number.", "damaged_file")


def _integer(digits: str) -> int:
    if len(digits.removeprefix("-")) > _LONGEST_INTEGER:
        raise RecordError(
            f"it holds an integer of more than {_LONGEST_INTEGER} digits, which no figure can be.",
            "too_large",
        )
    return int(digits)


_NUMBERS: dict[str, Any] = {"parse_constant": _refuse_constant, "parse_int": _integer}
