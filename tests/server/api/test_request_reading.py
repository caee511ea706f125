"""Malformed requests: always an error in the usual shape, never a failure of the server."""

import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from fluxttice_core.server.errors import error_body, shorten
from tests.fuzz.mutations import mutated

PATHS = ("/v1/embeddings", "/v1/decode", "/v1/sample", "/v1/neighbours")
MALFORMED = {
    "empty": b"",
    "blank": b"  ",
    "no JSON": b"hello",
    "half": b'{"model": "fluxttice-b", "input": ["min"',
    "trailing": b"{} {}",
    "list": b"[]",
    "text": b'"min"',
    "number": b"5",
    "null": b"null",
    "not a number": b'{"model": "fluxttice-b", "input": [NaN]}',
    "infinity": b'{"model": "fluxttice-b", "latents": [Infinity]}',
    "overflow": b'{"model": "fluxttice-b", "n": 1e999, "seed": 1e999}',
    "long number": b'{"model": "fluxttice-b", "n": ' + b"9" * 5_000 + b"}",
    "huge number": b'{"model": "fluxttice-b", "n": ' + b"9" * 4_000 + b"}",
    "deep list": b"[" * 100_000,
    "deep input": b'{"model": "fluxttice-b", "input": ' + b"[" * 150 + b"]" * 150 + b"}",
    "deep object": b'{"a":' * 50_000,
    "not UTF-8": b'{"model": "\xff\xfe"}',
    "lone surrogate": b'{"model": "fluxttice-b", "input": "\\ud800"}',
    "null character": b'{"model": "\\u0000", "input": "\\u0000"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"model": "fluxttice-b"}'.encode("utf-16"),
    "no model": b'{"input": "min", "latents": [0], "n": 5, "operation": {}}',
    "long key": b'{"' + b"k" * 100_000 + b'": 1}',
    "long name": b'{"model": "' + b"m" * 100_000 + b'"}',
    "many keys": b"{" + b",".join(b'"%d":1' % i for i in range(20_000)) + b"}",
    "wrong types": b'{"model": {}, "input": {}, "latents": {}, "n": {}, "seed": [], "operation": {}}',
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_body_is_a_bad_request(server: Any, path: str, name: str) -> None:
    answer = server.send(path, MALFORMED[name])
    assert answer.status_code in (400, 404)
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert 10 < len(error["message"]) < 6_000
    assert len(error["param"] or "") <= 200


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"]
)
def test_what_is_not_announced_as_json_is_refused(server: Any, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    answer = server.client.post(
        "/v1/embeddings", content=b'{"model":"fluxttice-b","input":"min"}', headers=headers
    )
    assert answer.status_code == 415
    assert "Content-Type: application/json" in answer.json()["error"]["message"]
    assert answer.headers["connection"] == "close"  # or the next request might meet a closed one


def test_a_body_of_two_megabytes_is_read_and_one_byte_more_is_not(server: Any) -> None:
    head = b'{"model":"fluxttice-b","input":"min","user":"'
    body = head + b"u" * (2 * 1024 * 1024 - len(head) - 2) + b'"}'
    assert server.send("/v1/embeddings", body).status_code == 200
    server.refuses("/v1/embeddings", body + b" ", status=413, says="2,097,152 bytes")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "GET"])
def test_other_methods_are_refused_and_told_the_right_one(server: Any, method: str) -> None:
    answer = server.client.request(method, "/v1/embeddings")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/embeddings/", "//v1/models", "/v2/models", "/%00", "/..%2f..%2fetc"]
)
def test_other_paths_are_not_found(server: Any, path: str) -> None:
    server.refuses(path, status=404, code="not_found")


GOOD = (
    b'{"model":"fluxttice-b","input":["min","----00-0+",[0,0,0]],"encoding_format":"base64","user":"x"}',
    b'{"model":"fluxttice-a","latents":[[0.5,-1e3,2,3,4,5,6,7,8,9,1,2,3,4,5,6]],"probabilities":true}',
    b'{"model":"fluxttice-b","n":10,"seed":9007199254740991}',
    b'{"operation":[[-1,0,1],[0,0,0],[1,1,1]],"by":"hamming","limit":5,"latent":null}',
)
TOKENS = (b"null", b"-", b"1e400", b"[[", b"}", b'"', b"\\u0000", b"99999999999999999999", b"true")


def survive(server: Any, count: int, seed: int) -> Counter[int]:
    statuses: Counter[int] = Counter()
    random = Random(seed)
    for number in range(count):
        body = mutated(random.choice(GOOD), random, TOKENS)
        answer = server.send(PATHS[number % len(PATHS)], body)
        statuses[answer.status_code] += 1
        assert answer.status_code in (200, 400, 404), (answer.status_code, body)
        assert answer.status_code == 200 or set(answer.json()) == {"error"}
    assert server.get("/healthz").status_code == 200
    return statuses


@pytest.mark.parametrize(("number", "seed"), [(400, 1), pytest.param(10_000, 2, marks=pytest.mark.slow)])
def test_mutated_requests_do_no_harm(server: Any, number: int, seed: int) -> None:
    assert survive(server, number, seed)[400] > number / 2


def test_errors_tell_whose_fault_it_is() -> None:
    assert b'"invalid_request_error"' in error_body("x", 404)
    assert b'"server_error"' in error_body("x", 503)
    assert shorten("y" * 61) == "y" * 57 + "..."


