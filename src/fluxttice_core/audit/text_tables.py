"""Files of text as tables that the engine reads: lines, cells apart by delimiters, JSON."""

from __future__ import annotations

import codecs
import contextlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from fluxttice_core.audit.columns import read_heading
from fluxttice_core.audit.streams import (
    DAMAGE,
    PIECE,
    damage_of,
    fed,
    first_line,
    open_bytes,
    require_line_ends,
    sequences,
    whole_files,
)
from fluxttice_core.audit.tables import Table, other_columns, require_few
from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fluxttice_core.audit.engine import Engine
    from fluxttice_core.audit.sources import Source
    from fluxttice_core.audit.tables import Columns, Feed


def _opened(engine: Engine, source: Source, *, skip: bool = False) -> tuple[str, Feed]:
    """Return the arguments that name what the engine opens, and what feeds it meanwhile.

    It is fed what is compressed, since it passes over checksums, and over the end of zst that breaks off.
    """
    rewritten = source.kind in ("fasta", "fastq")
    if not source.compression and not rewritten:
        for path in source.paths:
            require_line_ends(path)
        paths = engine.constant([engine.link(path) for path in source.paths])
        return f"{paths}, compression = 'uncompressed'", contextlib.nullcontext

    def feed(whole: bool) -> contextlib.AbstractContextManager[None]:
        pieces = sequences(source) if rewritten else whole_files(source, skip=skip)
        return fed(pipe, pieces, source.said, whole=whole)

    pipe = engine.new_path()
    return f"{engine.constant([str(pipe)])}, compression = 'uncompressed'", feed


def _text(opened: str, width: int, form: str) -> str:
    """Return the relation of a file of text whose cells are strings, whatever they look like."""
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(width))
    return f"read_csv({opened}, columns = {{{columns}}}, header = false, auto_detect = false, {form})"


def lines(engine: Engine, source: Source) -> Table:
    """Read one kind a line, or its first word."""
    opened, feed = _opened(engine, source)
    cell = r"regexp_extract(c0, '\S+')" if source.kind == "first fields" else "c0"
    relation = _text(opened, 1, "delim = '', quote = '', escape = ''")
    comments = source.kind in ("lines", "first fields")
    return Table(
        source.said,
        relation,
        ("1",),
        ("VARCHAR",),
        False,
        (cell,),
        feed,
        comments=comments,
        letters=source.kind in ("fasta", "fastq"),
    )


def separated(
    engine: Engine, source: Source, wanted: Sequence[str], like: Columns | None, *, pairs: bool
) -> Table:
    """Read a table of text."""
    try:
        first = [_first_row(file, source) for file in open_bytes(source)]
    except DAMAGE as error:
        raise damage_of(error, source.said) from error
    headings = [
        read_heading(line, source.said, tabs=source.kind == "tabs", wanted=wanted, pairs=pairs)
        for line in first
        if line.strip()
    ]
    if not headings:
        raise MeasurementError(f"{source.said} is empty: give at least one draw", "too_few")
    heading = headings[0]
    alien = like is not None and (heading.names, heading.named) != (like.names, like.named)
    if len(set(headings)) > 1 or len(headings) < len(first) or alien:
        raise other_columns(source.said)
    require_few(heading.names, source.said)
    opened, feed = _opened(engine, source, skip=heading.named)
    skip = int(heading.named and feed is contextlib.nullcontext)
    form = f"delim = '{heading.delimiter}', quote = '\"', escape = '\"', skip = {skip}"
    relation = _text(opened, len(heading.names), form)
    types = ("VARCHAR",) * len(heading.names)
    notes = next((each.notes for each in headings if each.notes), ())
    return Table(
        source.said,
        relation,
        heading.names,
        types,
        heading.named,
        feed=feed,
        headed=heading.named,
        notes=notes,
    )


def _first_row(file: Any, source: Source) -> bytes:
    """Read the first line, which is empty only where those after it are, too, as far as one look shows."""
    line = first_line(file, source).removeprefix(codecs.BOM_UTF8)
    if not line.strip() and file.read(PIECE).strip():
        raise MeasurementError(f"{source.said} begins with an empty line: remove it", "malformed")
    return line


def objects(engine: Engine, source: Source, like: Columns | None) -> Table:
    """Read one value a line, or one object a line: the names of the first are the columns.

    What the first object of every file names can be read. Without that a file of other names would hold
    nothing but empty draws, which can be left out.
    """
    opened, feed = _opened(engine, source)
    headings = _names_of_objects(source)
    names = like.names if like is not None and like.named else ()
    if like is None and headings:
        names = headings[0] or ()
    if not names:
        relation = f"read_json_objects({opened}, format = 'newline_delimited')"
        value = f"CASE WHEN json_type(json) = 'OBJECT' THEN error('no value') ELSE {_plain('json')} END"
        return Table(source.said, relation, ("1",), ("VARCHAR",), False, (value,), feed)
    require_few(names, source.said)
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        places.setdefault(name.lower(), place)
    read = {names[place]: "JSON" for place in places.values() if names[place]}
    if not read:
        raise MeasurementError(f"{source.said} has objects without a name: name the values", "ambiguous")
    # Unlike a look into each line, this refuses an object that has a name twice.
    relation = (
        f"read_json({opened}, format = 'newline_delimited', records = true, auto_detect = false, "
        f"columns = {engine.constant(read)})"
    )
    numbers = {name: number for number, name in enumerate(read, 1)}
    cells = tuple(_plain(f"#{numbers[name]}") if name in read else "error('no column')" for name in names)
    partial = frozenset[str]().union(*(set(names).difference(held) for held in headings if held is not None))
    types = ("VARCHAR",) * len(names)
    return Table(source.said, relation, names, types, True, cells, feed, partial=partial)


def _plain(value: str) -> str:
    """Return the expression of a value of JSON as text: 1e5 and 100000.0 as 100000, which they are."""
    number = f"regexp_replace({value} ->> '$', '^-(0)\\.0$|\\.0$', '\\1')"
    return f"CASE WHEN json_type({value}) = 'DOUBLE' THEN {number} ELSE {value} ->> '$' END"


def _names_of_objects(source: Source) -> list[tuple[str, ...] | None]:
    """Read the names of the first object of each file that has a line, None where that is no object.

    The engine would give any line of any file as the first.
    """
    try:
        first = [next(filter(bytes.strip, _lines_of(file, source)), b"") for file in open_bytes(source)]
    except DAMAGE as error:
        raise damage_of(error, source.said) from error
    return [_names_of(line, source) for line in first if line]


def _names_of(first: bytes, source: Source) -> tuple[str, ...] | None:
    try:
        value = json.loads(
            first,
            object_pairs_hook=lambda pairs: tuple(name for name, _ in pairs),
            parse_int=str,  # whose length Python bounds
        )
        names = value if isinstance(value, tuple) else None
        "".join(names or ()).encode()  # as no half of a pair of UTF-16 can be
    except (ValueError, RecursionError) as error:
        raise MeasurementError(f"{source.said} is no JSON, one value a line", "damaged_file") from error
    if names and len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise MeasurementError(
            f"{source.said} has two values of {twice!r} in its first line: give every name once", "ambiguous"
        )
    return names


def _lines_of(file: Any, source: Source) -> Iterator[bytes]:
    while line := first_line(file, source):
        yield line
