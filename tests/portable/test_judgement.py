"""What the portable runs conclude: neither a dependence that is not shown nor a red run is passed over."""

import ast

import pytest

from tests.portable.__main__ import KINDS, OF_THE_PROCESSOR, RUNS, Run, judged
from tests.portable.runs import PLANTED, Outcome
from tests.portable.surroundings import CHANGES, WORDS, changed, dispatched_features
from tests.portable.workplace import Workplace

ROOT = PLANTED.parents[2]
GREEN = Outcome(3, (), 1.0, "3 passed")
RED = Outcome(2, ("a::b",), 1.0, "no browser here")


def planted() -> set[str]:
    trees = [ast.parse((PLANTED / f"{kind}.py").read_text(encoding="utf-8")) for kind in KINDS]
    functions = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {node.name.removeprefix("test_") for node in functions if node.name.startswith("test_")}


def test_every_dependence_has_a_planted_test_and_words() -> None:
    assert planted() == CHANGES.keys() == WORDS.keys()


def test_every_dependence_is_part_of_a_run() -> None:
    used = {name for runs in RUNS.values() for run in runs for name in run.names}
    assert used == CHANGES.keys() - {"copies"}
    assert len(RUNS["elsewhere"]) == 2


@pytest.mark.parametrize("runs", RUNS.values(), ids=RUNS)
def test_what_is_run_is_there(runs: tuple[Run, ...]) -> None:
    for run in runs:
        paths = [test.removeprefix("--ignore=").partition("::")[0] for test in run.tests]
        assert [path for path in paths if not (ROOT / path).exists()] == []


def test_surroundings_that_turn_their_own_test_red_alone_are_shown_to_matter() -> None:
    assert judged("home", {"home"}) == ""


@pytest.mark.parametrize("red", [set(), {"user"}, {"home", "user"}])
def test_any_others_are_wrong(red: set[str]) -> None:
    assert judged("home", red).startswith("WRONG")


@pytest.mark.parametrize("name", OF_THE_PROCESSOR)
def test_what_a_processor_lacks_is_said(name: str) -> None:
    assert judged(name, set()).startswith("CANNOT BE SHOWN")
    assert judged(name, {"home"}).startswith("WRONG")


def test_a_red_run_is_complained_of_and_a_green_one_that_should_be_red() -> None:
    assert Run((), ()).complaint(GREEN) == ""
    assert "a::b" in Run((), ()).complaint(RED)
    asked = Run((), (), expected="no browser")
    assert asked.complaint(Outcome(0, ("a::b",), 1.0, "no browser here")) == ""
    assert asked.complaint(RED) != ""
    assert asked.complaint(GREEN) != ""
    assert asked.complaint(Outcome(0, ("a::b",), 1.0, "another reason")) != ""


def test_surroundings_build_upon_each_other_and_copies_are_apart() -> None:
    with Workplace(ROOT, seed=7) as workplace:
        first, second = (changed(workplace, "aten", "home", "order", copy=n) for n in range(2))
        assert first.variables["ATEN_CPU_CAPABILITY"] == "default"
        assert first.variables["HOME"] == "/dev/null/home"
        assert "--random-order-seed=7" in first.options
        assert first.folder == second.folder == ROOT
        assert "chromium" not in {path.name for path in workplace.programs_but_browsers().iterdir()}
        assert (workplace.programs_but_browsers() / "sh").exists()
        scratch = workplace.scratch
    assert not scratch.exists()


def test_the_features_taken_away_are_those_that_numpy_would_use() -> None:
    from numpy._core import _multiarray_umath as core  # type: ignore[attr-defined]

    assert all(core.__cpu_features__[name] for name in dispatched_features().split())
    assert not set(dispatched_features().split()) & set(core.__cpu_baseline__)
