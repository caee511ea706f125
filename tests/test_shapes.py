"""What signatures say of arrays, with jaxtyping and without it."""

import subprocess
import sys

from fluxttice_core import shapes

_LOADED = """
import sys
import fluxttice_core as fx
fx.encode("+0-0+-+-0")
fx.statistics.clopper_pearson(5, 10)
import fluxttice_core.audit.counted
print("jaxtyping" in sys.modules)
"""


def test_checked_calls_have_their_shapes() -> None:
    assert shapes.Float.__module__ == "jaxtyping"


def test_nobody_waits_for_shapes_that_nobody_reads() -> None:
    done = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
