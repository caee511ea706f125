"""A run notes what decides its bits, and one that goes on elsewhere says so; others say nothing."""

import ast
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage import arithmetic
from fluxttice_core.storage.arithmetic import FILE, arithmetic_record, note_arithmetic
from fluxttice_core.storage.canonical_json import parse_json
from fluxttice_core.storage.environment import environment_record
from fluxttice_core.training.run import Run, run_settings
from tests.refusals import refused
from tests.small import RECIPE

Elsewhere = Callable[..., None]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """Makes this machine another one, as far as the record knows."""
    here = arithmetic_record()

    def move(**other: str) -> None:
        monkeypatch.setattr(arithmetic, "arithmetic_record", lambda _device="cpu": {**here, **other})

    return move


def test_what_decides_bits_is_named_in_words_that_results_may_hold() -> None:
    record = arithmetic_record()
    assert record["capability"] == torch.backends.cpu.get_cpu_capability()
    assert set(record) >= {"processor", "mkl", "onednn", "blas", "MKL_CBWR", "matmul_precision"}
    assert all(value and " " not in value for value in record.values())
    assert record.items() <= environment_record().items()


def test_a_variable_that_decides_bits_shows() -> None:
    code = "from fluxttice_core.storage.arithmetic import *; print(arithmetic_record())"
    set_otherwise = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "AVX2"}
    command, other = [sys.executable, "-c", code], {**os.environ, **set_otherwise}
    done = subprocess.run(command, env=other, capture_output=True, text=True, check=True)
    found = ast.literal_eval(done.stdout)
    assert (found["capability"], found["MKL_CBWR"]) == ("DEFAULT", "AVX2")
    assert arithmetic_record()["MKL_CBWR"] == os.environ.get("MKL_CBWR", "unset")


def test_the_same_machine_is_noted_once_and_nothing_is_said(tmp_path: Path) -> None:
    assert note_arithmetic(tmp_path, 0) is None
    first = (tmp_path / FILE).read_bytes()
    assert note_arithmetic(tmp_path, 3) is None
    assert (tmp_path / FILE).read_bytes() == first
    assert parse_json(first, name=FILE)["noted"] == [{"epoch": 0, "arithmetic": arithmetic_record()}]


def test_another_machine_is_noted_and_told_even_after_it_went_back(
    tmp_path: Path, elsewhere: Elsewhere
) -> None:
    elsewhere(capability="AVX2")
    assert note_arithmetic(tmp_path, 0) is None
    elsewhere(capability="DEFAULT", processor="Other")
    said = note_arithmetic(tmp_path, 3)
    assert said is not None
    assert "capability is DEFAULT after epoch 3, and was AVX2" in said
    assert "processor is Other after epoch 3" in said
    elsewhere(capability="AVX2")
    assert note_arithmetic(tmp_path, 5) == said
    noted = parse_json((tmp_path / FILE).read_bytes(), name=FILE)["noted"]
    assert [(one["epoch"], one["arithmetic"]["capability"]) for one in noted] == [
        (0, "AVX2"),
        (3, "DEFAULT"),
        (5, "AVX2"),
    ]


def test_what_computed_nothing_that_is_left_is_forgotten(tmp_path: Path, elsewhere: Elsewhere) -> None:
    elsewhere(capability="AVX2")
    note_arithmetic(tmp_path, 0)
    elsewhere(capability="DEFAULT")
    assert note_arithmetic(tmp_path, 2) is not None
    elsewhere(capability="AVX2")
    assert note_arithmetic(tmp_path, 2) is None


def test_a_run_that_noted_nothing_is_not_accused(tmp_path: Path, elsewhere: Elsewhere) -> None:
    assert note_arithmetic(tmp_path, 4) is None
    elsewhere(capability="Another")
    assert "after epoch 6" in (note_arithmetic(tmp_path, 6) or "")


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"schema_version": 1, "noted": [{"epoch": -1}]}', b"\xff"])
def test_a_damaged_note_is_refused(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / FILE).write_bytes(damage)
    with refused(CheckpointError, "damaged_file", "restore it, or remove it"):
        note_arithmetic(tmp_path, 1)


def stop(_record: object) -> None:
    raise KeyboardInterrupt


def begun(folder: Path) -> Run:
    """A run of two epochs that was stopped after the first."""
    run = Run.start(folder, run_settings("standard", RECIPE))
    with pytest.raises(KeyboardInterrupt):
        run.train(stop)
    return run


def test_a_run_resumed_elsewhere_says_so_and_one_resumed_here_does_not(
    tmp_path: Path, elsewhere: Elsewhere
) -> None:
    said: list[str] = []
    begun(tmp_path / "here")
    Run.open(tmp_path / "here").train(on_change=said.append)
    assert said == []
    begun(tmp_path / "elsewhere")
    elsewhere(capability="Another")
    Run.open(tmp_path / "elsewhere").train(on_change=said.append)
    (sentence,) = said
    assert sentence.startswith(f"the run in {tmp_path / 'elsewhere'} did not compute alike all the time")
    Run.open(tmp_path / "elsewhere").train(on_change=said.append)
    assert said == [sentence]  # it was over: nothing more was computed


def test_from_python_it_is_a_warning(tmp_path: Path, elsewhere: Elsewhere) -> None:
    begun(tmp_path / "run")
    elsewhere(capability="Another")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Run.open(tmp_path / "run").train()
    assert ["did not compute alike" in str(one.message) for one in caught] == [True]
