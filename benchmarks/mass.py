"""p(x) of all operations from a million prior draws, against the machine's own matrix-product rate."""

from functools import partial

import torch

from benchmarks.comparison import Row, share_of_limit
from benchmarks.product_rate import beside_limit
from benchmarks.stopwatch import Work
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.model.dual_vae import VAE
from fluxttice_core.storage.pretrained import certified

DRAWS = 2**20


def rows() -> list[Row]:
    """Time of a million draws for each half, and the share of the limit that the mass products reach."""
    model = certified()
    cells = model.space.cells
    tables = model.space.base ** (cells // 2), model.space.base ** (cells - cells // 2)
    own = tables[0], 4_096, tables[1]
    table = []
    for name, half in (("A", model.vae_a), ("B", model.vae_b)):
        layers = [p for p in half.decoder.parameters() if p.dim() == 2]
        products = DRAWS * (tables[0] * tables[1] + sum(p.numel() for p in layers))
        work, limit = beside_limit(Work(partial(_estimate, half)), torch.get_num_threads(), own)
        share = share_of_limit(work, products, limit)
        table.append((f"{name}: p(x), {DRAWS:,} draws", f"{work.best:.2f} s", share))
    return table


def _estimate(half: VAE) -> object:
    return estimate_mass(half, DRAWS, generator=torch.Generator().manual_seed(0))
