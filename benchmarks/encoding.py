"""Encoding operations: one beside torch's own forward pass, all of them beside the product rate."""

from functools import partial

import numpy as np
import torch

import fluxttice_core as fx
from benchmarks.comparison import Row, against, share_of_limit
from benchmarks.product_rate import beside_limit
from benchmarks.stopwatch import Work, in_turn, repeated
from fluxttice_core.model.dual_vae import VAE
from fluxttice_core.model.halves import HALVES

ONE = "+0-0+-+-0"
CALLS = 200
"""Encodings of one operation in a row: one alone is too short to time."""


def rows() -> list[Row]:
    """One operation, then all 19,683, for each half."""
    model = fx.certified()
    everything = np.arange(model.space.size)
    table = []
    for name in HALVES:
        half = model.model.vae(name)
        tables = torch.from_numpy(model.space.all_tables().copy())
        encode = partial(fx.encode, vae=name)
        timings = in_turn(
            {
                "one": Work(repeated(partial(encode, ONE), CALLS)),
                "torch, one": Work(repeated(partial(_forward, half, tables[15_633:15_634]), CALLS)),
                "all": Work(partial(encode, everything)),
                "torch, all": Work(partial(_forward, half, tables)),
            }
        )
        one, every = timings["one"], timings["all"]
        beside = against(one, timings["torch, one"], "torch's forward pass, given the table")
        table.append(
            (f"{name.upper()}: one operation, from its glyphs", f"{1e6 * one.best / CALLS:.0f} us", beside)
        )
        beside = against(every, timings["torch, all"], "torch's forward pass, given the tables")
        table.append(
            (f"{name.upper()}: all {len(everything):,} by index", f"{1e3 * every.best:.1f} ms", beside)
        )
        work, limit = beside_limit(Work(partial(encode, everything)), torch.get_num_threads())
        share = share_of_limit(work, len(everything) * _multiplications(half), limit)
        table.append((f"{name.upper()}: the same", f"{1e3 * work.best:.1f} ms", share))
    return table


@torch.inference_mode()
def _forward(half: VAE, tables: torch.Tensor) -> torch.Tensor:
    return half.encode_gaussian(tables)[0]


def _multiplications(half: VAE) -> int:
    """Multiply-adds of one operation's encoding."""
    return sum(p.numel() for p in half.encoder.parameters() if p.dim() == 2)
