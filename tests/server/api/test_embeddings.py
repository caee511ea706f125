import base64
import json
from typing import Any

import httpx
import numpy as np
import pytest

import fluxttice_core as fx
from fluxttice_core.server.served_model import Codebook, Served
from fluxttice_core.spaces.operation_space import OperationSpace

SPACE = OperationSpace()


def embed(server: Any, given: Any, **others: Any) -> httpx.Response:
    answer: httpx.Response = server.post("/v1/embeddings", {"model": "fluxttice-b", "input": given} | others)
    return answer


def vectors(answer: httpx.Response) -> np.ndarray:
    data = answer.json()["data"]
    return np.stack([np.frombuffer(base64.b64decode(item["embedding"]), "<f4") for item in data])


@pytest.mark.parametrize("half", ["a", "b"])
def test_every_operation_has_the_mean_that_encode_gives(served: Served, half: Any) -> None:
    book = Codebook(served.model, half)
    np.testing.assert_allclose(book.means, fx.encode(np.arange(SPACE.size), vae=half), atol=2e-6)
    rows = [np.frombuffer(base64.b64decode(text.strip(b'"')), "<f4") for text in book.base64]
    assert np.array_equal(np.stack(rows), book.means)
    numbers = [json.loads(book.numbers(index)) for index in range(0, SPACE.size, 11)]
    assert np.array_equal(np.array(numbers, np.float32), book.means[::11])


def test_the_largest_batch(server: Any) -> None:
    indices = np.random.default_rng(1).integers(SPACE.size, size=2_048)
    answer = embed(server, SPACE.strings(indices), encoding_format="base64")
    assert answer.status_code == 200
    np.testing.assert_allclose(vectors(answer), fx.encode(indices), atol=2e-6)
    assert [item["index"] for item in answer.json()["data"]] == list(range(2_048))
    tables = embed(server, SPACE.tables(indices).tolist(), encoding_format="base64")
    assert np.array_equal(vectors(tables), vectors(answer))


BATCH = "one request takes at most 2,048"
REFUSED: list[tuple[Any, str, str]] = [
    *[([one] * 2_049, "input", BATCH) for one in ("min", [5], [0] * 9)],
    *[(None, "input", "input is null"), (15633, "input", "input is a number")],
    (True, "input", "true or false"),
    *[({}, "input", "an object"), ([True] * 9, "input", "list of true or false")],
    *[([], "input", "an empty list"), ([[]], "input.0", "a list of 0"), ([1.5], "input", "its 9 trits")],
    *[([2] * 9, "input", "its 9 trits"), ([1, 2, 3], "input", "its 9 trits")],
    ([0, 0, 0, 0, True, 0, 0, 0, 0], "input", "its 9 trits"),
    ([[0, 0, 0]] * 3, "input.0", "a flat list is one operation"),
    *[(["min", 5], "input", "a list of strings and a number"), ([[5], "min"], "input", "lists and strings")],
    *[(["min", "mni"], "input.1", "did you mean min"), ("no-such", "input", "no operation is named")],
    *[("", "input", "input"), ("x" * 65, "input", "a string of 65 characters")],
    ("-0", "input", "has 2 symbols"),
    # What tokenising clients send for "min": read as an index, it would be answered with another operation.
    *[([1083], "input", 'as a string, such as "15633"'), ([[1083]], "input.0", "let it send the texts")],
    *[([number], "input", "a list of 1") for number in (0, 10**30)],
    ([[0], ["min"]], "input.0", "a list of 1"),
    *[("\ufffd\u0000", "input", "no symbol"), ("٣", "input", "no symbol")],
]


@pytest.mark.parametrize(("given", "param", "says"), REFUSED)
def test_the_message_says_what_was_wrong_and_where(server: Any, given: Any, param: str, says: str) -> None:
    asked = {"model": "fluxttice-b", "input": given}
    server.refuses("/v1/embeddings", asked, says=says, param=param, type="invalid_request_error")


def test_whole_numbers_may_be_written_with_a_point(server: Any) -> None:
    tables = "[-1, -1, -1, -1, 0, 0, -1, 0, 1], [-1.0, -1, -1, -1, 0, 0.0, -1, -0, 1]"
    written = f'{{"model": "fluxttice-b", "input": [{tables}]}}'
    kind = {"content-type": "application/json; charset=utf-8"}
    answer = server.client.post("/v1/embeddings", content=written, headers=kind)
    first, second = (item["embedding"] for item in answer.json()["data"])
    assert first == second


@pytest.mark.parametrize(
    ("param", "value"),
    [
        *[("dimensions", 15), ("dimensions", "16"), ("dimensions", True), ("encoding_format", "hex")],
        *[("user", 5), ("model", None), ("temperature", 1)],
    ],
)
def test_other_arguments_are_refused_by_name(server: Any, param: str, value: Any) -> None:
    server.refuses("/v1/embeddings", {"model": "fluxttice-b", "input": "min", param: value}, param=param)


def test_null_is_the_same_as_nothing(server: Any) -> None:
    plain = embed(server, "min")
    nulls = embed(server, "min", encoding_format=None, dimensions=None, user=None)
    assert nulls.content == plain.content
