"""Training: share of the product rate, the parts of a step, seeds as one program, the original's way."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch.autograd.graph import register_multi_grad_hook

from benchmarks.comparison import Row, against, share_of_limit, shares
from benchmarks.counting import logits_of, original_count
from benchmarks.product_rate import beside_limit
from benchmarks.stopwatch import Clock, MachineClock, Timing, Work, in_turn
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.storage.pretrained import certified
from fluxttice_core.training.adamw import Descent
from fluxttice_core.training.dataset import rows_of
from fluxttice_core.training.history import Reach
from fluxttice_core.training.loss import Conditions, batch_loss
from fluxttice_core.training.population import Population
from fluxttice_core.training.recipe import Recipe, load_recipe
from fluxttice_core.training.recipe_settings import ReachSettings
from fluxttice_core.training.trainer import Trainer
from fluxttice_core.training.transport import TransportTerm

TOGETHER = (8,)
STEPS = 60
ORIGINAL_EPOCHS = 106
"""Where patience ends a run of the original recipe with seed 0; docs/original.md says why."""

ALIKE = ("epochs=50", "transport.start=0")
"""Settings by which every epoch that is timed does the same work, and the run does not end meanwhile."""


def rows() -> list[Row]:
    """Rates with one thread, a run's default; a population's with a thread a core."""
    with threads(1):
        return [*rate(), *parts_of_a_step(), *original(), *population()]


def rate() -> list[Row]:
    """Operations a second of the standard recipe, and the share of the product rate that its steps reach."""
    trainer = _trainer()
    epochs, recipe = trainer.epochs(), trainer.recipe
    own = recipe.batch_size, 256, 128
    work, limit = beside_limit(Work(lambda: next(epochs), threads=1), 1, own)
    transport = recipe.transport.draws.at(0.0) / recipe.batch_size if recipe.transport is not None else 0.0
    # A backward pass costs twice its forward pass; decoders also see the transport draws.
    products = 3 * (weights(trainer.model, "encoder") + (1 + transport) * weights(trainer.model, "decoder"))
    rows = len(trainer.split.train)
    share = share_of_limit(work, rows * products, limit)
    return [("standard: training", f"{rows / work.best:,.0f} op/s", share)]


def weights(model: DualVAE, part: str) -> int:
    """Multiply-adds of one row in the matrix products of both halves' encoders or decoders."""
    named = model.named_parameters()
    return sum(p.numel() for name, p in named if name.startswith(part) and p.dim() == 2)


def parts_of_a_step() -> list[Row]:
    """Where a step of the standard recipe spends its time: laps of whole steps, none of them a difference."""
    parts = laps(standard_step(), STEPS)
    said = shares(parts)
    return [
        (f"standard: a step's {name}", f"{1e3 * timing.best:.2f} ms", said[name])
        for name, timing in parts.items()
    ]


Lap = Callable[[str], None]
"""Says that a part of a step, by name, has just ended."""


def laps(step: Callable[[Lap], None], steps: int, clock: Clock | None = None) -> dict[str, Timing]:
    """Time the parts of a step, over many steps."""
    clock = clock or MachineClock()
    parts: dict[str, Timing] = {}
    step(lambda _: None)
    for _ in range(steps):
        before = [clock.wall(), clock.processor()]

        def lap(name: str, before: list[float] = before) -> None:
            now = [clock.wall(), clock.processor()]
            timing = parts.setdefault(name, Timing(threads=1))
            timing.seconds.append(now[0] - before[0])
            timing.processor.append(now[1] - before[1])
            before[:] = [clock.wall(), clock.processor()]

        step(lap)
    return parts


