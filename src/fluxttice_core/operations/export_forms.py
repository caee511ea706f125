"""A chosen operation in the form that another program, a paper or a page takes."""

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.composition import VARIABLES
from fluxttice_core.operations.drawing import png, svg_template
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.table_template import Template, labelled_cells
from fluxttice_core.operations.verilog import verilog_template
from fluxttice_core.operations.vocabulary import EXPORTS


def export_operation(operation: Operation, form: str) -> bytes:
    r"""Write an operation of one to three inputs as a file for others.

    Example:
        >>> from fluxttice_core.operations.reading import read_operation
        >>> print(export_operation(read_operation("carry"), "markdown").decode())
        | a \ b | - | 0 | + |
        |:-:|:-:|:-:|:-:|
        | **-** | - | 0 | 0 |
        | **0** | 0 | 0 | 0 |
        | **+** | 0 | 0 | + |
        <BLANKLINE>
        - carry: f(a, b) = carry of a + b (Knuth, ...)
        - consensus: f(a, b) = a if a = b else 0 (Jones, Standard Ternary Logic (2012))
        - index 16401, in base 27 RDC, table -00/000/00+
        <BLANKLINE>

    Args:
        operation: The operation, on three values.
        form: `verilog` (a module of two bits a trit, with a test bench), `latex`, `markdown`, `svg` or `png`.

    Raises:
        OperationError: If there is no such form, or the operation is not on three values.
    """
    if form not in EXPORTS:
        known = ", ".join(EXPORTS)
        raise OperationError(f"there is no form {form!r}: choose among {known}", "unknown_format")
    if operation.space.base != 3:
        raise OperationError(
            f"{operation} is on {operation.space.base} values: exports are offered for three", "unsupported"
        )
    if form == "png":
        return png(operation)
    return export_templates(operation.space.arity)[form].filled(operation).encode()


def export_templates(inputs: int) -> dict[str, Template]:
    """Return the templates of all forms that are text.

    Example:
        >>> sorted(export_templates(2))
        ['latex', 'markdown', 'svg', 'verilog']
    """
    return {
        "verilog": verilog_template(inputs),
        "latex": Template(_latex(inputs)),
        "markdown": Template(_markdown(inputs)),
        "svg": svg_template(inputs),
    }


def _markdown(inputs: int) -> str:
    *names, last = VARIABLES[:inputs]
    corner = f"{' '.join(names)} \\ {last}" if names else last
    rows = [
        f"| **{' '.join(label) or 'f(a)'}** | {' | '.join(f'@{cell}@' for cell in cells)} |"
        for label, cells in labelled_cells(inputs)
    ]
    return "\n".join([f"| {corner} | - | 0 | + |", "|:-:|:-:|:-:|:-:|", *rows, "", "- @about@", ""])


def _latex(inputs: int) -> str:
    """A `tabular` that needs no package; what the operation is stands before it as comments."""
    *names, last = VARIABLES[:inputs]
    heads = [f"${name}$" for name in names] or [f"${last}$"]
    corner = " & ".join([*heads, *(f"${last} = {glyph}$" if names else f"${glyph}$" for glyph in "-0+")])
    rows = []
    for label, cells in labelled_cells(inputs):
        entries = [*(label or ["f(a)"]), *(f"@{cell}@" for cell in cells)]
        rows.append(rf"{' & '.join(f'${entry}$' for entry in entries)} \\")
    begin = rf"\begin{{tabular}}{{{'c' * len(heads)}|ccc}}"
    return "\n".join(["% @about@", begin, rf"{corner} \\ \hline", *rows, r"\end{tabular}", ""])
