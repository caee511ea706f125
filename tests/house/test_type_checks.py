"""Wrong types are refused while tests run: of arguments, of what is returned, of fields, and of shapes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from beartype import beartype
from jaxtyping import Int64, Integer, TypeCheckError

from fluxttice_core.metrics.metric import Score
from fluxttice_core.statistics.counts import counts_of
from fluxttice_core.statistics.tally import Tally
from fluxttice_core.storage.canonical_json import json_digest, parse_json
from tests.type_checks import checked, names_shapes

Wrong: Any = "of another type"


@pytest.mark.types
@pytest.mark.parametrize(
    "call",
    [
        lambda: counts_of(Wrong),
        lambda: counts_of(np.zeros((2, 2), dtype=np.int64)),
        lambda: counts_of(np.zeros(2)),
        lambda: Tally.of_counts(np.zeros(2, dtype=np.int64)).drawn(Wrong),
        lambda: parse_json(b"{}", name=1),  # type: ignore[arg-type]
        lambda: Score("nll", "a", Wrong, 1.0, 2.0),
    ],
)
def test_wrong_arguments_of_the_package_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(TypeCheckError):
        call()


def test_right_arguments_are_taken() -> None:
    assert counts_of(np.array([7, 7, 3])).tolist() == [1, 2]
    assert json_digest({}) == json_digest(parse_json(b"{}", name="nothing"))


def check(function: Any) -> Any:
    return checked(typechecker=beartype)(function)


def test_wrong_results_and_shapes_that_differ_are_refused() -> None:
    @check
    def number(text: str) -> int:
        return text  # type: ignore[return-value]

    @check
    def first(a: Integer[np.ndarray, "n"], b: Integer[np.ndarray, "n"]) -> Int64[np.ndarray, "n"]:
        return a

    @check
    @dataclass
    class Pair:
        left: int

        @property
        def right(self) -> int:
            return Wrong  # type: ignore[no-any-return]

        @classmethod
        def of(cls, left: int) -> "Pair":
            return cls(left)

    with pytest.raises(TypeCheckError):
        number("1")
    with pytest.raises(TypeCheckError):
        first(np.zeros(2, dtype=np.int64), np.zeros(3, dtype=np.int64))
    with pytest.raises(TypeCheckError):
        Pair(Wrong)
    assert Pair(1).left == 1
    assert first(np.zeros(2, dtype=np.int64), np.ones(2, dtype=np.int64)).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Int64[np.ndarray, "n"], True),
        (tuple[int, Int64[np.ndarray, "n"]], True),
        (Callable[[Int64[np.ndarray, "n"]], int], True),
        (Int64[np.ndarray, "n"] | None, True),
        (np.ndarray, False),
        (dict[str, int], False),
        (Any, False),
        (None, False),
    ],
)
def test_shapes_are_found_however_deep(annotation: object, expected: bool) -> None:
    assert names_shapes(annotation) is expected


def test_wrong_types_pass_while_jaxtyping_is_told_to_let_them(unchecked_types: None) -> None:
    assert check(lambda: 0)() == 0
    assert json_digest(Wrong) == json_digest("of another type")
    with pytest.raises(AttributeError):
        parse_json(3, name="it")  # type: ignore[arg-type]