def standard_step() -> Callable[[Lap], None]:
    """A step of the standard recipe on its first rows."""
    trainer = _trainer()
    recipe, model, generator = trainer.recipe, trainer.model, torch.Generator().manual_seed(0)
    rows = rows_of(model.space, trainer.split.train)
    batch, term = rows[: recipe.batch_size], TransportTerm(recipe.transport, rows)
    descent, weight = Descent(model, recipe.optimizer), term.weight(0.0)
    conditions = Conditions(0.0, 0.0, 0.1, 0.1, 1.0, 1.0, 0.0, transport=weight)

    def step(lap: Lap) -> None:
        noise, targets = model.noise(len(batch), generator), term.targets(model, 0.0, generator)
        if targets is None:
            raise RuntimeError("the standard recipe has lost its transport")
        latents, cells = targets
        lap("draws")
        outputs = model(batch.tables, noise=noise, prior=latents)
        total = batch_loss(outputs, batch.classes, recipe, conditions, cells).total
        lap("networks and loss, forward")
        # The backward pass is made within the optimiser's step, and ends with the last gradient.
        ended = register_multi_grad_hook(tuple(descent.parameters.values()), lambda _: lap("backward"))
        descent.step(total, rate=0.0)
        ended.remove()
        lap("AdamW")

    return step


def original() -> list[Row]:
    """A whole run of the standard recipe against the original's way: small batches, then sets of tuples."""
    batches = Trainer(load_recipe("original"), seed=0, observe=unwatched).epochs()
    model = certified()
    half_a, half_b = logits_of(model.vae_a), logits_of(model.vae_b)
    timings = in_turn(
        {
            "standard": Work(_whole_run, threads=1),
            "batches": Work(lambda: next(batches), threads=1),
            "tuples": Work(lambda: (original_count(half_a), original_count(half_b)), threads=1),
            "draws": Work(lambda: (logits_of(model.vae_a), logits_of(model.vae_b)), threads=1),
        },
        least=2,
        patience=15,
    )
    earlier = _sum(timings["batches"], timings["tuples"], timings["draws"])
    counted = timings["tuples"].best + timings["draws"].best
    ratio = against(timings["standard"], earlier, "the original", times=ORIGINAL_EPOCHS)
    return [
        ("original: an epoch of batches of 64", f"{timings['batches'].best:.2f} s", ""),
        ("original: an epoch's 390,000 tuples", f"{counted:.2f} s", ""),
        (f"original: {ORIGINAL_EPOCHS} such epochs", f"{ORIGINAL_EPOCHS * earlier.best:.0f} s", "1"),
        ("standard: a whole run", f"{timings['standard'].best:.1f} s", ratio),
    ]


def population() -> list[Row]:
    """An epoch of many seeds as one program on all cores, against as many epochs one after the other."""
    cores = os.cpu_count() or 1
    alone = _trainer().epochs()
    works = {"alone": Work(lambda: next(alone), threads=1)}
    for seeds in TOGETHER:
        together = Population(load_recipe("standard", ALIKE), range(seeds)).epochs()
        epoch = partial(next, together)
        works[str(seeds)] = Work(partial(_with_threads, cores, epoch))
    timings = in_turn(works, least=2, patience=30)
    table = []
    for seeds in TOGETHER:
        work, seconds = timings[str(seeds)], f"{timings[str(seeds)].best:.1f} s"
        apart = against(work, timings["alone"], f"{seeds} seeds one after the other", times=seeds)
        table.append((f"standard: an epoch of {seeds} seeds as one program, {cores} threads", seconds, apart))
    return table


def unwatched(_model: DualVAE, _settings: ReachSettings, _generator: torch.Generator) -> Reach:
    """Looks at nothing: what is timed is learning."""
    return Reach(distinct_a=0, distinct_b=0, expected=1.0)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Compute with so many threads meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    yield
    torch.set_num_threads(before)


def _trainer() -> Trainer:
    recipe: Recipe = load_recipe("standard", ALIKE)
    return Trainer(recipe, seed=0, observe=unwatched)


def _whole_run() -> None:
    """All epochs, calibration and amortisation."""
    for _ in Trainer(load_recipe("standard"), seed=0, observe=unwatched).epochs():
        pass


def _with_threads(count: int, action: Callable[[], object]) -> None:
    with threads(count):
        action()


def _sum(*timings: Timing) -> Timing:
    """What comes after one another, as one: round by round."""
    return Timing(
        timings[0].threads,
        [sum(parts) for parts in zip(*(timing.seconds for timing in timings), strict=True)],
        [sum(parts) for parts in zip(*(timing.processor for timing in timings), strict=True)],
    )
