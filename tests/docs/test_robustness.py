"""The counts of faults and of fuzzing: kept as they came, one entry a parser, shown as they were kept."""

import json
from pathlib import Path

from docs.robustness import FUZZED, INJECTED, fault_table, fuzzing_table, record_faults, record_fuzzing
from tests.fuzz.parsers import parsers


def test_faults_are_shown_as_they_were_counted(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    record_faults({"kill -9 of train": (70, 1), "attack by pickles": (1_200, 0)}, path)
    rows = fault_table(path).splitlines()
    assert rows[2:] == [
        "| attack by pickles | 1,200 | 0 |",
        "| kill -9 of train | 70 | 1 |",
        "| all | 1,270 | 1 |",
    ]


def test_seeds_add_up_until_one_fails_and_one_tried_again_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "fuzz.json"
    record_fuzzing("recipes", read=1, refused=2, failed=1, seed=1, path=path)
    record_fuzzing("keys", read=1_000, refused=4, failed=0, seed=1, path=path)
    record_fuzzing("recipes", read=20, refused=30, failed=0, seed=2, path=path)
    record_fuzzing("recipes", read=7, refused=1, failed=0, seed=3, path=path)
    record_fuzzing("recipes", read=9, refused=2, failed=0, seed=3, path=path)
    rows = [row.rpartition(" | ")[0] for row in fuzzing_table(path).splitlines()]
    assert rows[2:] == ["| keys | 1,004 | 1,000 | 4 | 0", "| recipes | 61 | 29 | 32 | 0"]
    assert [run["seed"] for run in json.loads(path.read_text())["parsers"]["recipes"]["runs"]] == [2, 3]


def test_every_parser_was_tried_on_a_million_inputs_and_none_failed() -> None:
    kept = json.loads(FUZZED.read_text())["parsers"]
    assert set(kept) == set(parsers())
    for name, of in kept.items():
        assert of["read"] + of["refused"] >= 1_000_000, name
        assert of["failed"] == 0, name


def test_every_fault_was_injected_as_often_as_the_page_promises_and_none_got_through() -> None:
    faults = json.loads(INJECTED.read_text())["faults"]

    def injected(start: str) -> int:
        return sum(of["injected"] for name, of in faults.items() if name.startswith(start))

    for work in ("train", "certify", "export"):
        assert injected(f"kill -9 of {work}") >= 200
    assert injected("flip in a certified folder") >= 500
    assert all(injected(f"{kind} in a certified folder") >= 100 for kind in ("cut", "empty"))
    assert injected("attack by ") > 0
    assert sum(of["lost"] for of in faults.values()) == 0
