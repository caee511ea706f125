"""A study's file is the same whoever makes its tasks, here, Ray or submitit, also when workers are killed."""

import json
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from fluxttice_core.errors import MeasurementError, TrainingError
from fluxttice_core.experiments.ablation import Ablation, new_ablation, run_ablation
from fluxttice_core.experiments.engines import EngineName
from fluxttice_core.experiments.study import read_study, with_run
from fluxttice_core.experiments.sweep import Sweep, new_sweep, run_sweep
from fluxttice_core.experiments.tasks import Task, machine_record, made_elsewhere
from fluxttice_core.ray_cluster import connected, explained
from fluxttice_core.storage.atomic_write import write_json
from fluxttice_core.training.recipe import Recipe
from tests.experiments.conftest import silent, wild_recipe
from tests.refusals import refused
from tests.small import HEADLINE

RECORD = machine_record()
TIMED = {"created", "seconds"}
"""What differs between two runs of one command on one machine, whatever the engine."""
PROCESSES = {"ray": "ray::made_elsewhere", "slurm": "submitit.core._submit"}
"""What a process that makes a task is called."""
cluster = pytest.mark.cluster
quiet = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    # Of processes that Ray leaves to end by themselves.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
pytestmark = quiet


def fresh_sweep(recipe: Recipe) -> Sweep:
    return new_sweep(recipe, command="fluxttice sweep", measurement=HEADLINE, together=2)


def fresh_ablation(recipe: Recipe) -> Ablation:
    return new_ablation(recipe, parts=("transport",), command="fluxttice ablate", measurement=HEADLINE)


