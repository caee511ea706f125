"""Each lie, planted alone in a copy of the package, turns the default tests red; the true copy is green."""

import json
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
PACKAGE = REPOSITORY / "src" / "fluxttice_core"


def _lies() -> Any:
    spec = spec_from_file_location("planted_lies", HERE / "lies.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.LIES


LIES = _lies()
HONEST = "nothing is planted"
Outcomes = dict[str, dict[str, Any]]
pytestmark = pytest.mark.timeout(300)


def plant(lie: Any, source: Path) -> None:
    """Copy the package and plant a lie in the copy; none for the honest copy."""
    ignored = shutil.ignore_patterns("certified", "static")
    shutil.copytree(PACKAGE, source / PACKAGE.name, ignore=ignored)
    for edit in () if lie is None else lie.edits:
        file = source / PACKAGE.name / edit.file
        text = file.read_text(encoding="utf-8")
        assert text.count(edit.old) == 1, f"{edit.file} holds this {text.count(edit.old)} times: {edit.old}"
        file.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


@pytest.fixture(scope="module")
def outcomes(small_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    folder = tmp_path_factory.mktemp("lies")
    every_test = sorted({test for lie in LIES for test in lie.tests})
    trials = []
    for number, lie in enumerate((None, *LIES)):
        source = folder / str(number)
        plant(lie, source)
        trials.append(
            {
                "name": HONEST if lie is None else lie.name,
                "planted": lie is not None,
                "source": str(source),
                "tests": every_test if lie is None else lie.tests,
                "answer": str(folder / f"{number}.json"),
            }
        )
    command = [
        sys.executable,
        str(HERE / "trials.py"),
        str(REPOSITORY),
        f"--small-checkpoint={small_checkpoint}",
    ]
    subprocess.run(command, input=json.dumps(trials), text=True, check=True, timeout=280)
    found = {}
    for trial in trials:
        log = Path(str(trial["answer"])).with_suffix(".log").read_text(encoding="utf-8")
        answer = json.loads(Path(str(trial["answer"])).read_text(encoding="utf-8"))
        found[str(trial["name"])] = {**answer, "log": log, "source": trial["source"]}
    return found


def test_the_true_copy_stays_green(outcomes: Outcomes) -> None:
    honest = outcomes[HONEST]
    assert honest["package"] == honest["source"]
    assert (honest["status"], honest["failed"]) == (0, 0), honest["log"]
    assert honest["passed"] >= len(LIES)


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_a_planted_lie_turns_the_default_tests_red(lie: Any, outcomes: Outcomes) -> None:
    planted = outcomes[lie.name]
    assert planted["package"] == planted["source"]
    assert (planted["status"], planted["failed"]) == (1, 1), planted["log"]


def test_no_name_stands_for_two_lies() -> None:
    assert len({lie.name for lie in LIES}) == len(LIES)
