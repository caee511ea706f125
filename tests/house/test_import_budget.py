"""Importing the package and asking for help load nothing heavy: seen from a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

HEAVY = ("torch", "scipy", "matplotlib", "pyarrow", "onnx", "duckdb", "rdkit")
REPORT = f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])"
HELP = """
import sys
from fluxttice_core.cli.__main__ import main
sys.argv = ["fluxttice", "--help"]
try:
    main()
except SystemExit as end:
    print("exit:", end.code or 0)
"""


def last_line(code: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\n{REPORT}"], capture_output=True, text=True, check=True
    )
    return finished.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "code",
    [
        "import fluxttice_core",
        "import fluxttice_core; dir(fluxttice_core)",
        "import fluxttice_core as fx; [dir(room) for room in (fx.model, fx.metrics, fx.training, fx.server)]",
        HELP,
    ],
)
def test_nothing_heavy_is_loaded(code: str) -> None:
    assert last_line(code) == "heavy: []"


def test_a_heavy_import_is_seen() -> None:
    assert last_line("import scipy") == "heavy: ['scipy']"


COUNT = """
from fluxttice_core.audit.counted import count_samples
counted = count_samples(sys.argv[1:])
{then}
print("numpy" in sys.modules)
"""


@pytest.mark.parametrize("name", ["draws.parquet", "draws.csv", "draws.jsonl"])
def test_counting_does_not_load_numpy_until_its_tally_is_asked_for(name: str, tmp_path: Path) -> None:
    """Loading it takes as long as counting a million draws."""
    path = tmp_path / name
    if path.suffix == ".parquet":
        parquet.write_table(pyarrow.table({"kind": ["a", "b", "b"]}), path)
    else:
        path.write_text("kind\na\nb\nb\n" if path.suffix == ".csv" else '"a"\n"b"\n"b"\n')
    for then, loaded in (("counted.most", "False"), ("counted.tally", "True")):
        command = [sys.executable, "-c", f"import sys{COUNT.format(then=then)}", str(path)]
        finished = subprocess.run(command, capture_output=True, text=True, check=True)
        assert finished.stdout == f"{loaded}\n"
