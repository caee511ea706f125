"""Reports from samples: a perfect generator meets every check, and each control fails its own."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor
from typer.testing import CliRunner

import fluxttice_core as fx
from fluxttice_core.cli.main import app
from fluxttice_core.errors import SettingsError
from fluxttice_core.evaluation.benchmark import untrained_halves
from fluxttice_core.evaluation.controls import QuantileLookup
from fluxttice_core.evaluation.sampled_measurement import measured_by_samples
from fluxttice_core.evaluation.sampled_report import CHECKS, SampledReport
from fluxttice_core.metrics.by_samples import PositionSampler, StuckSampler, sampled_prior
from fluxttice_core.metrics.decoding import positions_of
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.metrics.settings import Half
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.shapes import Int64
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.split import hashed_split
from fluxttice_core.statistics.position_pairs import PAIR_ERROR, pair_tests
from tests.refusals import refused

SPACE = space_of("dna:16")
TINY = (
    *("epochs=1", "batch_size=8192", "reach.draws=100", "calibration.draws=1000", "transport.draws.value=16"),
    *("transport.amortisation.epochs=1", "transport.amortisation.batch_size=8192"),
)


@pytest.fixture(scope="module")
def report() -> SampledReport:
    fresh = untrained_halves(Architecture(space="dna:16"), 0)
    halves: dict[Half, Decodable] = {"b": QuantileLookup(SPACE)}
    return measured_by_samples(halves, fresh, parts=hashed_split(SPACE), draws=10_000)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    fx.train(space="dna:16", overrides=TINY, out=folder)
    return folder


def test_a_perfect_model_meets_every_check_and_each_control_fails_its_own(report: SampledReport) -> None:
    found = {one.name: one.checks(SPACE.log_size) for one in (*report.halves, *report.controls)}
    assert all(found["B"].values())
    assert len(found["B"]) == 6
    assert all(found["even"].values())
    assert found["stuck"]["collisions"] is False
    assert found["coupled"] == {"positions": True, "pairs": False, "collisions": True}
    assert not any(found["untrained"][name] for name in ("mean", "draw", "told", "pairs"))


def test_rate_distortion_and_information_stand_to_one_another_as_they_must(report: SampledReport) -> None:
    for one in (*report.halves, report.controls[-1]):
        assert one.codes is not None
        low, high = one.codes.information(SPACE.log_size)
        assert one.codes.rate.upper + one.codes.distortion.upper >= SPACE.log_size
        assert 0 <= low <= high <= SPACE.log_size


def test_the_report_is_shown_kept_as_json_and_says_what_it_cannot_see(report: SampledReport) -> None:
    text = str(report)
    assert "held-out rows whole from mu" in text
    assert "parity of three would pass" in text
    assert max(map(len, text.splitlines())) <= 100
    assert "| --- | ---: |" in report.markdown()
    even = report.controls[0].prior
    for name, due in (("effective number at least", even.effective), ("Chao's lower bound", even.richness)):
        row = next(line for line in report.markdown().splitlines() if name in line)
        assert row.endswith(f" {due.lower:.3g} |")
    assert f"fewer than {report.halves[0].prior.resolved:.3g} elements" in " ".join(text.split())
    plain = json.loads(report.to_json())
    assert plain["elements"] == 4**16
    assert plain["halves"][0]["prior"]["effective"]["upper"] is None  # no collision bounds it from above
    assert "not recorded" not in text
    assert plain["split_known"] is True


def test_without_a_recorded_split_no_row_is_called_unseen_or_trained_on() -> None:
    unknown = fx.coverage_report(decoder=QuantileLookup(SPACE), draws=[10_000])
    assert isinstance(unknown, SampledReport)
    text = str(unknown)
    assert "Which rows were trained on is not recorded" in text
    assert "rows whole from mu, >= 99 %" in text
    assert not any(words in text for words in ("unseen", "training part", "held-out"))
    assert json.loads(unknown.to_json())["split_known"] is False
    assert unknown.halves[0].codes is not None
    assert unknown.halves[0].trained is None


def test_a_gate_that_so_few_draws_do_not_tell_is_not_met(report: SampledReport) -> None:
    enough = sampled_prior(PositionSampler(SPACE), 100_000, torch.Generator().manual_seed(0))
    told = replace(report, halves=tuple(replace(half, prior=enough) for half in report.halves))
    assert (told.accepted, report.accepted) == (True, False)
    assert all(value.value is not None for value in told.gates)
    untold = {result.gate for result in report.gates if result.value is None}
    assert untold == {CHECKS[name] for name in ("positions", "pairs", "collisions")}
    assert "untold" in str(report)
    assert "untold" not in str(told)
    assert not replace(told, split_known=False).accepted  # no row is known to be unseen


def test_so_few_or_so_many_draws_are_refused(report: SampledReport) -> None:
    with refused(SettingsError, "out_of_range", "10,000 to 20,000,000 draws, not 100"):
        measured_by_samples({"b": QuantileLookup(SPACE)}, {}, draws=100)


def test_an_even_generator_is_refused_once_in_a_hundred_and_a_visible_coupling_nearly_always() -> None:
    space, draws = space_of("01^2xACGT^2"), 2_000
    starts = torch.tensor([0, 2, 4, 8])

    def tested(coupling: float, seed: int) -> bool:
        drawn = PositionSampler(space, coupling).sample(draws, torch.Generator().manual_seed(seed))
        symbols = torch.from_numpy(space.tables(drawn.numpy())).long() + starts
        hot = torch.zeros(draws, 12).scatter_(1, symbols, 1.0)
        return pair_tests((hot.T @ hot).numpy().astype(np.int64), space.bases).passed

    refused_even = sum(not tested(0.0, seed) for seed in range(200))
    assert refused_even <= 8  # 2 expected; more once in thousands of years of such tests
    found = sum(not tested(0.25, seed) for seed in range(40))  # total variation .125, visible from .06 on
    assert found >= 38


def test_collisions_measure_how_many_elements_a_stuck_sampler_has() -> None:
    found = sampled_prior(StuckSampler(SPACE, 5_000), 20_000, torch.Generator().manual_seed(1))
    assert not found.even
    assert found.effective.lower < 5_000 < found.effective.upper
    assert found.richness.estimate == pytest.approx(5_000, rel=0.05)


@dataclass(frozen=True)
class OneHeavy:
    """Even draws but for one element of a mass of its own."""

    space: ProductSpace
    mass: float

    def sample(self, n: int, generator: torch.Generator) -> Int64[Tensor, "{n}"]:
        drawn = PositionSampler(self.space).sample(n, generator)
        return drawn.masked_fill(torch.rand(n, generator=generator) < self.mass, 0)


@pytest.mark.parametrize("often", [0.0, 3.0, 30.0])
def test_limits_of_the_effective_number_hold_whatever_the_law(often: float) -> None:
    space, draws, generator = space_of("ACGT^2xACGT^10"), 4_000, torch.Generator().manual_seed(3)
    mass = often / draws
    truth = 1 / (mass**2 + (1 - mass) ** 2 / space.size)
    found = [sampled_prior(OneHeavy(space, mass), draws, generator).effective for _ in range(60)]
    assert sum(one.lower <= truth <= one.upper for one in found) >= 51  # of 57 due


def test_the_stated_resolution_is_what_collisions_refuse() -> None:
    space, draws = space_of("ACGT^6"), 2_000  # 488 collisions of uniform draws
    found = sampled_prior(PositionSampler(space), draws, torch.Generator().manual_seed(0))
    assert found.resolved > draws**2 / 6 / 300
    pairs, stated = draws * (draws - 1) / 2, found.resolved
    refused_at = stats.poisson.isf(PAIR_ERROR / 2, found.expected)
    assert stats.poisson.sf(refused_at, pairs / stated) == pytest.approx(0.95)
    far = sampled_prior(PositionSampler(SPACE), draws, torch.Generator().manual_seed(0))
    assert far.resolved == pytest.approx(draws**2 / 6, rel=0.01)


def test_the_command_and_the_verb_measure_a_run_by_samples(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    arguments = ["benchmark", "--checkpoint", str(run), "--draws", "10000", "--out", str(out)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "checks, with controls" in done.output
    stored = json.loads(out.read_text())
    assert stored["model"]["epoch"] == 1
    again = fx.coverage_report(run, draws=[10_000])
    assert isinstance(again, SampledReport)
    assert again.as_dict()["halves"] == stored["report"]["halves"]
    assert not again.accepted  # four steps teach little


@pytest.mark.parametrize("given", [{"repeats": 3}, {"draws": [10_000, 20_000]}])
def test_what_a_report_from_samples_has_not_is_refused(run: Path, given: dict[str, object]) -> None:
    with refused(SettingsError, "unsupported", "from samples"):
        fx.coverage_report(run, **given)  # type: ignore[arg-type]


def test_a_decoder_from_elsewhere_is_measured_by_samples_too() -> None:
    oracle = QuantileLookup(SPACE)
    found = fx.coverage_report(decoder=oracle.decode_logits, latent_dim=16, space="dna:16", draws=[10_000])
    assert isinstance(found, SampledReport)
    assert all(found.halves[0].checks(SPACE.log_size).values())
    assert not found.accepted  # without an encoder, and by so few draws
    assert found.halves[0].codes is None
    stuck = fx.coverage_report(decoder=torch.zeros(16, 4), space="dna:16", draws=[10_000])
    assert isinstance(stuck, SampledReport)
    assert not any(stuck.halves[0].checks(SPACE.log_size).values())


def test_runs_are_compared_by_the_same_samples(run: Path) -> None:
    arguments = ["compare", str(run), str(run), "--draws", "10000"]
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    rows = [line.split() for line in done.output.splitlines() if "distortion D" in line]
    assert [(row[3], row[6]) for row in rows] == [("A", "+0.0000"), ("B", "+0.0000")]
    assert [row[4] == row[5] for row in rows] == [True, True]
    refusal = CliRunner().invoke(app, [*arguments, "--repeats", "2"])
    assert refusal.exit_code == 2
    assert "by one number of draws" in " ".join(refusal.output.split())


@pytest.mark.parametrize("name", ["dna:16", "ternary:3", "01^4xACGT^20"])
def test_even_draws_are_those_of_each_position_alone(name: str) -> None:
    space, drawn = space_of(name), torch.Generator().manual_seed(3)
    columns = [torch.randint(base, (1_000,), generator=drawn) for base in space.bases]
    copied = torch.rand(1_000, generator=drawn) < 0.3
    columns[1] = torch.where(copied, columns[0] * space.bases[1] // space.bases[0], columns[1])
    found = PositionSampler(space, 0.3).sample(1_000, torch.Generator().manual_seed(3))
    assert torch.equal(positions_of(space, found), torch.stack(columns, 1))
