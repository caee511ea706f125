"""p(x) of all operations from a million prior draws, against the machine's own matrix-product rate."""

import torch

from benchmarks.stopwatch import product_rate, seconds
from fluxttice_core.measurement.mass import estimate_mass
from fluxttice_core.provenance.trained import certified

DRAWS = 2**20


def rows() -> list[tuple[str, str, str]]:
    """Time of a million draws for each half, and the share of the peak that the mass products reach."""
    model = certified()
    cells = model.space.cells
    tables = model.space.base ** (cells // 2), model.space.base ** (cells - cells // 2)
    limit = product_rate(tables[0], 2_048, tables[1])
    table = []
    for name, half in (("A", model.vae_a), ("B", model.vae_b)):
        layers = [p for p in half.decoder.parameters() if p.dim() == 2]
        products = DRAWS * (tables[0] * tables[1] + sum(p.numel() for p in layers))

        def estimate(half: object = half) -> object:
            return estimate_mass(half, DRAWS, generator=torch.Generator().manual_seed(0))  # type: ignore[arg-type]

        taken = seconds(estimate, repeats=2)
        share = products / taken / limit
        table.append((f"{name}: p(x), {DRAWS:,} draws", f"{taken:.2f} s", f"{share:.2f} of the product rate"))
    return table
