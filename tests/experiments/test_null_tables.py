"""Real runs that differ by nothing but their seeds, taken as parts that do nothing."""

import numpy as np
import pytest
from scipy.stats import binom

from fluxttice_core.experiments import ablation
from fluxttice_core.experiments.ablation import PartEffect, judged_together
from fluxttice_core.experiments.study import RunRecord
from fluxttice_core.experiments.sweep import new_sweep, run_sweep
from fluxttice_core.model.halves import HALVES
from fluxttice_core.training.recipe import Recipe
from tests.experiments.conftest import silent
from tests.small import HEADLINE

PARTS, TABLES = 9, 200


@pytest.fixture(scope="module")
def runs(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunRecord, ...]:
    fresh = new_sweep(recipe, command="x", measurement=HEADLINE, together=48)
    return run_sweep(fresh, tmp_path_factory.mktemp("null") / "x.json", range(96), silent).runs


def null_table(runs: tuple[RunRecord, ...], seeds: int, generator: np.random.Generator) -> list[PartEffect]:
    """Nine parts, each of other runs, beside the same runs without it."""
    places = generator.permutation(len(runs))[: seeds * (PARTS + 1)].reshape(PARTS + 1, seeds)
    without, *with_it = [[runs[place] for place in row] for row in places.tolist()]
    found = []
    for number, chosen in enumerate(with_it):
        for half in HALVES:
            effects = ablation._effects(list(zip(chosen, without, strict=True)), half)
            found.append(PartEffect(str(number), half, effects, seeds, False, False))
    return judged_together(found)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [2, 3, 5, 9])
def test_of_runs_that_differ_by_seed_alone_few_tables_have_a_verdict(
    runs: tuple[RunRecord, ...], seeds: int
) -> None:
    generator = np.random.default_rng(seeds)
    found = [null_table(runs, seeds, generator) for _ in range(TABLES)]
    each = [[effect for one in table for effect, _ in one.effects.values()] for table in found]
    assert sum(any(e.sign != "none" for e in table) for table in each) <= binom.ppf(1 - 1e-4, TABLES, 0.05)
    assert sum(any(e.sign_alone != "none" for e in table) for table in each) > 0.8 * TABLES
