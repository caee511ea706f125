"""Counting distinct operations: index arithmetic and bincount against a Python set of tuples."""

import torch

from benchmarks.stopwatch import seconds
from fluxttice_core.measurement.sampling import DECODE_CHUNK, DecoderSampler, decode_indices, distinct_count
from fluxttice_core.model.dual_vae import VAE
from fluxttice_core.provenance.trained import certified

DRAWS = 195_000


def original_count(logits: torch.Tensor) -> int:
    """Distinct tables as the original program counted them: a rounded expectation, then tuples in a set."""
    weights = torch.tensor([-1.0, 0.0, 1.0])
    seen: set[tuple[float, ...]] = set()
    for part in torch.split(logits, 1_000):
        for table in (part.softmax(-1) @ weights).round().long():
            seen.add(tuple(table.tolist()))
    return len(seen)


def logits_of(half: VAE) -> torch.Tensor:
    """Decoder outputs of the same prior draws for both ways."""
    z = torch.randn(DRAWS, half.latent_dim, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return half.decode_logits(z)


def rows() -> list[tuple[str, str, str]]:
    """What to print: what was measured, its time, and the ratio to the original's way."""
    model, table = certified(), []
    size = model.space.size
    for name, half in (("A", model.vae_a), ("B", model.vae_b)):
        logits = logits_of(half)

        def ours(logits: torch.Tensor = logits) -> int:
            parts = [decode_indices(part, "expectation") for part in torch.split(logits, DECODE_CHUNK)]
            return distinct_count(torch.cat(parts), size)

        def theirs(logits: torch.Tensor = logits) -> int:
            return original_count(logits)

        if ours() != theirs():
            raise RuntimeError("the two ways of counting disagree")
        fast, slow = seconds(ours, repeats=20), seconds(theirs, repeats=2)
        sampler = DecoderSampler(half, "expectation")
        whole = seconds(lambda s=sampler: s.sample(DRAWS, torch.Generator().manual_seed(0)))  # type: ignore[misc]
        table += [
            (f"{name}: set of tuples, {DRAWS:,} draws", f"{slow:.3f} s", "1"),
            (f"{name}: decode and count by index", f"{fast:.4f} s", f"{slow / fast:.0f} times faster"),
            (f"{name}: the same with prior draws and network", f"{whole:.3f} s", ""),
        ]
    return table
