"""Decoders that read a table: any target is reached as its law says, and all else takes such a model."""

from pathlib import Path

import numpy as np
import pytest
import torch

import fluxttice_core as fx
from fluxttice_core.errors import SettingsError
from fluxttice_core.evaluation.benchmark import untrained_halves
from fluxttice_core.evaluation.caveats import GIVEN_ROWS
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import Circumstances, read_result, result_of, write_result
from fluxttice_core.metrics.distribution import argmax_mass_outside, divergences, mass_outside
from fluxttice_core.metrics.mass import MassEstimate, estimate_mass
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.halves import HalfName
from fluxttice_core.model.network_shape import CERTAIN
from fluxttice_core.model.threshold_table import threshold_table
from fluxttice_core.model.thresholds import middles
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.pretrained import TrainedModel
from fluxttice_core.training.conditional_map import ConditionalMap
from fluxttice_core.training.population import Population
from fluxttice_core.training.recipe import load_recipe
from fluxttice_core.training.transport import thresholds
from tests.refusals import refused
from tests.small import HEADLINE

MIXED = space_of("01^3xACGT^2xABC^1")
DRAWS = 80_000
SHORT = ("epochs=60", "transport.amortisation.epochs=60", "calibration.draws=5000", "reach.every=60")
QUICK = ("epochs=10", "transport.amortisation=null", "calibration.draws=5000")


def arbitrary(n: int = 90) -> Target:
    generator = np.random.default_rng(1)
    return Target.of(MIXED, generator.choice(MIXED.size, n, replace=False), generator.exponential(size=n))


@pytest.fixture(scope="module")
def learnt() -> TrainedModel:
    return fx.train(space=MIXED, data=arbitrary(), overrides=SHORT)


def mass_of(half: Decodable) -> MassEstimate:
    return estimate_mass(half, DRAWS, generator=torch.Generator().manual_seed(0))


def test_the_table_is_the_conditional_map() -> None:
    target = arbitrary()
    model = fx.train(space=MIXED, data=target, overrides=(*QUICK, "epochs=1"))
    z = torch.randn(50_000, 16, generator=torch.Generator().manual_seed(0))
    taken = model.vae_a.decode_logits(z).argmax(-1)
    due = ConditionalMap(target).cells(z[:, : MIXED.cells])
    assert float((taken == due).all(1).double().mean()) > 0.9999  # thresholds are kept in single precision
    other = ConditionalMap(Target.everything(MIXED)).cells(z[:, : MIXED.cells])
    assert float((taken == other).all(1).double().mean()) < 0.5


def test_the_table_of_a_whole_space_has_the_quantiles_of_transport() -> None:
    table, cuts = torch.from_numpy(threshold_table(Target.everything(MIXED))), thresholds(MIXED.bases)
    starts = np.cumsum([0, *Architecture(space=MIXED.name).prefixes[:-2]])
    for cell, start in enumerate(starts.tolist()):
        base = MIXED.bases[cell]
        assert torch.allclose(table[start, : base - 1], cuts[cell, : base - 1], atol=1e-6)


@pytest.mark.parametrize("half", ["a", "b"])
def test_an_arbitrary_target_is_reached_by_its_law(learnt: TrainedModel, half: HalfName) -> None:
    mass, target = mass_of(learnt.model.vae(half)), arbitrary()
    assert argmax_mass_outside(mass, target).estimate == 0.0
    assert mass_outside(mass, target).value < 0.05
    assert divergences(mass.argmax_groups, target, mass.draws).from_target.corrected.value < 0.002


def test_another_target_and_a_fresh_table_are_seen_to_be_missed(learnt: TrainedModel) -> None:
    target = arbitrary()
    others = Target.of(MIXED, target.rows, target.q[::-1])
    mass = mass_of(learnt.vae_a)
    assert divergences(mass.argmax_groups, others, mass.draws).from_target.corrected.value > 0.1
    fresh = mass_of(untrained_halves(learnt.architecture, 0)["a"])
    assert argmax_mass_outside(fresh, target).estimate > 0.3


def test_networks_miss_what_the_table_reaches() -> None:
    plain = fx.train(space=MIXED, data=arbitrary(), overrides=(*QUICK, "architecture.decoders=networks"))
    assert argmax_mass_outside(mass_of(plain.vae_b), arbitrary()).estimate > 0.02


@pytest.mark.parametrize("half", ["a", "b"])
def test_rows_that_were_held_out_come_back_since_their_boxes_are_told(
    learnt: TrainedModel, half: HalfName
) -> None:
    assert learnt.split is not None
    rows = np.concatenate((learnt.split.held_out, learnt.split.train))
    again = learnt.space.indices(learnt.decode(learnt.encode(rows, vae=half), vae=half))
    assert (again == rows).mean() == 1.0
    strange = np.setdiff1d(np.arange(MIXED.size), arbitrary().rows)
    lost = learnt.space.indices(learnt.decode(learnt.encode(strange, vae=half), vae=half))
    assert not (lost == strange).any()  # what has no mass has no box


