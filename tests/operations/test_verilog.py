"""Icarus Verilog simulates every exported module: without it these tests fail, and say what to install."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fluxttice_core.operations.catalogue import named_operations
from fluxttice_core.operations.export_forms import export_operation
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.reading import read_operation
from fluxttice_core.spaces.operation_space import OperationSpace

REMEDY = (
    "there is no iverilog on PATH: apt-get install iverilog, or leave out tests/operations/test_verilog.py"
)
NAMED = [one.operation for arity in (1, 2) for one in named_operations(arity)]
UNNAMED = [
    Operation(OperationSpace(), 1),
    Operation(OperationSpace(arity=3), 7_625_597_484_986),
    read_operation("max(min(a, b), mod-sum(b, c))", None),
]


def verilog(operation: Operation) -> str:
    return export_operation(operation, "verilog").decode()


def simulated(text: str, folder: Path) -> tuple[int, str]:
    """Compile and run a file as its own comment says; the status and what was printed."""
    if shutil.which("iverilog") is None:
        pytest.fail(REMEDY, pytrace=False)
    (folder / "FILE").write_text(text)
    (command,) = re.findall(r": (iverilog .+ && vvp bench) prints", text)
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("operation", [*NAMED, *UNNAMED], ids=str)
def test_the_bench_passes_for_all_inputs(operation: Operation, tmp_path: Path) -> None:
    status, said = simulated(verilog(operation), tmp_path)
    cells = operation.space.cells
    assert (status, f"is right for {cells} of {cells} inputs" in said) == (0, True), said


@pytest.mark.slow
@pytest.mark.parametrize("operation", [NAMED[0], NAMED[16], UNNAMED[2]], ids=str)
def test_the_bench_rejects_every_changed_output(operation: Operation, tmp_path: Path) -> None:
    text = verilog(operation)
    outputs = list(re.finditer(r"y = 2'b(11|00|01);", text))
    assert len(outputs) == operation.space.cells
    for output in outputs:
        wrong = {"11": "10", "00": "11", "01": "00"}[output[1]]
        status, said = simulated(f"{text[: output.start(1)]}{wrong}{text[output.end(1) :]}", tmp_path)
        assert status != 0
        assert f"is wrong for 1 of {operation.space.cells} inputs" in said
        assert "PASS" not in said


@pytest.mark.slow
def test_the_bench_rejects_another_index(tmp_path: Path) -> None:
    status, said = simulated(verilog(read_operation("min")).replace("64'd15633", "64'd15634"), tmp_path)
    assert (status != 0, "FAIL: ternary_min is wrong for 1 of 9 inputs" in said) == (True, True)


@pytest.mark.slow
def test_what_is_no_trit_gives_an_unknown_output(tmp_path: Path) -> None:
    probe = "module probe; wire [1:0] y; ternary_min dut(.a(2'b10), .b(2'b11), .y(y));"
    probe += ' initial begin #1; $display("%b", y); $finish; end endmodule\n'
    text = verilog(read_operation("min")).replace("-g2012", "-g2012 -s probe")
    assert simulated(text + probe, tmp_path) == (0, "xx\n")


def test_the_encoding_is_stated_and_the_bench_is_kept_from_synthesis() -> None:
    text = verilog(read_operation("nand"))
    assert "-1 is 2'b11, 0 is 2'b00, +1 is 2'b01" in text
    assert text.index("endmodule") < text.index("`ifndef SYNTHESIS") < text.index("module ternary_nand_bench")
    assert text.rstrip().endswith("`endif")
