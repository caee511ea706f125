"""Small files that unpack into gigabytes: refused in little memory, where plain readers take all of it."""

import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.bombs import (
    archive,
    array_header,
    counts,
    directory,
    long_header,
    peak,
    sparse,
    weights,
    wide,
    window,
)
from docs.bombs import BEYOND, MEASURED
from docs.robustness import content_of
from fluxttice_core.audit import arrays, tables
from fluxttice_core.audit.counted import count_samples
from fluxttice_core.audit.draws import Reading
from fluxttice_core.audit.sources import find_source
from fluxttice_core.errors import ErrorCode, MeasurementError
from tests.attacks.conftest import Lid
from tests.refusals import refused

GIGABYTE = 1 << 30


def _plain_header(path: Path) -> None:
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_2_0(file)


def _plain_lines(path: Path) -> None:
    with lzma.open(path) as file:
        file.readline()


BOMBS: dict[str, tuple[Callable[[Path], None], Callable[[Path], Any], ErrorCode, str]] = {
    "header.npy": (
        lambda path: sparse(path, long_header(2 * GIGABYTE), 2 * GIGABYTE + 12),
        _plain_header,
        "alien_file",
        "no array of numbers",
    ),
    "members.npz": (
        lambda path: directory(path, 2 * GIGABYTE),
        zipfile.ZipFile,
        "alien_file",
        "no archive of NumPy arrays",
    ),
    "window.txt.xz": (lambda path: window(path, 4), _plain_lines, "too_large", "compress it anew"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_little_memory_and_a_plain_reader_is_not_safe(
    name: str, tmp_path: Path, memory_lid: Lid
) -> None:
    make, plain, code, sentence = BOMBS[name]
    path = tmp_path / name
    make(path)
    with memory_lid(1_024), pytest.raises(MemoryError):
        plain(path)
    with memory_lid(1_024), refused(MeasurementError, code, sentence):
        count_samples([str(path)])


def test_strings_are_read_few_at_a_time(tmp_path: Path) -> None:
    archive(tmp_path / "it.npz", array_header((1 << 18, 3), "|S2"), b"ab", 3 << 19)
    pieces, _ = arrays.read_arrays(find_source([str(tmp_path / "it.npz")]), None, GIGABYTE)
    sizes = [piece.size for piece in pieces]
    assert sum(sizes) == 3 << 18
    assert max(sizes) <= arrays._STRINGS


def test_an_array_by_columns_is_a_part_of_the_memory(tmp_path: Path) -> None:
    path, size = tmp_path / "it.npy", 9 * 8 * 1_000
    np.save(path, np.zeros((1_000, 9), np.int64, order="F"))
    for memory, held in ((size * 4, True), (size * 4 - 4, False)):
        pieces, _ = arrays.read_arrays(find_source([str(path)]), None, memory)
        if held:
            assert [piece.shape for piece in pieces] == [(1_000, 9)]
            continue
        with refused(MeasurementError, "too_large", "store it by rows"):
            list(pieces)


@pytest.mark.parametrize("name", ["it.csv", "it.jsonl"])
def test_more_columns_than_spreadsheets_have_are_refused(name: str, tmp_path: Path) -> None:
    wide(tmp_path / name, tables._MOST_COLUMNS)
    with refused(MeasurementError, "too_large", "16,385 columns"):
        count_samples([str(tmp_path / name)])


def test_counts_that_are_all_different_are_a_part_of_the_memory(tmp_path: Path) -> None:
    for number, held in ((1_000_000, True), (1_000_001, False)):
        counts(tmp_path / "it.parquet", number)
        places, reading = [str(tmp_path / "it.parquet")], Reading(holds="counts")
        if held:
            assert count_samples(places, reading, memory="256MB").tally.distinct == number
            continue
        with refused(MeasurementError, "too_large", "1,000,000 different values"):
            count_samples(places, reading, memory="256MB")


def test_the_largest_weights_are_verified_within_four_times_their_size(tmp_path: Path) -> None:
    folder = tmp_path / "it"
    folder.mkdir()
    weights(folder / "model.safetensors", 0)
    code, megabytes = peak(["verify", str(folder)])
    assert code == 1
    assert 268 < megabytes < BEYOND["verify"] + 150


def test_what_was_measured_is_within_the_bounds() -> None:
    kept = content_of(MEASURED)
    plain = {of["command"]: of["peak"] for of in kept["plain"]}
    assert len(kept["bombs"]) > 20
    for of in kept["bombs"]:
        assert of["peak"] <= plain[of["command"]] + BEYOND[of["command"]], of["file"]
        assert of["kilobytes"] < 6_000, of["file"]
