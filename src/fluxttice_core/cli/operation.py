"""`fluxttice operation` and `fluxttice search`: look at one operation, find those with given properties."""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluxttice_core.errors import SettingsError
from fluxttice_core.operations.vocabulary import EXPORTS, PROPERTIES, SYMMETRIES, Term

if TYPE_CHECKING:
    from fluxttice_core.operations.operation import Operation

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def operation(
    name_or_table: Annotated[
        str,
        typer.Argument(
            metavar="NAME-OR-TABLE",
            help="A name such as min, an index, a table such as ---/-00/-0+ (rows for the first input), "
            "7PB (heptavintimal), or an expression such as 'max(min(a, b), not c)'; of one to three inputs.",
        ),
    ],
    basis: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="OPERATION",
            help="Also write the operation with these; repeatable; one-input names such as not count.",
        ),
    ] = None,
    longest: Annotated[
        int, typer.Option(min=1, max=100, help="Most operations in an expression for --with.")
    ] = 40,
    inputs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=3,
            help="Inputs of the operation. Default: as the name, table or expression has, and else 2.",
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="FORM",
            help=f"Write the operation as {', '.join(EXPORTS)} instead; Verilog brings a test bench.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for --as. Default: the terminal.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --out write over what is there.")] = False,
    space: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The space that it is of, such as boolean:4 for 0x8000 or xor, or dna:6 for ACGTAC. "
            "Default: the ternary operations.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show one operation: its table, names, properties, classes and neighbours; or write it for others."""
    from fluxttice_core.operations.portrait import portrait
    from fluxttice_core.operations.reading import read_operation

    if space is not None:
        inputs = _other_space(space, name_or_table, inputs, as_json, alone=not (basis or form or out))
        if inputs is None:
            return
    chosen = read_operation(name_or_table, inputs)
    if form is not None:
        if basis or as_json:
            raise SettingsError(
                "--as writes the operation alone: leave out --with and --json", "contradictory"
            )
        _export(chosen, form, out, force=force)
        return
    if out is not None:
        raise SettingsError(
            f"--out is the file for --as: give one of {', '.join(EXPORTS)} with it", "missing_option"
        )
    seen = portrait(chosen.index, chosen.space)
    written = _write_with(chosen, basis, longest) if basis else None
    if as_json:
        typer.echo(json.dumps(seen.to_json() | ({"with": written} if written else {}), indent=1))
        return
    from fluxttice_core.cli.views.operation import show_basis, show_portrait

    show_portrait(seen)
    if written:
        show_basis(written)


def _other_space(name: str, text: str, inputs: int | None, as_json: bool, *, alone: bool) -> int | None:
    """Show an element of any space; of ternary operations give back the number of their inputs instead."""
    from fluxttice_core.operations.boolean import facts_of, read_element
    from fluxttice_core.spaces.operation_space import OperationSpace
    from fluxttice_core.spaces.space_name import space_of

    space = space_of(name)
    if inputs is not None:
        raise SettingsError("--space says how many inputs there are: leave --inputs out", "contradictory")
    if isinstance(space, OperationSpace) and space.is_ternary and space.arity < 4:
        return space.arity
    if not alone:
        raise SettingsError(
            f"--with, --as and --out are for ternary operations, not for {space.describe()}: leave them out",
            "contradictory",
        )
    index = read_element(space, text)
    facts = facts_of(space, index)
    if as_json:
        typer.echo(json.dumps({"space": space.name, "index": index, "string": space.string(index)} | facts))
        return None
    from fluxttice_core.cli.views.operation import show_element

    show_element(space, index, facts)
    return None


def _export(chosen: "Operation", form: str, out: Path | None, *, force: bool) -> None:
    from fluxttice_core.operations.export_forms import export_operation
    from fluxttice_core.storage.atomic_write import write_bytes

    written = export_operation(chosen, form)
    if out is None:
        if form == "png":
            raise SettingsError("a PNG is no text for a terminal: name its file with --out", "missing_option")
        typer.echo(written, nl=False)
        return
    if out.exists() and not force:
        raise SettingsError(
            f"{out} is there already: give another place with --out, or --force to write over it",
            "already_exists",
        )
    write_bytes(out, written)
    typer.echo(f"written {out}")


