"""Operations as clients write them: strings, token lists, indices and tables, read as indices."""

from collections.abc import Callable
from functools import cache
from typing import Any

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.catalogue import read_operation
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.server.api.responses import all_glyphs
from fluxttice_core.server.errors import RequestError, shorten
from fluxttice_core.server.limits import BATCH, TEXT_LENGTH
from fluxttice_core.spaces.notation import parse_one

_FORMS = (
    "give a string, a list of strings, a list of 9 trits or of one index, or a list of such lists, "
    f"at most {BATCH:,} operations"
)


def read_input(value: Any) -> list[int]:
    """Read the `input` of a request for embeddings as indices.

    A string is one operation, and so is a flat list of whole numbers: 9 trits, or one index. A list of
    strings or of such lists is one operation an entry.
    """
    if isinstance(value, str):
        return [read_text(value, "input")]
    if not isinstance(value, list):
        raise _invalid(f"input is {_kind(value)}: {_FORMS}", "input")
    if not value:
        raise _invalid(f"input is an empty list: {_FORMS}", "input")
    if type(value[0]) in (int, float):
        return [_read_tokens(value, "input")]
    if len(value) > BATCH:
        raise RequestError(
            f"input holds {len(value):,} operations, and one request takes at most {BATCH:,}: "
            "send several requests",
            param="input",
            code="too_many_inputs",
        )
    return _read_batch(value)


def read_text(text: str, place: str) -> int:
    """Read one operation from its name, glyphs or index."""
    known = _by_glyphs().get(text)
    if known is not None:
        return known
    if len(text) > TEXT_LENGTH:
        raise _invalid(
            f"{place} is a string of {len(text):,} characters: an operation is a name, 9 of the characters "
            "-0+, or an index",
            place,
        )
    try:
        return read_operation(text).index
    except OperationError as error:
        raise _invalid(f"{place}: {error}", place) from None


def read_query_text(text: str, place: str) -> int:
    """Read one operation from a query string, where an unescaped + arrives as a blank.

    No text is an operation both as it stands and with its blanks as +, since then it would have nine glyphs
    both with and without them.
    """
    try:
        return read_text(text, place)
    except RequestError:
        known = _by_glyphs().get(text.replace("/", "").replace(" ", "+"))
        if known is None:
            raise
        return known


def read_any(value: Any, place: str) -> int:
    """Read one operation from a string, an index, 9 trits or a 3 x 3 table."""
    if isinstance(value, str):
        return read_text(value, place)
    if isinstance(value, list) and len(value) > TERNARY.cells:
        raise RequestError(f"{place} is a list of {len(value):,}: a table has 9 trits", param=place)
    try:
        return parse_one(TERNARY, value)
    except OperationError as error:
        raise _invalid(f"{place}: {error}", place) from None


def _read_batch(values: list[Any]) -> list[int]:
    read: Callable[[Any, str], int]
    if all(type(value) is str for value in values):
        known = _by_glyphs()
        try:
            return [known[value] for value in values]
        except KeyError:
            read = read_text
    elif all(type(value) is list for value in values):
        read = _read_tokens
    else:
        kinds = " and ".join(dict.fromkeys(map(_kind, values)))
        raise _invalid(f"input is a list of {kinds}: {_FORMS}", "input")
    return [read(value, f"input.{position}") for position, value in enumerate(values)]


def _read_tokens(tokens: list[Any], place: str) -> int:
    """Read one operation from its tokens: 9 trits, or one index."""
    if len(tokens) in (1, TERNARY.cells) and all(map(_is_whole, tokens)):
        known = _by_trits().get(tuple(tokens))
        if known is not None:
            return known
        if len(tokens) == 1 and 0 <= tokens[0] < TERNARY.size:
            return int(tokens[0])
    shown = shorten(str(tokens[: TERNARY.cells + 1]))
    raise _invalid(
        f"{place} is a list of {len(tokens):,} that begins {shown}: a flat list is one operation, either 9 "
        f"trits from -1, 0, +1 or one index from 0 to {TERNARY.size - 1:,}; give several operations as a "
        "list of such lists, or of strings",
        place,
    )


def _invalid(message: str, place: str) -> RequestError:
    return RequestError(message, param=place, code="invalid_input")


def _is_whole(token: Any) -> bool:
    return type(token) is int or (type(token) is float and token.is_integer())


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    kinds = {dict: "an object", list: "lists", str: "strings", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")


@cache
def _by_glyphs() -> dict[str, int]:
    return {glyphs: index for index, glyphs in enumerate(all_glyphs())}


@cache
def _by_trits() -> dict[tuple[int, ...], int]:
    return {tuple(table): index for index, table in enumerate(TERNARY.all_tables().tolist())}
