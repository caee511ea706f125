"""How an operation, and a list of operations, look in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from fluxttice_core.operations.portrait import Algebra, Portrait
    from fluxttice_core.spaces.product_space import ProductSpace

_GLYPHS = "-0+"


def show_portrait(seen: Portrait) -> None:
    """Print one operation."""
    console = Console(highlight=False)
    console.print(_truth_table(seen))
    console.print(_facts(seen))
    console.print(_classes(seen))
    named = ", ".join(one.name for one in seen.named_neighbours) or "none has a name"
    console.print(f"{len(seen.neighbours)} operations differ in one cell: {named}", soft_wrap=True)


def show_element(space: ProductSpace, index: int, facts: dict[str, Any]) -> None:
    """Print one element of any space, with what is known of it."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    table.add_row(space.nouns.one, space.string(index))
    table.add_row("index", str(index))
    table.add_row("one of", f"{space.describe()}, {space.size:,} in all")
    if facts:
        table.add_row("hexadecimal", facts["hexadecimal"])
        table.add_row("name", ", ".join(facts["names"]) or "none")
        table.add_row("NPN class", f"{facts['npn_class']}, {facts['npn_members']:,} functions")
        table.add_row("", f"one of {facts['npn_classes']}: inputs negated or exchanged, output negated")
    Console(highlight=False).print(table)


def show_basis(written: dict[str, Any]) -> None:
    """Print how an operation is written with others, and whether these generate every operation."""
    console = Console(highlight=False)
    basis = ", ".join(written["basis"])
    if written["complete"]:
        console.print(f"{{{basis}}} is functionally complete", soft_wrap=True)
    else:
        reasons = "; ".join(written["contained_in"])
        console.print(
            f"{{{basis}}} is not functionally complete, as it lies in these maximal clones: {reasons}",
            soft_wrap=True,
        )
    many = written["operations"]
    size = "" if many is None else f"  ({many} operation{'' if many == 1 else 's'})"
    console.print(written["sentence"] + size, soft_wrap=True)


def show_search(rows: Sequence[dict[str, Any]], count: int) -> None:
    """Print the operations found."""
    console = Console(highlight=False)
    if rows:
        table = Table(box=box.SIMPLE)
        apart = ["differs in"] if "distance" in rows[0] else []
        for name in ("index", "table", *apart, "base 27", "names"):
            table.add_column(name, justify="right" if name in ("index", "differs in") else "left")
        for row in rows:
            distance = [str(row["distance"])] if "distance" in row else []
            shown = (_in_rows(row["table"]), *distance, row["heptavintimal"], ", ".join(row["names"]))
            table.add_row(str(row["index"]), *shown)
        console.print(table)
    noun = "operation" if count == 1 else "operations"
    rest = f"; the first {len(rows)} are shown" if len(rows) < count else ""
    console.print(f"{count:,} {noun}{rest}")


def _truth_table(seen: Portrait) -> Table:
    *names, last = ("a", "b", "c")[: seen.space.arity]
    table = Table(box=box.SIMPLE_HEAD, title=f"f({', '.join([*names, last])})", title_justify="left")
    table.add_column(f"{' '.join(names)} \\ {last}" if names else last, justify="center")
    for glyph in _GLYPHS:
        table.add_column(glyph, justify="center")
    for label, row in zip(product(_GLYPHS, repeat=len(names)), seen.table, strict=True):
        table.add_row(f"[bold]{' '.join(label) or 'f(a)'}[/bold]", *(_GLYPHS[entry + 1] for entry in row))
    return table


def _facts(seen: Portrait) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    table.add_row("index", str(seen.index))
    table.add_row("table", f"{_in_rows(seen.table)}   as one string {seen.string}")
    forms = seen.to_json()
    table.add_row(
        "also written", "   ".join(forms[form] for form in ("heptavintimal", "digits", "truth_values"))
    )
    for named in seen.names:
        table.add_row("name", ", ".join((named.name, *named.aliases)))
        table.add_row("", f"f({', '.join('abc'[: seen.space.arity])}) = {named.formula}")
        table.add_row("", named.source)
    table.add_row("is", ", ".join(name for name, holds in seen.properties.items() if holds))
    table.add_row("is not", ", ".join(name for name, holds in seen.properties.items() if not holds))
    for label, text in _algebra_rows(seen.algebra):
        if seen.space.arity == 2 or label not in ("identity", "zero"):
            table.add_row(label, text)
    return table


def _algebra_rows(algebra: Algebra) -> list[tuple[str, str]]:
    blocks = (" | ".join(map(_set, partition)) for partition in algebra.congruences)
    turns = ("".join(_GLYPHS[x + 1] for x in images) for images in algebra.automorphisms[1:])
    return [
        ("identity", _value(algebra.identity)),
        ("zero", _value(algebra.zero)),
        ("depends on", " and ".join(algebra.essential_inputs) or "no input"),
        ("values", ", ".join(f"{_value(int(v))} {n} times" for v, n in algebra.value_counts.items())),
        ("subalgebras", ", ".join(map(_set, algebra.subalgebras)) or "none that is proper"),
        ("congruences", ", ".join(blocks) or "none that is proper"),
        ("automorphisms", ", ".join(f"-0+ to {turn}" for turn in turns) or "none but the identity"),
    ]


def _classes(seen: Portrait) -> Table:
    table = Table(box=box.SIMPLE, title="classes", title_justify="left")
    table.add_column("symmetry")
    table.add_column("operations", justify="right")
    table.add_column("least index", justify="right")
    for one in seen.classes:
        table.add_row(one.symmetry, str(one.size), str(one.representative))
    return table


def _in_rows(entries: Iterable[Iterable[int]]) -> str:
    return "/".join("".join(_GLYPHS[entry + 1] for entry in row) for row in entries)


def _value(symbol: int | None) -> str:
    return "none" if symbol is None else _GLYPHS[symbol + 1]


def _set(symbols: Iterable[int]) -> str:
    return "{" + ", ".join(map(_value, symbols)) + "}"
