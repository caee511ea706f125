"""Counts of many runs, and evidence that may be looked at after each."""

import errno
import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from fluxttice_core.audit.counted import Beside, count_samples, count_values
from fluxttice_core.audit.draws import Reading
from fluxttice_core.audit.monitor import Monitored
from fluxttice_core.audit.verdicts import Verdict
from fluxttice_core.errors import MeasurementError, StorageError
from fluxttice_core.statistics.anytime import log_mixture_evidence
from fluxttice_core.statistics.tally import Tally
from tests.audit.sample_files import TERNARY, write
from tests.refusals import refused

RUNS = [np.random.default_rng(seed).integers(0, 100, 2_000) for seed in range(3)]


def look(values: np.ndarray, state: Path, size: int | None = 100, law: Path | None = None) -> Monitored:
    beside = Beside(monitor=state, law=None if law is None else str(law))
    monitored = count_values(values, Reading(size=size), beside).monitored
    assert monitored is not None
    return monitored


def test_runs_add_up_and_the_greatest_evidence_is_kept(tmp_path: Path) -> None:
    state = tmp_path / "state.parquet"
    looks = [look(run, state) for run in (RUNS[0], RUNS[1] // 3, RUNS[2])]
    drawn = [RUNS[0], RUNS[1] // 3, RUNS[2]]
    evidence = []
    for number, found in enumerate(looks, start=1):
        tally = Tally.of_counts(np.bincount(np.concatenate(drawn[:number])))
        evidence.append(log_mixture_evidence(tally, 100))
        assert found.tally.counts().tolist() == tally.counts().tolist()
        assert found.looks == number
        assert found.log_evidence == pytest.approx(evidence[-1])
        assert found.log_greatest == pytest.approx(max(evidence))
    verdicts = [found.finding(0.001, "uniform").verdict for found in looks]
    assert verdicts == [Verdict.CONSISTENT, Verdict.NOT_UNIFORM, Verdict.NOT_UNIFORM]


def test_few_draws_pass_no_law(tmp_path: Path) -> None:
    """Silence is no agreement: one draw, and draws that a single look would refuse, are not passed."""
    one = look(np.array([7]), tmp_path / "one").finding(0.001, "uniform")
    assert one.verdict is Verdict.NOT_ENOUGH_SAID
    assert "1,000 is an alarm" in one.sentence
    rarest = look(np.array([7]), tmp_path / "rarest").finding(1e-320, "uniform")
    assert "10^320.0 is an alarm" in rarest.sentence
    enough = look(RUNS[0], tmp_path / "one").finding(0.001, "uniform")
    assert enough.verdict is Verdict.CONSISTENT
    law = write(tmp_path / "law.csv", ["kind,weight", *(f"{kind},1" for kind in range(100))])
    stated = look(np.array([7]), tmp_path / "stated", None, law)
    assert stated.finding(0.001, "it").verdict is Verdict.NOT_ENOUGH_SAID
    every = look(np.repeat(np.arange(100), 20), tmp_path / "even").finding(0.001, "uniform")
    assert every.verdict is Verdict.NOT_ENOUGH_SAID


def test_a_stated_law_is_monitored(tmp_path: Path) -> None:
    law = write(tmp_path / "law.csv", ["kind,weight", *(f"{kind},1" for kind in range(100))])
    stated, uniform = (
        look(RUNS[0], tmp_path / "a", None, law),
        look(RUNS[0], tmp_path / "b"),
    )
    assert stated.log_evidence == pytest.approx(uniform.log_evidence)
    outside = look(np.array([100]), tmp_path / "a", None, law)
    assert outside.log_greatest == math.inf
    assert "was infinite at most and is infinite; 1,000 is" in outside.finding(0.001, "the law").sentence
    assert look(RUNS[1], tmp_path / "a", None, law).finding(0.001, "it").verdict is Verdict.NOT_UNIFORM
    write(law, ["kind,weight", "0,2", *(f"{kind},1" for kind in range(1, 100))])
    with refused(MeasurementError, "contradictory", "monitors another law or space"):
        look(RUNS[0], tmp_path / "a", None, law)


def test_a_stated_law_is_called_by_its_name(tmp_path: Path) -> None:
    law = write(tmp_path / "law.csv", ["kind,weight", *(f"{kind},1" for kind in range(100))])
    found = look(RUNS[0], tmp_path / "state", None, law).finding(0.001, "it")
    assert (str(found), found.against) == ("consistent with it", "it")
    alarm = look(RUNS[1] // 3, tmp_path / "state", None, law).finding(0.001, "it")
    assert (str(alarm), alarm.as_json()["verdict"]) == ("not it", "not it")


def test_a_law_of_several_files_is_another_if_any_of_them_changes(tmp_path: Path) -> None:
    state, law = tmp_path / "state", tmp_path / "law"
    law.mkdir()
    write(law / "1.csv", ["kind,weight", "0,1"])
    write(law / "2.csv", ["kind,weight", "1,1"])
    look(np.array([0, 1, 1]), state, None, law)
    assert look(np.array([0, 1]), state, None, law).looks == 2
    write(law / "2.csv", ["kind,weight", "1,9"])
    with refused(MeasurementError, "contradictory", "monitors another law or space"):
        look(np.array([0, 1]), state, None, law)


def test_more_kinds_than_the_space_has_are_refused_and_not_counted(tmp_path: Path) -> None:
    """In one run, and in all of them together: every look alone would have room."""
    state = tmp_path / "state"
    with refused(MeasurementError, "contradictory", "3 different kinds were drawn, and a space of 2"):
        look(np.array([0, 1, 2]), state, 2)
    assert not state.exists()
    look(np.array([0, 1]), state, 2)
    with refused(MeasurementError, "contradictory", "3 different kinds were drawn, and a space of 2"):
        look(np.array([0, 2]), state, 2)
    found = look(np.array([1, 1]), state, 2)
    assert (found.looks, found.tally.counts().tolist()) == (2, [1, 3])


def test_operations_are_monitored_however_they_are_written(tmp_path: Path) -> None:
    state = tmp_path / "state"
    drawn = np.array([5, 5, 8])
    look(TERNARY.tables(drawn), state, None)
    found = look(np.array(TERNARY.strings(drawn)), state, None)
    assert found.tally.counts().tolist() == [2, 4]


def test_another_law_and_what_is_no_state_are_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.parquet"
    look(RUNS[0], state)
    before = state.read_bytes()
    with refused(MeasurementError, "contradictory", "monitors another law or space"):
        look(RUNS[0], state, 101)
    with refused(MeasurementError, "missing_option", "--monitor needs a law"):
        look(RUNS[0], state, None)
    assert state.read_bytes() == before
    parquet.write_table(pyarrow.table({"kind": ["1"], "count": [1]}), state)
    with refused(MeasurementError, "alien_file", "is no state of --monitor"):
        look(RUNS[0], state)
    state.write_bytes(before[:-1])
    with refused(MeasurementError, "damaged_file", "'state.parquet' is damaged"):
        look(RUNS[0], state)


def test_a_folder_is_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (".", str(tmp_path)):
        words = f"{name} exists and is no regular file but a folder; give the name of a file"
        with refused(StorageError, "already_exists", words):
            look(RUNS[0], Path(name))
    assert list(tmp_path.iterdir()) == []


def test_runs_at_the_same_time_wait_for_one_another(tmp_path: Path) -> None:
    state = tmp_path / "state"
    threads = [threading.Thread(target=look, args=(RUNS[0], state)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = look(RUNS[0], state)
    assert (found.looks, found.tally.draws) == (5, 10_000)


def test_a_full_disk_leaves_the_state_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "state"
    look(RUNS[0], state)

    def full(_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with refused(StorageError, "disk_full", "could not be written: No space left"):
            look(RUNS[0], state)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state", "state.lock"]
    assert look(RUNS[0], state).looks == 2


@pytest.mark.slow
def test_a_kill_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    """Each run that ended is counted, and of one that was killed all or nothing."""
    state = tmp_path / "state"
    loop = f"""
import numpy as np
from pathlib import Path
from fluxttice_core.audit.counted import Beside, count_samples, count_values
from fluxttice_core.audit.draws import Reading
while True:
    count_values(np.arange(50) % 5, Reading(size=5), Beside(monitor=Path({str(state)!r})))
    print(flush=True)
"""
    ended = 0
    for delay in (0.0, 0.02, 0.05, 0.11):
        with subprocess.Popen([sys.executable, "-c", loop], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(delay)
            child.send_signal(signal.SIGKILL)
            ended += 1 + len(child.stdout.read())
        found = look(np.arange(50) % 5, state, 5)
        ended += 1
        assert found.tally.draws == 50 * found.looks
        assert ended <= found.looks <= ended + 1
        ended = found.looks


def test_runs_with_kinds_spelled_otherwise_do_not_add_up(tmp_path: Path) -> None:
    state = tmp_path / "state.parquet"

    def looked(name: str, *, canonical: bool) -> int:
        path = str(write(tmp_path / name, ["OCC", "CN"] if name == "a.txt" else ["CCO", "NC"]))
        reading = Reading(size=10, canonical=canonical)
        monitored = count_samples([path], reading, Beside(monitor=state)).monitored
        assert monitored is not None
        return monitored.tally.distinct

    assert looked("a.txt", canonical=True) == looked("b.txt", canonical=True) == 2
    with refused(MeasurementError, "contradictory", "draws read otherwise"):
        looked("b.txt", canonical=False)


def test_runs_that_leave_other_draws_out_do_not_add_up(tmp_path: Path) -> None:
    """Nor are the counts of one that is refused for it kept."""
    state, kept = tmp_path / "state.parquet", tmp_path / "kept.parquet"
    path = str(write(tmp_path / "a.txt", ["a", "b", "None"]))

    def look(*none: str, counts: Path | None = None) -> None:
        count_samples([path], Reading(size=10, skip=none), Beside(save_counts=counts, monitor=state))

    look("None", "-")
    look("-", "None")
    with refused(MeasurementError, "contradictory", "draws read otherwise"):
        look(counts=kept)
    assert not kept.exists()


def test_more_draws_than_evidence_can_be_told_of_are_refused(tmp_path: Path) -> None:
    """Of 2^53 fair draws of two kinds every fifth run was an alarm that rounding made."""
    state, lines = tmp_path / "state", ["kind,count", "a,4000000000000", "b,4000000000000"]
    counts, fair = write(tmp_path / "counts.csv", lines), Beside(monitor=state)
    reading = Reading(size=2, holds="counts")
    count_samples([str(counts)], reading, fair)
    kept = state.read_bytes()
    with refused(MeasurementError, "too_large", "has 16,000,000,000,000 draws", "begin another file"):
        count_samples([str(counts)], reading, fair)
    assert state.read_bytes() == kept
