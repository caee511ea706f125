"""Operations as clients write them: strings, token lists, indices and tables, read as indices."""

from collections.abc import Callable
from functools import cache
from typing import Any

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.catalogue import find_named, is_expression, named_operations
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.reading import read_operation
from fluxttice_core.operations.written_forms import heptavintimal, plain_form
from fluxttice_core.server.api.responses import all_glyphs
from fluxttice_core.server.errors import RequestError, shorten
from fluxttice_core.server.limits import BATCH, TEXT_LENGTH
from fluxttice_core.spaces.notation import parse_one

_FORMS = (
    "give a string, a list of strings, a list of 9 trits, or a list of such lists, "
    f"at most {BATCH:,} operations"
)


def read_input(value: Any) -> list[int]:
    """Read the `input` of a request for embeddings as indices.

    A string is one operation, and so is a flat list of 9 trits. A list of strings or of such lists is one
    operation an entry.
    """
    if isinstance(value, str):
        return [read_text(value, "input")]
    if not isinstance(value, list):
        raise invalid_input(f"input is {_kind(value)}: {_FORMS}", "input")
    if not value:
        raise invalid_input(f"input is an empty list: {_FORMS}", "input")
    if type(value[0]) in (int, float):
        return [_read_tokens(value, "input")]
    require_batch(value, "operations")
    return _read_batch(value)


def require_batch(values: list[Any], many: str) -> None:
    """Refuse more operations or other elements than one request takes."""
    if len(values) > BATCH:
        message = f"input holds {len(values):,} {many}, and one request takes at most {BATCH:,}"
        raise RequestError(f"{message}: send several requests", param="input", code="too_many_inputs")


def read_text(text: str, place: str, *, expressions: bool = False) -> int:
    """Read one operation from its name, glyphs, index or any other written form.

    Expressions take longer to read, so that only requests for single operations may hold them.
    """
    known = known_texts().get(text)
    if known is not None:
        return known
    if len(text) > TEXT_LENGTH:
        raise invalid_input(
            f"{place} is a string of {len(text):,} characters: an operation is a name, 9 of the characters "
            "-0+, or an index",
            place,
        )
    try:
        known = _respelled(text)
        if known is None and not expressions and is_expression(text):
            raise invalid_input(
                f"{place} is the expression {text!r}: GET /v1/operations/{{id}} gives its index, which can "
                "be sent here",
                place,
            )
        one_input = None if known is not None or expressions else find_named(text, 1)
        if one_input is not None:
            a, b = (read_operation(f"{one_input.name}({letter})").index for letter in "ab")
            raise invalid_input(
                f'{place}: {text!r} has one input: send "{a}" for that of a, or "{b}" for that of b', place
            )
        return read_operation(text).index if known is None else known
    except OperationError as error:
        raise invalid_input(f"{place}: {error}", place) from None


def _respelled(text: str) -> int | None:
    """Read unusual but right spellings, for which the general reader takes a hundred times as long."""
    table = "".join(text.split()).replace("/", "").replace("\N{MINUS SIGN}", "-")
    if len(table) == TERNARY.cells and table in known_forms():
        return known_forms()[table]
    named = find_named(text)
    if named is not None:
        return named.operation.index
    index = text.strip()
    short = index.isdecimal() and len(index) < TERNARY.cells
    return known_forms().get((index.lstrip("0") or "0") if short else plain_form(text))


def read_query_text(text: str, place: str) -> int:
    """Read one operation from a query string, where an unescaped + arrives as a blank.

    No text is an operation both as it stands and with its blanks as +, since then it would have nine glyphs
    both with and without them.
    """
    try:
        return read_text(text, place, expressions=True)
    except RequestError:
        known = known_forms().get(text.replace("/", "").replace(" ", "+"))
        if known is None:
            raise
        return known


def read_any(value: Any, place: str) -> int:
    """Read one operation from a string, an index, 9 trits or a 3 x 3 table."""
    if isinstance(value, str):
        return read_text(value, place)
    if isinstance(value, list) and not _is_table(value):
        # A list of one number would be read as an index, though a client that tokenises may have sent it.
        raise invalid_input(
            f"{place} is a list of {len(value):,} that is no table: give 9 trits, three rows of three, "
            "a string, or an index as a number",
            place,
        )
    try:
        return parse_one(TERNARY, value)
    except OperationError as error:
        raise invalid_input(f"{place}: {error}", place) from None


def _read_batch(values: list[Any]) -> list[int]:
    read: Callable[[Any, str], int]
    if all(type(value) is str for value in values):
        known = known_texts()
        try:
            return [known[value] for value in values]
        except KeyError:
            read = read_text
    elif all(type(value) is list for value in values):
        read = _read_tokens
    else:
        kinds = " and ".join(dict.fromkeys(map(_kind, values)))
        raise invalid_input(f"input is a list of {kinds}: {_FORMS}", "input")
    return [read(value, f"input.{position}") for position, value in enumerate(values)]


def _read_tokens(tokens: list[Any], place: str) -> int:
    """Read one operation from its 9 trits; what a tokenising client sends is none."""
    # True is no trit, though it equals 1, and a fraction equals none.
    if len(tokens) == TERNARY.cells and {int, float}.issuperset(map(type, tokens)):
        known = _by_trits().get(tuple(tokens))
        if known is not None:
            return known
    shown = shorten(str(tokens[: TERNARY.cells + 1]))
    raise invalid_input(
        f"{place} is a list of {len(tokens):,} that begins {shown}: a flat list is one operation, its 9 "
        'trits from -1, 0, +1. Give an index as a string, such as "15633"; if your client sends tokens for '
        "texts, let it send the texts (check_embedding_ctx_length=False in LangChain). Several operations "
        "are a list of strings or of such lists",
        place,
    )


def _is_table(value: list[Any]) -> bool:
    rows = value if all(type(row) is list and len(row) == TERNARY.base for row in value) else [value]
    return len(rows) in (1, TERNARY.base) and sum(map(len, rows)) == TERNARY.cells


def invalid_input(message: str, place: str) -> RequestError:
    """An error about what was to be read at a place."""
    return RequestError(message, param=place, code="invalid_input")


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    kinds = {dict: "an object", list: "lists", str: "strings", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")


@cache
def known_texts() -> dict[str, int]:
    """Indices by every text that is looked up as it stands: the known forms, and names as they are listed."""
    names = {name: one.operation.index for one in named_operations() for name in (one.name, *one.aliases)}
    return known_forms() | names


@cache
def known_forms() -> dict[str, int]:
    """Indices by glyphs, by the index as text, and by each heptavintimal name that is nothing else."""
    names = [heptavintimal(index) for index in range(TERNARY.size)]
    known = {name: index for index, name in enumerate(names) if not (name.isdecimal() or find_named(name))}
    known |= {str(index): index for index in range(TERNARY.size)}
    return known | {glyphs: index for index, glyphs in enumerate(all_glyphs())}


@cache
def _by_trits() -> dict[tuple[int, ...], int]:
    return {tuple(table): index for index, table in enumerate(TERNARY.all_tables().tolist())}
