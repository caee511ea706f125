import base64
import json
from typing import Any

import httpx
import numpy as np
import pytest

import fluxttice_core as fx
from fluxttice_core.server.served_model import Codebook, Served, codebook
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
    book = codebook(served.model, half)
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


@pytest.mark.parametrize("entry", ["min", [5], [0] * 9])
def test_one_more_than_the_largest_batch_is_refused(server: Any, entry: Any) -> None:
    answer = embed(server, [entry] * 2_049)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "too_many_inputs"
    assert "at most 2,048" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("given", "param", "says"),
    [
        (None, "input", "input is null"),
        (15633, "input", "input is a number"),
        (True, "input", "true or false"),
        ({}, "input", "an object"),
        ([True] * 9, "input", "list of true or false"),
        ([1.5], "input", "either 9 trits"),
        ([0, 0, 0, 0, True, 0, 0, 0, 0], "input", "either 9 trits"),
        ([[0, 0, 0]] * 3, "input.0", "a flat list is one operation"),
        (["min", 5], "input", "a list of strings and a number"),
        ([[5], "min"], "input", "lists and strings"),
        (["min", "mni"], "input.1", "did you mean min"),
        ("x" * 65, "input", "a string of 65 characters"),
        ("-0", "input", "has 2 symbols"),
        ([[5], [19_683]], "input.1", "from 0 to 19,682"),
        ([-1], "input", "19,682"),
        ([10**30], "input", "19,682"),
        ("\ufffd\u0000", "input", "no symbol"),
        ("٣", "input", "no symbol"),
    ],
)
def test_the_message_says_what_was_wrong_and_where(server: Any, given: Any, param: str, says: str) -> None:
    answer = embed(server, given)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["param"] == param
    assert says in error["message"]
    assert error["type"] == "invalid_request_error"


def test_whole_numbers_may_be_written_with_a_point(server: Any) -> None:
    written = server.client.post(
        "/v1/embeddings",
        content='{"model": "fluxttice-b", "input": [[1.5633e4], [-1.0, -1, -1, -1, 0, 0.0, -1, -0, 1]]}',
        headers={"content-type": "application/json; charset=utf-8"},
    )
    first, second = (item["embedding"] for item in written.json()["data"])
    assert first == second


@pytest.mark.parametrize(
    ("others", "param"),
    [
        ({"dimensions": 15}, "dimensions"),
        ({"dimensions": "16"}, "dimensions"),
        ({"dimensions": True}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"user": 5}, "user"),
        ({"model": None}, "model"),
        ({"temperature": 1}, "temperature"),
    ],
)
def test_other_arguments_are_refused_by_name(server: Any, others: dict[str, Any], param: str) -> None:
    answer = embed(server, "min", **others)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


def test_null_is_the_same_as_nothing(server: Any) -> None:
    plain = embed(server, "min")
    nulls = embed(server, "min", encoding_format=None, dimensions=None, user=None)
    assert nulls.content == plain.content


def test_distances_are_euclidean() -> None:
    book = Codebook(np.array([[0.0, 0.0], [3.0, 4.0]], dtype=np.float32), (b"", b""))
    assert book.distances(np.zeros(2, dtype=np.float32)).tolist() == [0.0, 5.0]
