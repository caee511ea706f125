"""SMILES in the one form that RDKit gives to a molecule, by as many processes as there are processors."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np

from fluxttice_core.audit.kinds import rewrite
from fluxttice_core.errors import MeasurementError
from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from fluxttice_core.audit.engine import Engine

_BATCH = 5_000
_FEW = 500
_CODE = "from fluxttice_core.audit.molecules import work; work()"


def canonicalise(engine: Engine, name: str) -> float | int:
    """Write the kinds of a table in their canonical form, remove those without one, and return their sum."""
    require_extra("chem", "--canonical smiles")
    kinds, kind = engine.row(f"SELECT count(*), any_value(typeof(kind)) FROM {name}")
    if kind not in ("VARCHAR", None):
        raise MeasurementError("SMILES are strings, not numbers: leave --canonical out", "wrong_type")
    number = min(len(os.sched_getaffinity(0)), kinds // _FEW + 1)
    mapping = engine.new_name()
    engine.run(f"CREATE TEMP TABLE {mapping} (kind VARCHAR, written VARCHAR, n BIGINT)")
    with contextlib.ExitStack() as started:
        command = [sys.executable, "-c", _CODE]
        workers = [
            started.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
            )
            for _ in range(number)
        ]
        for start in range(0, kinds, _BATCH * number):
            rows = engine.run(f"SELECT kind FROM {name} ORDER BY kind LIMIT {_BATCH * number} OFFSET {start}")
            _map(engine, mapping, [row[0] for row in rows], workers)
    return _written(engine, name, mapping)


def _map(engine: Engine, mapping: str, smiles: list[str], workers: list[subprocess.Popen[str]]) -> None:
    """Let every worker write its share of SMILES in their canonical form, and keep what each became."""
    shares = [smiles[place :: len(workers)] for place in range(len(workers))]
    for worker, share in zip(workers, shares, strict=True):
        if worker.stdin is not None:
            worker.stdin.write(json.dumps(share) + "\n")
            worker.stdin.flush()
    for worker, share in zip(workers, shares, strict=True):
        written = json.loads(worker.stdout.readline()) if worker.stdout is not None else []
        if share:
            columns = {"kind": np.array(share, object), "written": np.array(written, object)}
            engine.append(mapping, columns)


def _written(engine: Engine, name: str, mapping: str) -> float | int:
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT mapping.written AS kind, counts.n AS n "
        f"FROM {name} AS counts JOIN {mapping} AS mapping USING (kind)"
    )
    rewrite(engine, name, "kind")
    invalid: float | int = engine.row(f"SELECT coalesce(sum(n), 0) FROM {name} WHERE kind = ''")[0]
    engine.run(f"DELETE FROM {name} WHERE kind = ''")
    return invalid


def work() -> None:
    """Answer each line of SMILES on standard input with one of canonical forms, empty where it is none."""
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]
    for line in sys.stdin:
        molecules = map(Chem.MolFromSmiles, json.loads(line))
        written = [Chem.MolToSmiles(molecule) if molecule is not None else "" for molecule in molecules]
        sys.stdout.write(json.dumps(written) + "\n")
        sys.stdout.flush()
