"""Importing the package and asking for help load nothing heavy: seen from a fresh interpreter."""

import subprocess
import sys

import pytest

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
