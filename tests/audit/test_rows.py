"""Elements and weights of files, read as draws are: sorted, each once, in bounded memory."""

from pathlib import Path

import numpy as np
import pytest

from fluxttice_core.audit.rows import read_rows
from fluxttice_core.errors import ErrorCode, MeasurementError
from tests.refusals import refused


def written(folder: Path, text: str, name: str = "rows.csv") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


@pytest.mark.parametrize(
    ("name", "text", "column"),
    [("rows.txt", "b\na\nb\n", None), ("rows.csv", "word,n\na,1\nb,9\n", "word")],
)
def test_elements_come_sorted_and_once(name: str, text: str, column: str | None, tmp_path: Path) -> None:
    found = read_rows([written(tmp_path, text, name)], column=column)
    assert (found.kinds, found.weights) == (("a", "b"), None)


def test_weights_of_one_element_add_up(tmp_path: Path) -> None:
    found = read_rows([written(tmp_path, "word,n\nb,1.5\na,2\nb,1\n")], weights="n")
    assert found.kinds == ("a", "b")
    assert found.weights is not None
    assert found.weights.tolist() == [2.0, 2.5]


def test_numbers_of_arrays_stay_numbers(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.array([7, 3, 7]))
    assert read_rows([str(tmp_path / "rows.npy")]).kinds == (3, 7)


@pytest.mark.parametrize(
    ("text", "column", "weights", "code"),
    [
        ("word,n\na,1\n", None, None, "ambiguous"),
        ("word,n\na,1\n", "nix", "n", "unknown_column"),
        ("word,n\na,1\n", None, "nix", "unknown_column"),
        ("word,n\na,\n", None, "n", "malformed"),
        ("word,n\na,inf\n", None, "n", "malformed"),
        ("word,n\n", None, "n", "too_few"),
        ("u,v\na,b\n", None, None, "ambiguous"),
    ],
)
def test_what_says_no_elements_is_refused(
    tmp_path: Path, text: str, column: str | None, weights: str | None, code: ErrorCode
) -> None:
    with refused(MeasurementError, code, "rows.csv"):
        read_rows([written(tmp_path, text)], column=column, weights=weights)
