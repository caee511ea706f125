"""What a reader of samples does with a file and no more: one statement that fetches the kinds of its rows."""

from typing import Any

from fluxttice_core.audit.draws import Reading, as_table, lay_out, no_sample
from fluxttice_core.audit.engine import engine
from fluxttice_core.audit.kinds import kind_expression
from fluxttice_core.audit.sources import find_source


def read_cells(path: str, reading: Reading) -> list[Any]:
    """Read the column of the kinds of a file of draws, as it is before alike ones are counted."""
    source = find_source([path], None)
    with engine(source.paths) as running:
        table = as_table(running, source, reading)
        kind = kind_expression(table, lay_out(running, table, reading).places[0])
        rows = table.run(running, f"SELECT {kind} FROM {{table}}")  # noqa: S608 - of ours alone
    if not rows:
        raise no_sample(source.said)
    return rows
