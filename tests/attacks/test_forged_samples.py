"""Certificates by samples, forged by whoever mends sums and signature, too: each lie has its code."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fluxttice_core.certification.by_samples import _moved_draws, _numbers
from fluxttice_core.certification.remeasure import remeasure
from fluxttice_core.certification.verify import verify
from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.sampled_json import read_sampled
from fluxttice_core.evaluation.sampled_report import CHECKS, SampledReport
from fluxttice_core.metrics.sample_figures import prior_figures
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.split import hashed_split
from fluxttice_core.statistics.intervals import clopper_pearson
from fluxttice_core.storage.pretrained import load
from tests.attacks.conftest import Lid
from tests.attacks.test_forged_certificates import (
    Forgery,
    Found,
    card,
    found,
    header,
    in_report,
    lied,
    settings,
    signed,
)
from tests.certification.test_verify import codes, edit
from tests.refusals import refused

WRONG, LESS = "contradictory_report", "incomplete_report"
READ = {"report", "weights", "card", "gates"}
"""What reads the report, and so fails where it cannot be read."""


@pytest.fixture
def folder(sampled_certificate: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sampled_certificate, tmp_path / "certified")


def test_the_untouched_folder_holds(folder: Path) -> None:
    signed(folder)
    assert found(folder) == {}


# --- figures that do not follow from what was counted ------------------------------------------------------

PRIOR = {
    "draws": 99_999,
    "distinct": 100_000,
    "collisions": 0,
    "expected": 1.0,
    "collision_p": 0.5,
    "effective": {"estimate": 3e7, "lower": 2e7, "upper": 4e7, "level": 0.95, "method": "ours"},
    "richness": {"estimate": 3e7, "lower": 2e7, "upper": 4e7, "level": 0.95, "method": "Chao1"},
}
TESTS = {"p_value": 0.999, "worst": 5, "visible": 1e-5, "names": ["1", "2"]}
LIMITS = {"estimate": 0.999, "lower": 0.9999, "upper": 0.9, "level": 0.99, "method": "ours"}


def of_half(*path: str | int, value: Any, half: int = 1) -> Callable[[Any], object]:
    """Give one figure of a half another value."""

    def change(result: Any) -> None:
        place = result["report"]["halves"][half]
        for part in path[:-1]:
            place = place[part]
        assert place[path[-1]] != value
        place[path[-1]] = value

    return change


FIGURES: dict[str, Callable[[Any], object]] = {
    **{f"draws: {name}": of_half("prior", name, value=value) for name, value in PRIOR.items()},
    **{
        f"{tests}: {name}": of_half("prior", tests, name, value=value)
        for tests in ("positions", "pairs")
        for name, value in TESTS.items()
    },
    **{
        f"{share}: {name}": of_half("codes", share, name, value=value)
        for share in ("from_mean", "from_draw")
        for name, value in LIMITS.items()
    },
    "rate: level": of_half("codes", "rate", "level", value=0.99),
    "rate: method": of_half("codes", "rate", "method", value="Student's t, 20000000 repeats"),
    "checks": of_half("checks", value=dict.fromkeys(CHECKS, True) | {"more": True}),
    "a control's p-value": lambda result: result["report"]["controls"][1]["prior"].update(collision_p=0.3),
    "a control's verdict": lambda result: result["report"]["controls"][1]["checks"].update(collisions=True),
    "elements": lambda result: result["report"].update(elements=2**26),
    "entropy": lambda result: result["report"].update(entropy_nats=18.0),
    "rows": lambda result: result["report"].update(rows=200_000),
    "kind": lambda result: result["report"].update(kind="report of all"),
    "a number among the limits": lambda result: result["report"]["limitations"].append("99.97 % are seen."),
    "codes that tell more than they can": of_half(
        "codes", "rate", value={**LIMITS, "estimate": 5.0, "lower": 4.9, "upper": 5.1}
    ),
    "a part too many": lambda result: result["report"].update(audited=True),
}


@pytest.mark.parametrize("what", FIGURES)
def test_a_figure_that_does_not_follow_is_found(folder: Path, what: str) -> None:
    edit(folder, "report.json", FIGURES[what])
    signed(folder)
    failing = found(folder)
    assert failing.keys() == READ
    assert set(failing.values()) <= {WRONG, LESS}


BROKEN: dict[str, Callable[[Any], object]] = {
    "no report": lambda result: result.pop("report"),
    "a list": lambda result: result.update(report=[]),
    "no halves": lambda result: result["report"].pop("halves"),
    "many halves": lambda result: result["report"].update(halves=result["report"]["halves"] * 100),
    "no control that fails": lambda result: result["report"]["controls"].pop(1),
    "another control first": lambda result: result["report"]["controls"].reverse(),
    "fewer pairs": lambda result: result["report"]["halves"][0]["prior"]["pairs"]["chi_square"].pop(),
    "a statistic as text": of_half("prior", "pairs", "chi_square", 0, value="1e0"),
    "a statistic below 0": of_half("prior", "pairs", "chi_square", 0, value=-1.0),
    "a statistic of more than there is": of_half("prior", "pairs", "chi_square", 0, value=1e12),
    "an element that came never": of_half("prior", "times", value=[[0, 5], [1, 100_000]]),
    "elements in another order": of_half("prior", "times", value=[[2, 10], [1, 99_980]]),
    "so often twice": of_half("prior", "times", value=[[1, 50_000], [1, 50_000]]),
    "too many draws": of_half("prior", "times", value=[[1, 10**12]]),
    "a number beyond all": of_half("prior", "times", value=[[1, 10**300]]),
    "half an element": of_half("prior", "times", value=[[1, 99_999.5]]),
    "truth as a number": of_half("prior", "times", value=[[True, 100_000]]),
    "nothing drawn": of_half("prior", "times", value=[]),
    "a share above 1": of_half("codes", "from_mean", "estimate", value=1.5),
    "a mean that is none": of_half("codes", "rate", value={"estimate": 40.0, "lower": 39.0, "upper": 41.5}),
    "a rate below 0": of_half("codes", "rate", value={"estimate": -1.0, "lower": -2.0, "upper": 0.0}),
    "another space": lambda result: result["report"].update(space="01^4"),
    "no space": lambda result: result["report"].update(space="x" * 10_000),
    "a split that is hardly known": lambda result: result["report"].update(split_known=1),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_no_measurement_gives_is_no_report(folder: Path, what: str) -> None:
    edit(folder, "report.json", BROKEN[what])
    signed(folder)
    failing = found(folder)
    assert failing.keys() >= READ
    assert set(failing.values()) <= {LESS, WRONG}


def test_a_report_of_every_element_is_none_of_samples(folder: Path, small_certificate: Path) -> None:
    shutil.copy(small_certificate / "report.json", folder / "report.json")
    signed(folder)
    assert {found(folder)[subject] for subject in READ} == {LESS}


def test_a_report_from_samples_is_none_of_every_element(folder: Path, small_certificate: Path) -> None:
    forged = shutil.copytree(small_certificate, folder.parent / "small")
    shutil.copy(folder / "report.json", forged / "report.json")
    signed(forged)
    assert {found(forged)[subject] for subject in READ} == {LESS}


# --- forgeries that follow from counts of their own --------------------------------------------------------


def again(folder: Path, change: Callable[[SampledReport], SampledReport]) -> None:
    """Forge what was counted, and work out everything that follows, the card among it."""
    result = json.loads((folder / "report.json").read_text())
    result["report"] = json.loads(change(read_sampled(result["report"], name="it")).to_json())
    in_report(lambda stated: stated.update(result))(folder)
    signed(folder)


def recounted(report: SampledReport, half: int, **others: Any) -> SampledReport:
    prior = report.halves[half].prior
    counted: dict[str, Any] = {
        "times": prior.times,
        "of_positions": prior.positions.chi_square,
        "of_pairs": prior.pairs.chi_square,
    }
    counted |= {name: change(counted[name]) for name, change in others.items()}
    halves = list(report.halves)
    halves[half] = replace(halves[half], prior=prior_figures(report.space, **counted))
    return replace(report, halves=tuple(halves))


def recoded(report: SampledReport, name: str, value: Any) -> SampledReport:
    first, *rest = report.halves
    assert first.codes is not None
    return replace(report, halves=(replace(first, codes=replace(first.codes, **{name: value})), *rest))


def more_even(report: SampledReport) -> SampledReport:
    return recounted(report, 0, of_pairs=lambda found: [max(found[0] + 1.0, 10.0), *found[1:]])


def fewer_collisions(report: SampledReport) -> SampledReport:
    def spread(times: Any) -> list[tuple[int, int]]:
        once, twice = dict(times)[1], dict(times)[2]
        return [(1, once + 40), (2, twice - 20), *[pair for pair in times if pair[0] > 2]]

    return recounted(report, 0, times=spread)


def fewer_rows(report: SampledReport) -> SampledReport:
    return recoded(report, "from_mean", clopper_pearson(19_950, 20_000))


def more_rate(report: SampledReport) -> SampledReport:
    assert report.halves[0].codes is not None
    return recoded(report, "rate", report.halves[0].codes.rate.scaled(1.01))


COUNTED = {made.__name__: made for made in (more_even, fewer_collisions, fewer_rows, more_rate)}


@pytest.mark.parametrize("what", COUNTED)
def test_counts_that_were_made_up_are_found_by_measuring_again(folder: Path, what: str) -> None:
    again(folder, COUNTED[what])
    assert found(folder) == {}, "what follows from itself is found by measuring again alone"
    assert codes(remeasure(folder)) == {"numbers": WRONG}


@pytest.mark.parametrize(("draws", "often"), [(1_000_000, 40), (20_000_000, 700)])
def test_an_element_that_is_drawn_again_and_again_is_not_taken_for_rounding(draws: int, often: int) -> None:
    space = space_of("01^25")
    pairs = round(draws * (draws - 1) / 2 / space.size)
    laws = ([1.0] * 25, [3.0] * 300)
    stated = prior_figures(space, [(1, draws - 2 * pairs), (2, pairs)], *laws)
    stuck = prior_figures(space, [(1, draws - 2 * pairs - often), (2, pairs), (often, 1)], *laws)
    moved = prior_figures(space, [(1, draws - 2 * pairs - 2), (2, pairs + 1)], *laws)
    assert (stated.even, stuck.even) == (True, False)
    assert "the number of collisions" in list(_moved_draws(stated, stuck))
    assert list(_moved_draws(stated, moved)) == [], "a draw that rounding moved"


def test_rounding_carries_no_half_past_a_gate(folder: Path) -> None:
    """The last number of collisions that is too small, stated as the first that is not."""
    report = read_sampled(json.loads((folder / "report.json").read_text())["report"], name="it")
    counted = (
        recounted(report, 0, times=lambda _, twice=twice: [(1, 100_000 - 2 * twice), (2, twice)])
        for twice in range(100, 150)
    )
    missed, met = next(both for both in pairwise(counted) if both[1].halves[0].prior.even)
    assert (missed.accepted, met.accepted) == (False, True)
    assert list(_moved_draws(met.halves[0].prior, missed.halves[0].prior)) == []
    with refused(MeasurementError, "gate_failed", "half A misses the gate"):
        _numbers(met, missed)
    assert "show what report.json says" in _numbers(met, met)


def test_a_control_that_was_made_up_is_found_by_measuring_again(folder: Path) -> None:
    def kinder(report: SampledReport) -> SampledReport:
        even, stuck, *rest = report.controls
        return replace(report, controls=(even, replace(stuck, prior=even.prior), *rest))

    again(folder, kinder)
    assert found(folder) == {}
    assert codes(remeasure(folder)) == {"controls": WRONG}


def test_another_seed_is_found_by_measuring_again(folder: Path) -> None:
    again(folder, lambda report: replace(report, seed=1))
    assert found(folder) == {}
    assert codes(remeasure(folder)).keys() == {"numbers", "controls"}


LAWS: dict[str, Callable[[SampledReport], SampledReport]] = {
    "pairs more even than their positions": lambda report: recounted(
        report, 0, of_positions=lambda _: [9.0] * 25, of_pairs=lambda found: [1.0] * len(found)
    ),
    "rows lost at no cost": lambda report: recoded(report, "from_draw", clopper_pearson(19_900, 20_000)),
    "halves of other draws": lambda report: recounted(report, 1, times=lambda _: [(1, 90_000)]),
}


@pytest.mark.parametrize("law", LAWS)
def test_counts_that_break_a_law_are_found_by_reading(folder: Path, law: str) -> None:
    plain = json.loads((folder / "report.json").read_text())["report"]
    report = read_sampled(plain, name="it")
    with refused(MeasurementError, "contradictory_report"):
        read_sampled(json.loads(LAWS[law](report).to_json()), name="it")
    assert read_sampled(json.loads(report.to_json()), name="it") == report


# --- what else the folder says ------------------------------------------------------------------------------


def gates(change: Callable[[Any], object]) -> Forgery:
    return in_report(lambda result: change(result["report"]))


def lowered(report: Any) -> None:
    for record in report["gates"]:
        record["gate"]["threshold"] /= 2


def invented(report: Any) -> None:
    """A gate that looks like others, but is none that anybody measured."""
    report["gates"].append({"gate": "KL to uniform", "half": "a", "value": 0.0, "passed": True})


def renamed(name: object) -> Forgery:
    return gates(lambda report: report["gates"][0]["gate"].update(name=name))


def later(folder: Path) -> None:
    """Weights that are called those of another epoch."""
    header(folder, lambda record: record.update(epoch=2))
    renamed = {"title": "standard, epoch 2, seed 0"}
    in_report(lambda result: (result["model"].update(epoch=2), result["report"].update(renamed)))(folder)


def resplit(folder: Path) -> None:
    """Rows that were trained on are called held out, by another seed of the split."""
    space = load(folder).space
    named = {"seed": 7, "digest": hashed_split(space, 7).digest}
    header(folder, lambda record: record["split"].update(named))
    in_report(lambda result: result["split"].update(seed=7, sha256=named["digest"]))(folder)


def ranked(folder: Path) -> None:
    (folder / "selection.json").write_text("{}\n")


def model(**other: object) -> Forgery:
    return in_report(lambda result: result["model"].update(other))


LIES: dict[str, tuple[Forgery, Found]] = {
    "lower gates": (gates(lowered), {"gates": WRONG}),
    "a gate less": (gates(lambda report: report["gates"].pop()), {"gates": WRONG}),
    "a gate as met": (gates(lambda report: report["gates"][0].update(value=1.0)), {"gates": WRONG}),
    "a gate that was invented": (gates(invented), {"gates": WRONG}),
    "a gate that is hardly one": (
        gates(lambda report: report["gates"].insert(0, {"x": 1})),
        {"gates": WRONG},
    ),
    "a figure in a gate's name": (renamed("KL to uniform is 0.0001: 99.97 %"), {"gates": WRONG}),
    "a gate's name that is no text": (renamed({"audited": True}), {"gates": WRONG}),
    "no gates": (gates(lambda report: report.pop("gates")), {"gates": WRONG}),
    "accepted as a word": (gates(lambda report: report.update(accepted="yes")), {"gates": WRONG}),
    "another epoch": (later, {"selection": WRONG}),
    "another split": (resplit, {"settings": WRONG, "selection": WRONG}),
    "a ranking": (ranked, {"selection": WRONG}),
    "another title": (gates(lambda report: report.update(title="better")), {"weights": WRONG}),
    "another seed of the run": (model(seed=7), {"weights": WRONG}),
    "more parameters": (model(parameters=10**9), {"weights": WRONG}),
    "parameters as a word": (
        lambda folder: edit(folder, "report.json", lambda r: r["model"].update(parameters="many")),
        dict.fromkeys(READ, LESS),
    ),
    "other tensors": (model(tensor_sha256="0" * 64), {"weights": "model_mismatch"}),
    "something of the model": (model(audited=True), dict.fromkeys(READ, LESS)),
    "another program": (in_report(lambda r: r["tool"].update(name="other")), dict.fromkeys(READ, LESS)),
    "a version that is none": (in_report(lambda r: r["tool"].update(version="audited")), {"report": WRONG}),
    "a row of the machine": (in_report(lambda r: r["environment"].update(audits="2")), {"report": WRONG}),
    "another command": (in_report(lambda r: r.update(command="fluxttice")), {"report": WRONG}),
    "a time of day": (in_report(lambda r: r.update(created="2026-01-01T00:00:00Z")), {"report": WRONG}),
    "a later schema": (
        in_report(lambda r: r.update(schema_version=2)),
        dict.fromkeys(READ, "wrong_version"),
    ),
    "another schema": (
        lambda folder: edit(folder, "report.json", lambda r: r.update(schema="mine")),
        dict.fromkeys(READ, LESS),
    ),
    "more elements on the card": (card("| elements | 33", "| elements | 43"), {"card": WRONG}),
    "another verdict on the card": (card("| FAIL |", "| pass |"), {"card": WRONG}),
    "another control on the card": (card("`untrained`", "`shipped`"), {"card": WRONG}),
    "more seen on the card": (card("samples rank none", "99.97 % are seen"), {"card": WRONG}),
    "other settings": (
        settings(lambda values: values.update(seed=7)),
        {"settings": WRONG, "selection": WRONG},
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found_by_its_code(folder: Path, lie: str) -> None:
    lied(folder, *LIES[lie])


def test_a_gate_may_be_called_something_else(folder: Path) -> None:
    renamed("unseen rows come back whole from the mean of the code, as the report says")(folder)
    signed(folder)
    assert found(folder) == {}


def test_a_target_beside_it_is_found(folder: Path) -> None:
    (folder / "target.safetensors").write_bytes(b"")
    signed(folder)
    assert found(folder) == {"target": "unexpected_file"}


def test_a_report_of_a_million_lists_costs_little(folder: Path, memory_lid: Lid) -> None:
    def many(result: Any) -> None:
        result["report"]["halves"][0]["prior"]["times"] = [[n, 1] for n in range(1, 200_000)]

    verify(folder)  # loads what it needs
    edit(folder, "report.json", many)
    with memory_lid(256):
        assert {found(folder)[subject] for subject in READ} == {LESS}
