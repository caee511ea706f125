"""Training: operations a second, the share of the product rate, and whole runs against the original's way."""

import os
import time

import torch
from torch import Tensor

from benchmarks.counting import logits_of, original_count
from benchmarks.stopwatch import product_rate, seconds
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.provenance.trained import certified
from fluxttice_core.provenance.watch import observe_reach
from fluxttice_core.training.descent import Descent
from fluxttice_core.training.loop import Trainer
from fluxttice_core.training.loss import Conditions, batch_loss
from fluxttice_core.training.population import Population
from fluxttice_core.training.recipe import load_recipe
from fluxttice_core.training.rows import rows_of
from fluxttice_core.training.transport_term import Targets, TransportTerm

TOGETHER = 16
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
        *parts_of_a_step(),
        ("original: an epoch of batches of 64", f"{original:.2f} s", ""),
        ("original: an epoch's 390,000 tuples", f"{tuples:.2f} s", ""),
        (f"original: whole run, {ORIGINAL_EPOCHS} such epochs", f"{whole:.0f} s", "1"),
        ("standard: whole run", f"{standard:.1f} s", f"1/{whole / standard:.0f}"),
        *population(standard),
    ]


def population(alone: float) -> list[tuple[str, str, str]]:
    """Seeds trained as one program on all cores, against as many whole runs one after the other."""
    before = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    started = time.perf_counter()
    for _ in Population(load_recipe("standard"), range(TOGETHER)).epochs():
        continue
    together = time.perf_counter() - started
    torch.set_num_threads(before)
    share = f"{together / (TOGETHER * alone):.2f} of {TOGETHER} runs apart"
    return [(f"standard: {TOGETHER} seeds as one program", f"{together:.1f} s", share)]


def parts_of_a_step() -> list[tuple[str, str, str]]:
    """Where a step of the standard recipe spends its time, each part by itself."""
    recipe = load_recipe("standard", ["transport.start=0"])
    trainer = Trainer(recipe, seed=0, observe=observe_reach)
    model, generator = trainer.model, torch.Generator().manual_seed(0)
    rows = rows_of(model.space, trainer.split.train)
    batch, term = rows[: recipe.batch_size], TransportTerm(recipe.transport, rows)
    descent, weight = Descent(model, recipe.optimizer), term.weight(0.0)
    conditions = Conditions(0.0, 0.0, 0.1, 0.1, 1.0, 1.0, 0.0, transport=weight)

    def draw() -> tuple[tuple[Tensor, Tensor], Targets | None]:
        return model.noise(len(batch), generator), term.targets(model, 0.0, generator)

    noise, targets = draw()
    if targets is None:
        raise RuntimeError("the standard recipe has lost its transport")

    def forward() -> Tensor:
        outputs = model(batch.tables, noise=noise, prior=targets.latents)
        return batch_loss(outputs, batch.classes, recipe, conditions, targets.cells).total

    drawing = seconds(draw, repeats=50)
    forwards = seconds(forward, repeats=50)
    stepping = seconds(lambda: descent.step(forward(), rate=0.0), repeats=50)
    backwards = seconds(lambda: forward().backward(), repeats=50) - forwards  # type: ignore[no-untyped-call]
    parts = {
        "draws": drawing,
        "networks and loss, forward": forwards,
        "backward": backwards,
        "AdamW": stepping - forwards - backwards,
    }
    whole = sum(parts.values())
    return [
        (f"standard: a step's {name}", f"{1e3 * spent:.2f} ms", f"{spent / whole:.0%} of a step")
        for name, spent in parts.items()
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
