"""The original's checkpoints load; anything that only resembles one does not."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fluxttice_core.errors import CheckpointError, ErrorCode
from fluxttice_core.storage.original_checkpoint import read_legacy
from tests.refusals import refused


@pytest.fixture
def path(tmp_path: Path, original: dict[str, Any]) -> Path:
    torch.save(original, tmp_path / "latest.pt")
    return tmp_path / "latest.pt"


def test_reads_what_the_original_saved(path: Path, original: dict[str, Any]) -> None:
    found = read_legacy(path)
    assert list(found.model) == sorted(original["model"])
    assert all(torch.equal(found.model[key], original["model"][key]) for key in found.model)
    assert [found.epoch, found.phase] == [1, 1]
    assert [found.rho, found.best_validation_loss, *found.lambdas] == [0.125, 0.5, 0.75, 0.5, 0.25]
    assert list(found.histories["coverage_A_history"]) == [52, 13783]


BIAS = "decoder_B.fc_out.bias"
CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], ErrorCode, str]] = {
    "tensor missing": (
        lambda d: d["model"].pop("encoder_A.fc_mu.bias"),
        "architecture_mismatch",
        "50 tensors",
    ),
    "tensor added": (lambda d: d["model"].update(extra=torch.ones(1)), "architecture_mismatch", "50 tensors"),
    "model missing": (lambda d: d.pop("model"), "architecture_mismatch", "lacks the original's 50 tensors"),
    "other shape": (lambda d: d["model"].update({BIAS: torch.ones(26)}), "architecture_mismatch", "shape"),
    "expanded": (lambda d: d["model"].update({BIAS: torch.ones(1).expand(10**9)}), "unsafe_file", "shape"),
    "other type": (
        lambda d: d["model"].update({BIAS: torch.ones(27).double()}),
        "architecture_mismatch",
        "float32",
    ),
    "no tensor": (lambda d: d["model"].update({BIAS: [0.0] * 27}), "architecture_mismatch", "float32"),
    "not finite": (lambda d: d["model"][BIAS].fill_(math.nan), "not_finite", "NaN or infinite"),
    "epoch missing": (lambda d: d.pop("epoch"), "alien_file", "no count under 'epoch'"),
    "epoch true": (lambda d: d.update(epoch=True), "alien_file", "no count under 'epoch'"),
    "epoch negative": (lambda d: d.update(epoch=-1), "alien_file", "no count under 'epoch'"),
    "rho text": (lambda d: d.update(rho="0.1"), "alien_file", "no finite number under 'rho'"),
    "rho huge": (lambda d: d.update(rho=10**400), "alien_file", "no finite number under 'rho'"),
    "lambda nan": (lambda d: d.update(lambda2=math.nan), "alien_file", "no finite number under 'lambda2'"),
    "history": (lambda d: d.update(H_A_history=[1.0, None]), "alien_file", "no list of numbers under"),
    "numpy": (lambda d: d.update(rho=np.float64(0.5)), "unsafe_file", "a checkpoint needs no such code"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_layout_is_refused(tmp_path: Path, original: dict[str, Any], name: str) -> None:
    change, code, sentence = CHANGES[name]
    change(original)
    torch.save(original, tmp_path / "it.pt")
    with refused(CheckpointError, code, sentence):
        read_legacy(tmp_path / "it.pt")


def test_another_top_level_is_refused(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "it.pt")
    with refused(CheckpointError, "alien_file", "list"):
        read_legacy(tmp_path / "it.pt")


def test_damaged_files_are_refused_or_read_the_same(path: Path, original: dict[str, Any]) -> None:
    """Padding between the archive's members is covered by no checksum, and holds nothing that is read."""
    data = path.read_bytes()
    generator = np.random.default_rng()
    for length in generator.integers(0, len(data), 30):
        path.write_bytes(data[:length])
        with refused(CheckpointError, "damaged_file"):
            read_legacy(path)
    for position in generator.integers(0, 8 * len(data), 100):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << (position % 8)
        path.write_bytes(flipped)
        try:
            found = read_legacy(path)
        except CheckpointError:
            continue
        same = all(torch.equal(found.model[key], original["model"][key]) for key in found.model)
        assert same, f"bit {position} changed the weights unseen"