TWICE = {
    "the last decides": (b'{"operation":"min","operation":"max"}', "operation", 2),
    "equal values": (b'{"limit":3,"operation":"min","limit":3}', "limit", 2),
    "spaced, escaped": (b'{"operation" : "min", "oper\\u0061tion"\n: "max"}', "operation", 2),
    "three times, and a colon in a text": (b'{"model":1,"operation":"a:b","model":2,"model":3}', "model", 3),
    "further in": (b'{"operation":{"min":{"a":1,"b":2,"a":3}}}', "a", 2),
    "very long": (b'{"' + b"k" * 500 + b'":1,"' + b"k" * 500 + b'":1}', "k" * 57 + "...", 2),
    "a long number": (b'{"seed":1,"seed":1,"n":1' + b"0" * 4_200 + b"}", "seed", 2),
}


@pytest.mark.parametrize("body", TWICE)
def test_a_name_that_is_given_twice_is_refused(server: Any, body: str) -> None:
    content, name, times = TWICE[body]
    message = f"{name} was given {times} times: give it once"
    server.refuses("/v1/neighbours", content, code="duplicate_argument", param=name, message=message)


@pytest.mark.parametrize("text", ['":', "fut:FFFFUUFUT", 'a":"a":', "{:[", "\\"])
def test_colons_within_texts_are_no_names(server: Any, text: str) -> None:
    asked = {"model": "fluxttice-b", "input": ["fut:FFFFUUFUT", "min"], "user": text}
    assert server.post("/v1/embeddings", asked).status_code == 200


LARGE: dict[str, tuple[dict[str, Any], str, int]] = {
    "a name twice": ({"user": "x"}, '"user":"y"', 400),
    "a name twice, escaped and spaced": ({"user": "x"}, '"\\u0075ser"\n :"y"', 400),
    "an object within": ({"user": {"a": 1}}, '"encoding_format":"float"', 400),
    "a text that begins with a colon": ({"user": ":x"}, '"encoding_format":"float"', 400),
    "a colon in a text": ({"user": "team:x", "encoding_format": "float"}, '"dimensions":16', 200),
    "no colon in a text": ({"user": "x"}, '"encoding_format":"float"', 200),
}


@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.parametrize("large", [True, False])
def test_names_are_counted_in_large_bodies_and_said_in_others(server: Any, kind: str, large: bool) -> None:
    fields, last, status = LARGE[kind]
    written = json.dumps(
        {"model": "fluxttice-b", "input": ["fut:FFFFUUFUT"] * (2_048 if large else 2), **fields}
    )
    padding = " " * (2**16 if large else 0)
    answer = server.send("/v1/embeddings", f"{written[:-1]},{padding}{last}}}")
    if large:
        assert answer.status_code == status
        assert status == 200 or answer.json()["error"]["code"] == "duplicate_argument"
    else:
        said = answer.json().get("error", {}).get("message", "")
        assert said.startswith("user") == kind.startswith(("a name twice", "an object"))
        assert ("was given 2 times" in said) == kind.startswith("a name twice")


PARTS = {
    "lists": (b"[],", b"[]"),
    "objects": (b"{},", b"{}"),
    "numbers": (b"0,", b"0"),
    "names": (b'"a":0},{', b'"a":0}]}'),
}


@pytest.mark.parametrize("kind", PARTS)
def test_a_body_of_more_parts_than_any_request_needs_is_not_read(server: Any, kind: str) -> None:
    unit, last = PARTS[kind]
    head = b'{"model":"fluxttice-b","input":['
    limits = "8,192 brackets, braces and colons, or more than 131,136 commas"
    body = head + unit * 140_000 + last + b"]}"
    server.refuses("/v1/embeddings", body, code="too_many_inputs", says=limits)


@pytest.mark.parametrize(("colons", "status"), [(8_180, 200), (8_192, 400)])
def test_a_text_may_hold_colons_but_not_as_many_as_would_be_names(
    server: Any, colons: int, status: int
) -> None:
    asked = {"model": "fluxttice-b", "input": "min", "user": ":" * colons}
    assert server.post("/v1/embeddings", asked).status_code == status


def test_as_many_wide_latents_as_the_documentation_says_are_read_and_wider_ones_are_not(server: Any) -> None:
    for width, code in ((64, "invalid_latents"), (65, "too_many_inputs")):
        asked = {"model": "fluxttice-b", "latents": [[0] * width] * 2_048}
        server.refuses("/v1/decode", asked, code=code)


def test_as_many_latents_as_one_request_takes_are_read_however_long_their_numbers(server: Any) -> None:
    number = "0.1234567890123456789012345678901234567890"
    rows = ",".join(["[" + ",".join([number] * 16) + "]"] * 2_048)
    body = f'{{"model":"fluxttice-b","latents":[{rows}]}}'
    assert 1_400_000 < len(body) < 2 * 1024 * 1024
    assert server.send("/v1/decode", body).status_code == 200


def test_of_very_many_unknown_names_the_first_is_said(server: Any) -> None:
    asked = {"model": "fluxttice-b", "input": "min"} | {f"x{i}": i for i in range(8_000)}
    server.refuses("/v1/embeddings", asked, code="unknown_argument", param="x0")
