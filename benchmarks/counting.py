"""Counting distinct operations: index arithmetic and bincount against a Python set of tuples."""

from functools import partial

import torch

from benchmarks.comparison import Row, against
from benchmarks.stopwatch import Work, in_turn
from fluxttice_core.metrics.decoding import decode_positions, indices_of
from fluxttice_core.metrics.sampling import DecoderSampler, distinct_count
from fluxttice_core.metrics.settings import DecodeRule
from fluxttice_core.model.dual_vae import VAE
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.storage.pretrained import certified

DRAWS = 195_000
COUNTED_TOGETHER = 65_536
"""Draws decoded by one call; with the network left out, larger parts than its own pay."""


def original_count(logits: torch.Tensor, rule: DecodeRule = "expectation") -> int:
    """Distinct tables as the original program counted them: decoded in batches, then tuples in a set."""
    weights = torch.tensor([-1.0, 0.0, 1.0])
    seen: set[tuple[float, ...]] = set()
    for part in torch.split(logits, 1_000):
        tables = part.argmax(-1) - 1 if rule == "argmax" else (part.softmax(-1) @ weights).round().long()
        for table in tables:
            seen.add(tuple(table.tolist()))
    return len(seen)


def count(logits: torch.Tensor, size: int, rule: DecodeRule) -> int:
    """Distinct operations by index arithmetic and bincount."""
    parts = [
        indices_of(decode_positions(part, rule), OperationSpace())
        for part in torch.split(logits, COUNTED_TOGETHER)
    ]
    return distinct_count(torch.cat(parts), size)


def logits_of(half: VAE) -> torch.Tensor:
    """Decoder outputs of the same prior draws for both ways."""
    z = torch.randn(DRAWS, half.latent_dim, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return half.decode_logits(z)


def rows() -> list[Row]:
    """What to print: what was measured, its time, and the ratio to the original's way."""
    model, table = certified(), []
    size = model.space.size
    rules: tuple[DecodeRule, ...] = ("argmax", "expectation")
    for name, half in (("A", model.vae_a), ("B", model.vae_b)):
        logits = logits_of(half)
        for rule in rules:
            if count(logits, size, rule) != original_count(logits, rule):
                raise RuntimeError("the two ways of counting disagree")
            timings = in_turn(
                {
                    "index": Work(partial(count, logits, size, rule)),
                    "tuples": Work(partial(original_count, logits, rule), threads=1),
                }
            )
            slow, fast = timings["tuples"], timings["index"]
            table.append((f"{name}, {rule}: a set of tuples, {DRAWS:,} draws", f"{slow.best:.3f} s", "1"))
            ratio = against(fast, slow, "the set of tuples")
            table.append((f"{name}, {rule}: decoded and counted by index", f"{fast.best:.4f} s", ratio))
        sample = partial(DecoderSampler(half, "argmax").sample, DRAWS, torch.Generator().manual_seed(0))
        whole = in_turn({"whole": Work(sample)})["whole"]
        table.append((f"{name}, argmax: with prior draws and the network", f"{whole.best:.3f} s", ""))
    return table
