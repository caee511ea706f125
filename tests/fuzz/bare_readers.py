"""What readers of samples do with a file and no more: a statement or two, where counting takes a dozen."""

from typing import Any

from fluxttice_core.audit.beside import beside_law
from fluxttice_core.audit.draws import Grouped, Reading, as_table, lay_out, no_sample
from fluxttice_core.audit.engine import engine
from fluxttice_core.audit.kinds import kind_expression
from fluxttice_core.audit.sources import find_source
from fluxttice_core.statistics.tally import LawTally


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


def read_law(path: str, reading: Reading) -> LawTally:
    """Read a law beside three draws of two kinds, which are not read from a file."""
    source = find_source([path], None)
    with engine(source.paths) as running:
        name = running.new_name()
        drawn = "SELECT unnest(['a', 'b']) AS kind, unnest([2, 1])::BIGINT AS n"
        running.run(f"CREATE TEMP TABLE {name} AS {drawn}")
        return beside_law(running, Grouped(name), source, reading)[0]
