"""Sweeps: seeds together or one by one, going on after a kill, and the spread of what was measured."""

from pathlib import Path

import numpy as np
import pytest
import torch

from fluxttice_core.errors import MeasurementError, SettingsError
from fluxttice_core.experiments import tasks
from fluxttice_core.experiments.study import read_study, resumed, values
from fluxttice_core.experiments.sweep import Sweep, new_sweep, run_sweep, spreads
from fluxttice_core.experiments.tables import sweep_table
from fluxttice_core.statistics.intervals import mean_interval
from fluxttice_core.storage.tensors import tensor_digest
from fluxttice_core.training.recipe import Recipe, load_recipe
from tests.experiments.conftest import broken_off, made, silent
from tests.refusals import refused
from tests.small import HEADLINE, RECIPE

STEERED = tuple(setting for setting in RECIPE if not setting.startswith(("transport", "calibration")))


def fresh(recipe: Recipe, together: int = 2) -> Sweep:
    return new_sweep(recipe, command="fluxttice sweep", measurement=HEADLINE, together=together)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep") / "found.json"


@pytest.fixture(scope="module")
def finished(recipe: Recipe, path: Path) -> Sweep:
    return run_sweep(fresh(recipe), path, range(5), silent)


def test_the_file_holds_every_seed_once(finished: Sweep, path: Path) -> None:
    assert read_study(path, Sweep) == finished
    # Version 1 said `better`.
    first = (
        path.read_text()
        .replace('"direction":', '"better":')
        .replace('"schema_version":2', '"schema_version":1')
    )
    assert '"better"' in first
    older = path.with_name("older.json")
    older.write_text(first)
    assert read_study(older, Sweep).runs == finished.runs
    assert finished.seeds == [0, 1, 2, 3, 4]
    assert len({run.tensor_sha256 for run in finished.runs}) == 5
    assert len(finished.runs[0].figures) == 20


def test_a_sweep_tells_what_comes_next(recipe: Recipe, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    run_sweep(fresh(recipe), tmp_path / "x.json", range(3), lambda *step: told.append(step))
    assert told == [
        ("training seeds 0 to 1 together", 0.0),
        ("measuring seed 0", 0.0),
        ("measuring seed 1", pytest.approx(1 / 3)),
        ("training seed 2", pytest.approx(2 / 3)),
        ("measuring seed 2", pytest.approx(2 / 3)),
        ("done", 1.0),
    ]


@pytest.mark.parametrize("measured", [0, 1, 3])
def test_a_killed_sweep_ends_with_the_figures_of_an_undisturbed_one(
    finished: Sweep, recipe: Recipe, tmp_path: Path, measured: int
) -> None:
    path = tmp_path / "found.json"
    with broken_off("measured_run", after=measured):
        run_sweep(fresh(recipe), path, range(5), silent)
    before = resumed(path, fresh(recipe))
    assert len(before.runs) == measured
    assert made(run_sweep(before, path, range(5), silent)) == made(finished)


def test_together_or_apart_makes_no_difference_but_rounding(
    finished: Sweep, recipe: Recipe, tmp_path: Path
) -> None:
    apart = run_sweep(fresh(recipe, together=1), tmp_path / "x.json", range(2), silent)
    for half in ("a", "b"):
        for quantity in ("rate", "frontier_distance", "generative_information"):
            found = values(apart.runs, half, quantity)
            assert found == pytest.approx(values(finished.runs[:2], half, quantity), rel=1e-3)
            assert abs(found[0] - found[1]) > 2e-3 * abs(found[0])


def test_a_steered_recipe_is_trained_one_by_one_and_recorded_as_its_own_run_is(tmp_path: Path) -> None:
    recipe = load_recipe("original", [*STEERED, "controller.learning_rate=0.01"])
    with refused(SettingsError, "contradictory", "leave --together out"):
        new_sweep(recipe, command="x", measurement=HEADLINE, together=8)
    sweep = new_sweep(recipe, command="x", measurement=HEADLINE)
    assert sweep.settings.together == 1
    assert repr(sweep) == str(sweep) == "<sweep: original, 0 runs>"
    found = run_sweep(sweep, tmp_path / "x.json", range(2), silent)
    assert found.seeds == [0, 1]
    own = tasks.trained_alone(recipe, 1).model_tensors()
    assert found.runs[1].tensor_sha256 == tensor_digest(own)
    assert found.runs[1].statenet_moved > 0.0


def test_a_study_elsewhere_than_on_the_processor_is_refused(recipe: Recipe) -> None:
    elsewhere = HEADLINE.model_copy(update={"device": "cuda"})
    with refused(SettingsError, "unsupported", "not on cuda: leave the measurement's device out"):
        new_sweep(recipe, command="x", measurement=elsewhere)


def test_the_spread_is_that_of_the_runs(finished: Sweep) -> None:
    found = {(spread.half, spread.quantity): spread for spread in spreads(finished)}
    assert len(found) == 20
    for (half, quantity), spread in found.items():
        each = values(sorted(finished.runs, key=lambda run: run.seed), half, quantity)
        assert spread.interval == mean_interval(each)
        assert (spread.least, spread.greatest) == (each.min(), each.max())
        assert spread.deviation == pytest.approx(np.std(each, ddof=1))
        if spread.direction != "neither":
            assert each[spread.worst_seed] == spread.worst
            assert spread.worst == (each.min() if spread.direction == "higher" else each.max())


def test_the_table_shows_every_figure(finished: Sweep) -> None:
    table = sweep_table(finished)
    assert table.row_count == 20
    assert "standard, 5 seeds" in str(table.caption)


def test_a_spread_needs_two_runs(finished: Sweep) -> None:
    with refused(MeasurementError, "too_few", "at least 2 finished runs, and there are 1"):
        list(spreads(finished.model_copy(update={"runs": finished.runs[:1]})))


def test_a_run_that_comes_twice_is_refused(finished: Sweep, tmp_path: Path) -> None:
    twice = finished.model_copy(update={"runs": (*finished.runs, finished.runs[0])})
    (tmp_path / "x.json").write_text(twice.model_dump_json())
    with refused(MeasurementError, "contradictory_report", "comes twice"):
        read_study(tmp_path / "x.json", Sweep)


def test_threads_and_random_state_are_put_back(recipe: Recipe, tmp_path: Path) -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    run_sweep(fresh(recipe), tmp_path / "x.json", range(2), silent)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)
