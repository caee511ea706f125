"""Freed memory stays with the process that will ask for it again."""

import subprocess
import sys

PROGRAM = """
import resource
import sys
import torch
from fluxttice_core.training.allocation import keep_freed_memory

torch.set_num_threads(1)
if sys.argv[1] == "kept":
    keep_freed_memory()
x = torch.randn(2_048, 256)


def step():
    return [x.relu() for _ in range(16)]


step(), step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    found = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
    return int(found.stdout)


def test_a_step_asks_for_no_page_twice() -> None:
    assert faults("kept") < 100
    assert faults("given back") > 1_000