def _write_with(target: "Operation", texts: list[str], longest: int) -> dict[str, Any]:
    from fluxttice_core.operations.clones import completeness
    from fluxttice_core.operations.expressions import shortest_expression
    from fluxttice_core.operations.reading import read_basis

    chosen = read_basis(texts)
    verdict = completeness(chosen)
    found = shortest_expression(target, chosen, size_limit=longest)
    return {
        "basis": [str(member) for member in chosen],
        "complete": verdict.complete,
        "contained_in": list(verdict.contained_in),
        "expression": str(found.expression) if found.expression else None,
        "operations": found.expression.size if found.expression else None,
        "impossible": found.expression is None and found.exhausted,
        "sentence": str(found),
    }


def _search_command() -> Callable[..., None]:
    """Return `search` with a pair of options for each property, `--NAME` and `--not-NAME`."""
    fixed = [p for p in inspect.signature(_search).parameters.values() if p.name != "properties"]
    by_parameter = {term.name.replace("-", "_"): term for term in PROPERTIES}
    flags = [
        inspect.Parameter(parameter, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_flag(term))
        for parameter, term in by_parameter.items()
    ]

    def search(**given: Any) -> None:
        wanted = {term.name: given.pop(parameter) for parameter, term in by_parameter.items()}
        _search(properties={name: value for name, value in wanted.items() if value is not None}, **given)

    search.__doc__ = _search.__doc__
    search.__signature__ = inspect.Signature(fixed + flags)  # type: ignore[attr-defined]  # read by typer
    return search


def _flag(term: Term) -> Any:
    names, said = f"--{term.name}/--not-{term.name}", f"{term.statement}."
    return Annotated[bool | None, typer.Option(names, help=said, rich_help_panel="Properties")]


def _search(
    *,
    properties: dict[str, bool],
    near: Annotated[
        str | None, typer.Option(metavar="OPERATION", help="List the nearest to this operation first.")
    ] = None,
    within: Annotated[
        int | None, typer.Option(min=0, max=9, help="At most this many cells apart from --near.")
    ] = None,
    matching: Annotated[
        str | None,
        typer.Option(metavar="PATTERN", help="Only tables that match, ? for any value, such as ?0?/-0-/-0-."),
    ] = None,
    one_of_each: Annotated[
        str | None,
        typer.Option(
            metavar="SYMMETRY",
            help=f"One operation of each class only: {', '.join(term.name for term in SYMMETRIES)}.",
        ),
    ] = None,
    named: Annotated[bool, typer.Option("--named", help="Only operations that have a name.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=19683, help="Most operations to list.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the operations that have some properties and lack others.

    For example: fluxttice search --sheffer --commutative --near max --limit 5
    """
    import numpy as np

    from fluxttice_core.operations.catalogue import named_operations
    from fluxttice_core.operations.reading import read_operation
    from fluxttice_core.operations.search import find_operations, one_of_each_class

    centre = read_operation(near).index if near is not None else None
    found = find_operations(properties, near=centre, within=within, matching=matching)
    if named:
        found = found[np.isin(found, [one.operation.index for one in named_operations()])]
    if one_of_each is not None:
        found = one_of_each_class(found, one_of_each)
    rows = [_search_row(int(index), centre) for index in found[:limit]]
    if as_json:
        summary = {"properties": properties, "near": centre, "count": int(found.size), "operations": rows}
        typer.echo(json.dumps(summary, indent=1))
        return
    from fluxttice_core.cli.views.operation import show_search

    show_search(rows, int(found.size))


def _search_row(index: int, centre: int | None) -> dict[str, Any]:
    import numpy as np

    from fluxttice_core.operations.catalogue import names_of
    from fluxttice_core.operations.cellwise import TERNARY
    from fluxttice_core.operations.distance import hamming
    from fluxttice_core.operations.written_forms import heptavintimal

    row: dict[str, Any] = {
        "index": index,
        "string": TERNARY.string(index),
        "heptavintimal": heptavintimal(index),
        "table": TERNARY.tables(index).reshape(TERNARY.shape).tolist(),
        "names": list(names_of(index)),
    }
    if centre is not None:
        row["distance"] = int(hamming(np.array(index), np.array(centre)))
    return row


search = _search_command()
