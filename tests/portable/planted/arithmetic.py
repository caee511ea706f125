"""Planted: each depends on last digits that one library alone decides, and that the first run records."""

import hashlib
import math
import os
from pathlib import Path

import numpy as np


def require_same(name: str, data: bytes) -> None:
    """Compare bytes with those of the first run, which keeps their digest."""
    path = Path(os.environ["PLANTED_DIGESTS"]) / name
    digest = hashlib.sha256(data).hexdigest()
    if not path.exists():
        path.write_text(digest, encoding="ascii")
    assert path.read_text(encoding="ascii") == digest


NUMBERS = (np.arange(90_000) * 7919 % 1009 / 1009).astype(np.float32)
"""Quotients, which every processor rounds alike."""


def test_aten() -> None:
    import torch

    require_same("aten", torch.from_numpy(NUMBERS).view(300, 300).log_softmax(-1).numpy().tobytes())


def test_numpy() -> None:
    require_same("numpy", np.exp(5 * NUMBERS).tobytes())


def test_mkl() -> None:
    import torch

    torch.set_num_threads(1)
    square = torch.from_numpy(NUMBERS).view(300, 300)
    require_same("mkl", (square @ square).numpy().tobytes())


def test_libm() -> None:
    found = [function(5 * n / 10_007) for n in range(10_007) for function in (math.exp, math.sin)]
    require_same("libm", np.array(found).tobytes())


def test_threads() -> None:
    import torch

    torch.set_num_threads(int(os.environ["FLUXTTICE_TEST_THREADS"]))
    squares = torch.from_numpy(NUMBERS * NUMBERS).repeat(20)
    sums = torch.stack([squares[start:].sum() for start in range(50)])
    torch.set_num_threads(1)
    require_same("threads", sums.numpy().tobytes())
