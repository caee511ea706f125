"""Training: operations a second, the share of the product rate, and whole runs against the original's way."""

import time

import torch

from benchmarks.counting import logits_of, original_count
from benchmarks.stopwatch import product_rate, seconds
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.provenance.trained import certified
from fluxttice_core.provenance.watch import observe_reach
from fluxttice_core.training.loop import Trainer
from fluxttice_core.training.recipe import load_recipe

ORIGINAL_EPOCHS = 106
"""Where patience ends a run of the original recipe with seed 0; docs/original.md says why."""


def rows() -> list[tuple[str, str, str]]:
    """Rates of one epoch, and the two whole runs, with one thread: a run's default."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    table, standard = whole_standard_run()
    original, tuples = original_epoch()
    torch.set_num_threads(before)
    whole = ORIGINAL_EPOCHS * (original + tuples)
    return [
        *table,
        ("original: an epoch of batches of 64", f"{original:.2f} s", ""),
        ("original: an epoch's 390,000 tuples", f"{tuples:.2f} s", ""),
        (f"original: whole run, {ORIGINAL_EPOCHS} such epochs", f"{whole:.0f} s", "1"),
        ("standard: whole run", f"{standard:.1f} s", f"1/{whole / standard:.0f}"),
    ]


def whole_standard_run() -> tuple[list[tuple[str, str, str]], float]:
    """A run of the standard recipe: rate over its epochs, share of the product rate, and its time."""
    started = time.perf_counter()
    trainer = Trainer(load_recipe("standard"), seed=0, observe=observe_reach)
    records = list(trainer.epochs())
    whole = time.perf_counter() - started
    rate = max(record.operations_per_second for record in records)
    recipe = trainer.recipe
    limit = product_rate(recipe.batch_size, 256, 128)
    transport = recipe.transport.draws.at(0.0) / recipe.batch_size if recipe.transport is not None else 0.0
    # A backward pass costs twice its forward pass; decoders also see the transport draws.
    products = 3 * (weights(trainer.model, "encoder") + (1 + transport) * weights(trainer.model, "decoder"))
    share = rate * products / limit
    return [("standard: training", f"{rate:,.0f} op/s", f"{share:.2f} of the product rate")], whole


def weights(model: DualVAE, part: str) -> int:
    """Multiply-adds of one row in the matrix products of both halves' encoders or decoders."""
    named = model.named_parameters()
    return sum(p.numel() for name, p in named if name.startswith(part) and p.dim() == 2)


def original_epoch() -> tuple[float, float]:
    """One epoch of the original's way of working: small batches, then a set of tuples for each half."""
    trainer = Trainer(load_recipe("original", ["reach.draws=1"]), seed=0, observe=observe_reach)
    record = next(iter(trainer.epochs()))
    model = certified()
    half_a, half_b = logits_of(model.vae_a), logits_of(model.vae_b)
    tuples = seconds(lambda: (original_count(half_a), original_count(half_b)), repeats=1)
    decoded = seconds(lambda: (logits_of(model.vae_a), logits_of(model.vae_b)), repeats=1)
    return record.seconds, tuples + decoded
