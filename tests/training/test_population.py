"""A population is its seeds' own runs, computed together."""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from fluxttice_core.errors import SettingsError, TrainingError
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.training.population import Population
from fluxttice_core.training.recipe import Recipe
from tests.refusals import refused
from tests.training.small_runs import SmallRuns

UNSTEERED: dict[str, Any] = {
    "balance": None,
    "controller": None,
    "alignment": {"kind": "constant", "value": 0.0},
    "half_a.repulsion": 0.0,
    "half_b.repulsion": 0.0,
    "epochs": 3,
}
SEEDS = (3, 5, 8)


def population(
    small: SmallRuns, changes: dict[str, Any] | None = None, seeds: Sequence[int] = SEEDS
) -> Population:
    recipe: Recipe = small.recipe(UNSTEERED | (changes or {}))
    return Population(recipe, seeds)


def weights(model: DualVAE) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


VARIANTS: dict[str, dict[str, Any]] = {
    "everything": {},
    "no clipping": {"optimizer.clip_norm": None},
    "tight clipping": {"optimizer.clip_norm": 0.05},
    "no transport": {"transport": None},
    "late transport": {"transport.start": 1.3},
    "no amortisation": {"transport.amortisation": None},
    "no calibration": {"calibration": None},
    "by epoch": {"schedule_by": "epoch"},
    "strong coupling": {"rho": {"kind": "constant", "value": 0.6}},
    "mirrored": {"initialisation": "mirrored"},
}


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS)
def test_three_seeds_together_are_three_runs_apart(small: SmallRuns, changes: dict[str, Any]) -> None:
    together = population(small, changes)
    epochs = list(together.epochs())
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3]
    for position, seed in enumerate(SEEDS):
        apart = small.train(UNSTEERED | changes, seed=seed)
        found, own = weights(together.models[position]), weights(apart.trainer.model)
        # Rounding only: another seed's weights, or this seed's an epoch earlier, are far away.
        torch.testing.assert_close(found, own, rtol=2e-3, atol=2e-4)
        losses = [epoch.losses[position] for epoch in epochs]
        assert losses == pytest.approx([record["loss"] for record in apart.records], rel=1e-4)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_repulsion_is_batched_too(small: SmallRuns) -> None:
    changes = {"half_a.repulsion": 0.3, "half_b.repulsion": 0.2}
    together = population(small, changes)
    list(together.epochs())
    own = weights(small.train(UNSTEERED | changes, seed=3).trainer.model)
    torch.testing.assert_close(weights(together.models[0]), own, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("seeds", [(), (3, 5, 3)])
def test_seeds_must_be_there_and_differ(small: SmallRuns, seeds: tuple[int, ...]) -> None:
    with refused(SettingsError, "contradictory", "needs different seeds, at least one"):
        population(small, seeds=seeds)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("balance", {"balance": {}}),
        ("controller", {"controller": {}}),
        ("patience", {"patience": 5}),
        ("alignment", {"alignment": {"kind": "constant", "value": 0.1}}),
    ],
)
def test_what_steers_a_run_by_its_history_is_refused(
    small: SmallRuns, name: str, changes: dict[str, Any]
) -> None:
    with refused(SettingsError, "unsupported", f"steers each run by its own history ({name})"):
        population(small, changes)


def test_a_run_that_is_lost_is_named(small: SmallRuns) -> None:
    trained = population(small)
    running = trained.epochs()
    next(running)
    with torch.no_grad():
        trained.models[1].encoder_A.fc_mu.bias.fill_(float("nan"))
    with refused(TrainingError, "loss_not_finite", "the loss of seed 5 stopped being finite in epoch 2"):
        next(running)


def test_more_seeds_than_fit_into_memory_are_refused_before_any_is_made(small: SmallRuns) -> None:
    with refused(SettingsError, "too_costly", "1000000 seeds together ask for", "train at most"):
        population(small, seeds=range(10**6))


PROGRAM = """
import resource
import sys
import torch
from fluxttice_core.training.population import keep_freed_memory

torch.set_num_threads(1)
if sys.argv[1] == "kept":
    keep_freed_memory()
x = torch.randn(2_048, 256)


def step():
    return [x.relu() for _ in range(16)]


for _ in range(20):
    # Until the blocks have found their places, which depend on what was allocated before.
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    # Left alone, glibc learns from the blocks or not, by how they come to lie: this holds it to its default.
    fixed = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(128 * 1024)}
    command = [sys.executable, "-c", PROGRAM, how]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=fixed)
    return int(found.stdout)


def test_a_step_asks_for_no_page_twice() -> None:
    assert faults("kept") < 100
    assert faults("given back") > 1_000