def test_a_report_says_that_held_out_rows_were_told(learnt: TrainedModel, tmp_path: Path) -> None:
    report = fx.coverage_report(learnt, settings=HEADLINE)
    assert isinstance(report, Report)
    assert report.limitations.count(GIVEN_ROWS) == 1
    write_result(tmp_path / "result.json", result_of(report, learnt, Circumstances("here", 1.0, 1)))
    assert GIVEN_ROWS in read_result(tmp_path / "result.json")["limitations"]


@pytest.mark.parametrize("half", ["a", "b"])
def test_without_torch_the_same_is_computed(learnt: TrainedModel, half: HalfName) -> None:
    tables = torch.from_numpy(MIXED.tables(arbitrary().rows))
    with torch.no_grad():
        mu, logvar = learnt.model.vae(half).encode_gaussian(tables)
        z = torch.cat((mu, torch.randn(2000, 16, generator=torch.Generator().manual_seed(2))))
        logits = learnt.model.vae(half).decode_logits(z)
    ours = learnt.posteriors(tables.numpy(), vae=half)
    assert np.allclose(ours[0], mu.numpy(), atol=1e-4)
    assert np.allclose(ours[1], logvar.numpy(), atol=1e-4)
    assert np.allclose(learnt.decode(z, vae=half, probabilities=True), logits.softmax(-1).numpy(), atol=1e-3)


def test_shapes_are_known_and_a_run_keeps_the_table(learnt: TrainedModel, tmp_path: Path) -> None:
    found = {name: tensor.shape for name, tensor in learnt.tensors.items()}
    assert found == learnt.architecture.tensor_shapes
    assert found["thresholds.cuts"] == (1 + 2 + 4 + 8 + 32 + 128, 3)
    overrides = (*QUICK, "epochs=2")
    kept = fx.train(space=MIXED, data=arbitrary(), overrides=overrides, out=tmp_path / "run")
    assert kept.architecture.decoders == "table"
    assert kept.tensor_digest == fx.train(space=MIXED, data=arbitrary(), overrides=overrides).tensor_digest


def test_a_box_has_a_middle_inside_and_an_open_side_ends_with_the_prior() -> None:
    low = torch.tensor([[-CERTAIN, -CERTAIN, 0.0, 1.0, 3.6, -0.1]])
    high = torch.tensor([[CERTAIN, 0.0, CERTAIN, 1.01, CERTAIN, 0.1]])
    middle, width = middles(low, high)
    assert ((low < middle) & (middle < high)).all()
    assert middle[0, :2].tolist() == [0.0, -1.0]
    assert width[0, :2].tolist() == [1.0, 0.5]
    assert 3.6 < middle[0, 4] < 4.1
    assert middles(high, low)[1].min() > 0  # what has no box has a narrow posterior, and no NaN


def test_the_kind_of_decoders_follows_from_the_target() -> None:
    def decoders(target: Target | None, *more: str) -> str:
        named = ("architecture.space=codons", *more)
        return load_recipe("standard", named, target=target).architecture.decoders

    codons = space_of("codons")
    weighted = Target.of(codons, range(64), range(1, 65))
    assert decoders(weighted) == decoders(Target.of(codons, range(30))) == "table"
    assert decoders(None) == decoders(Target.everything(codons)) == "networks"
    assert decoders(weighted, "architecture.decoders=networks") == "networks"
    assert "decoders" not in load_recipe("standard").model_dump(mode="json")["architecture"]
    recipe = load_recipe("standard", ("architecture.space=codons",), target=weighted)
    assert load_recipe(recipe).architecture.decoders == "table"  # as a run that is resumed reads it


def test_what_no_table_can_do_is_refused() -> None:
    with refused(SettingsError, "wrong_setting", "at most 1,048,576 elements"):
        load_recipe("standard", ("architecture.space=dna:11", "architecture.decoders=table"))
    with refused(SettingsError, "wrong_setting", "a latent of its own"):
        load_recipe(
            "standard",
            ("architecture.space=dna:6", "architecture.decoders=table", "architecture.latent_dim=4"),
        )
    table = ("architecture.decoders=table", "architecture.arity=1")
    with refused(SettingsError, "wrong_setting", "set calibration.sweeps to 0"):
        load_recipe("standard", (*table, "calibration.sweeps=2"))
    recipe = load_recipe("standard", table)
    with refused(SettingsError, "unsupported", "architecture.decoders"):
        Population(recipe, [0])