def content(path: Path) -> bytes:
    """A result file without what it says of moments and durations."""
    whole = json.loads(
        path.read_text(), object_pairs_hook=lambda pairs: {k: v for k, v in pairs if k not in TIMED}
    )
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.fixture(scope="module")
def local(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The files of a sweep and of an ablation that were made here."""
    folder = tmp_path_factory.mktemp("local")
    sweep, ablation = folder / "sweep.json", folder / "ablation.json"
    run_sweep(fresh_sweep(recipe), sweep, range(5), silent)
    run_ablation(fresh_ablation(recipe), ablation, range(2), silent)
    return sweep, ablation


@pytest.fixture(scope="module", params=["ray of 1 core", "ray of 4 cores", "slurm"])
def engine(request: pytest.FixtureRequest) -> Iterator[EngineName]:
    """A cluster of this process, of one worker and of two; processes of submitit."""
    if request.param == "slurm":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("submitit.SlurmExecutor.affinity", lambda: -1)  # as where there is no Slurm
            yield "slurm"
        return
    import ray

    ray.init(
        num_cpus=int(request.param.split()[2]),
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    yield "ray"
    ray.shutdown()


def descendants() -> dict[int, str]:
    """What this process has started, and what that has: by number, with the words of its command."""
    parents, words = dict[int, int](), dict[int, str]()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with suppress(OSError):
                stat = (process / "stat").read_text().rpartition(")")[2].split()
                parents[int(process.name)] = int(stat[1])
                words[int(process.name)] = (process / "cmdline").read_text().replace("\0", " ")

    def ours(number: int) -> bool:
        return number == os.getpid() or (number in parents and ours(parents[number]))

    return {number: text for number, text in words.items() if ours(number)}


@contextmanager
def killer(engine: EngineName, times: int) -> Iterator[list[int]]:
    """Kill so many of the processes that make a task, each half a second after it was seen."""
    killed: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02) and len(killed) < times:
            for number, words in descendants().items():
                if PROCESSES[engine] in words and number not in killed and len(killed) < times:
                    time.sleep(0.5)
                    with suppress(ProcessLookupError):
                        os.kill(number, signal.SIGKILL)
                        killed.append(number)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield killed
    finally:
        over.set()
        watcher.join()


@cluster
def test_every_engine_makes_the_same_file(
    engine: EngineName, recipe: Recipe, local: tuple[Path, Path], tmp_path: Path
) -> None:
    run_sweep(fresh_sweep(recipe), tmp_path / "sweep.json", range(5), silent, engine=engine)
    assert content(tmp_path / "sweep.json") == content(local[0])
    run_ablation(fresh_ablation(recipe), tmp_path / "ablation.json", range(2), silent, engine=engine)
    assert content(tmp_path / "ablation.json") == content(local[1])
    assert {path.name for path in tmp_path.iterdir()} == {"sweep.json", "ablation.json"}


@cluster
def test_the_death_of_a_worker_loses_its_task_alone(
    engine: EngineName, recipe: Recipe, local: tuple[Path, Path], tmp_path: Path
) -> None:
    told: list[str] = []
    with killer(engine, times=1) as killed:
        path = tmp_path / "sweep.json"
        run_sweep(fresh_sweep(recipe), path, range(5), lambda label, _: told.append(label), engine=engine)
    assert len(killed) == 1
    assert [label.split()[0] for label in told].count("lost") == 1
    assert [label.split()[0] for label in told].count("made") == 3
    assert content(tmp_path / "sweep.json") == content(local[0])


@cluster
def test_a_task_that_is_lost_every_time_ends_the_command_and_what_is_made_stays(
    recipe: Recipe, tmp_path: Path
) -> None:
    sentence = "seeds 0 to 1 together was lost 3 times"
    with killer("slurm", times=3), refused(MeasurementError, "unreachable", sentence):
        run_sweep(fresh_sweep(recipe), tmp_path / "x.json", range(2), silent, engine="slurm")
    assert list(tmp_path.iterdir()) == []


@cluster
def test_what_is_in_the_file_is_not_made_again(
    engine: EngineName, recipe: Recipe, local: tuple[Path, Path], tmp_path: Path
) -> None:
    whole = read_study(local[0], Sweep)
    left = tuple(run for run in whole.runs if run.seed in (0, 1, 3))
    path, told, before = tmp_path / "sweep.json", list[str](), whole.model_copy(update={"runs": left})
    run_sweep(before, path, range(5), lambda label, _: told.append(label), engine=engine)
    assert content(path) == content(local[0])
    assert sorted(told) == ["2 tasks", "done", "made seed 4", "made seeds 2 to 3 together"]
    seconds = {run.seed: run.seconds for run in read_study(path, Sweep).runs}
    assert [seconds[run.seed] for run in left] == [run.seconds for run in left]


@cluster
def test_what_a_worker_refuses_is_refused_in_the_same_words(
    engine: EngineName, recipe: Recipe, tmp_path: Path
) -> None:
    words = ("seed 0, ", ": lower optimizer.rate", "; leave that part out with --parts")
    with refused(TrainingError, "loss_not_finite", *words):
        run_ablation(fresh_ablation(wild_recipe()), tmp_path / "x.json", range(1), silent, engine=engine)
    assert list(tmp_path.iterdir()) == []


def fail(ray: Any) -> None:
    raise ray.exceptions.RayError("nothing")


@cluster
def test_a_connection_is_closed_again_and_an_address_without_a_cluster_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(socket.socket()) as bound:  # and nobody listens
        bound.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{bound.getsockname()[1]}"
        monkeypatch.setenv("RAY_ADDRESS", address)
        with refused(MeasurementError, "unreachable", address, "or use --engine local"), connected():
            pass
    monkeypatch.delenv("RAY_ADDRESS")
    with connected() as ray:
        assert ray.is_initialized()
        with refused(MeasurementError, "unreachable", "let each", "and time"), explained(ray, "time"):
            fail(ray)
    assert not ray.is_initialized()


def one_task(recipe: Recipe) -> Task:
    return Task(recipe, HEADLINE, (0, 1), (1,), 2)


def test_a_machine_that_computes_in_another_way_is_refused(recipe: Recipe) -> None:
    found = made_elsewhere(one_task(recipe), RECORD)
    assert isinstance(found, list)
    assert [run.seed for run in found] == [1]
    for name in ("fluxttice-core", "torch", "capability"):
        refusal = made_elsewhere(one_task(recipe), {**RECORD, name: "another"})
        assert isinstance(refusal, MeasurementError)
        assert refusal.code == "unreachable"
        assert f"has {name} {RECORD[name]}, where another asks" in str(refusal)


def test_the_order_in_which_runs_are_made_leaves_no_trace(local: tuple[Path, Path], tmp_path: Path) -> None:
    for path in local:
        whole = read_study(path, Sweep if path == local[0] else Ablation)
        for runs in (whole.runs[::-1], whole.runs[1::2] + whole.runs[::2]):
            again = reduce(with_run, runs, whole.model_copy(update={"runs": ()}))
            write_json(tmp_path / "x.json", again.model_dump(mode="json"))
            assert (tmp_path / "x.json").read_bytes() == path.read_bytes()
