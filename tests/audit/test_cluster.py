"""Ray counts what is counted here, with whatever number of workers, also when one of them is killed."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from fluxttice_core.audit.counted import count_samples
from fluxttice_core.errors import MeasurementError
from tests.audit.sample_files import COMPRESS, write
from tests.audit.test_units import ALIKE, APART, all_of, shards_of
from tests.refusals import refused

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    # Of processes that Ray leaves to end by themselves.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

NAMES = (
    "several.npz",
    "strings.txt",
    "lists.parquet",
    "told.txt",
    "glyphs.txt",
    "keys.jsonl",
    "wider.parquet",
)


@pytest.fixture
def clauses() -> None:
    """Watch no message: Ray makes errors of our classes that hold its own reports."""


@pytest.fixture(scope="module", params=[1, 2])
def workers(request: pytest.FixtureRequest) -> Iterator[int]:
    """A cluster of this process, of one worker and of two."""
    import ray

    ray.init(
        num_cpus=request.param, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
    )
    yield request.param
    ray.shutdown()


def test_a_cluster_counts_what_is_counted_here(workers: int, tmp_path: Path) -> None:
    for name in NAMES:
        places = shards_of(name, (ALIKE | APART)[name], tmp_path)
        whole, apart = (count_samples(places, on=engine) for engine in ("local", "ray"))
        assert all_of(apart) == all_of(whole)


def test_what_a_worker_refuses_is_refused_here(workers: int, tmp_path: Path) -> None:
    places = shards_of("latin.txt", [["a"], b"\xe9\n"], tmp_path)
    with refused(MeasurementError, "alien_file", "'1-latin.txt' is not text in UTF-8"):
        count_samples(places, on="ray")


def openers(path: Path) -> Iterator[int]:
    """The other processes that have a file open."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            with suppress(OSError):
                if any(file.readlink() == path for file in (process / "fd").iterdir()):
                    yield int(process.name)


def test_the_death_of_a_worker_loses_its_unit_alone(workers: int, tmp_path: Path) -> None:
    """Each file takes some seconds; whoever reads the second is killed once."""
    block = COMPRESS[".gz"]("".join(f"{number}\n" for number in range(10**6)).encode())
    paths = [tmp_path / f"{shard}.txt.gz" for shard in range(3)]
    for path in paths:
        path.write_bytes(block * 12)
    seen: dict[Path, set[int]] = {path: set() for path in paths}
    killed: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for path in paths:
                seen[path].update(openers(path))
            if not killed and seen[paths[1]]:
                time.sleep(0.5)
                killed.extend(seen[paths[1]])
                os.kill(killed[0], signal.SIGKILL)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        counted = count_samples([str(path) for path in paths], on="ray")
    finally:
        over.set()
        watcher.join()
    assert (counted.tally.times.tolist(), counted.tally.kinds.tolist()) == ([36], [10**6])
    assert [len(seen[path]) for path in paths] == [1, 2, 1]
    assert killed[0] in seen[paths[1]]


def command(*arguments: str, **environment: str) -> Any:
    """Run the command in a process of its own, as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "fluxttice_core.cli", "audit", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_prints_the_same_bytes_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "0.csv", ["word", *"abcab"])
    write(tmp_path / "1.csv", ["word", *"bcd"])
    arguments = ("--samples", str(tmp_path), "--space-size", "9", "--curve", "--json")
    here, there = command(*arguments), command(*arguments, "--engine", "ray")
    assert (there.returncode, there.stdout, there.stderr) == (here.returncode, here.stdout, "")
    assert '"draws": 8' in here.stdout


def test_a_cluster_that_does_not_answer_is_told_at_once(tmp_path: Path) -> None:
    """Ray itself would try for a minute, and write about it."""
    path = write(tmp_path / "a.txt", ["a"])
    with closing(socket.socket()) as bound:  # and nobody listens
        bound.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{bound.getsockname()[1]}"
        found = command("--samples", str(path), "--engine", "ray", RAY_ADDRESS=address)
    assert found.returncode == 2
    assert found.stderr == (
        f"fluxttice: no Ray cluster answers at RAY_ADDRESS={address}: start it, correct the address, or use "
        "--engine local\n"
    )
