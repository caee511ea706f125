import base64
from typing import Any

import numpy as np
import pytest

import fluxttice_core as fx
from fluxttice_core.operations.distance import hamming_to_all
from fluxttice_core.spaces.operation_space import OperationSpace

SPACE = OperationSpace()
HALVES = [("fluxttice-a", "a"), ("fluxttice-b", "b")]


@pytest.mark.parametrize(("model", "half"), HALVES)
def test_decoding_gives_what_decode_gives(server: Any, model: str, half: Any) -> None:
    latents = np.random.default_rng(2).normal(size=(300, 16)).astype(np.float32)
    answer = server.post("/v1/decode", {"model": model, "latents": latents.tolist(), "probabilities": True})
    rows = answer.json()["data"]
    assert [row["position"] for row in rows] == list(range(300))
    np.testing.assert_array_equal([np.ravel(row["table"]) for row in rows], fx.decode(latents, vae=half))
    chances = np.array([row["probabilities"] for row in rows])
    np.testing.assert_allclose(chances, fx.decode(latents, vae=half, probabilities=True), atol=1e-6)
    np.testing.assert_allclose(chances.sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose([row["probability"] for row in rows], chances.max(-1).prod(-1), rtol=1e-4)
    assert [row["index"] for row in rows] == SPACE.indices(fx.decode(latents, vae=half)).tolist()
    assert [row["string"] for row in rows] == SPACE.strings([row["index"] for row in rows])


def test_an_embedding_can_be_sent_back_in_either_encoding(server: Any) -> None:
    for encoding in ("float", "base64"):
        asked = {"model": "fluxttice-b", "input": ["min", "webb"], "encoding_format": encoding}
        codes = [item["embedding"] for item in server.post("/v1/embeddings", asked).json()["data"]]
        decoded = server.post("/v1/decode", {"model": "fluxttice-b", "latents": codes}).json()["data"]
        assert [row["names"] for row in decoded] == [["min"], ["webb"]]
        assert decoded[0]["probabilities"] is None
        single = server.post("/v1/decode", {"model": "fluxttice-b", "latents": codes[1]}).json()["data"]
        assert [row["index"] for row in single] == [223]


def written(value: float) -> str:
    """A latent of equal numbers as base64."""
    return base64.b64encode(np.full(16, value, "<f4").tobytes()).decode()


@pytest.mark.parametrize(
    ("given", "param"),
    [
        *[(None, "latents"), ([], "latents")],
        *[(wrong, "latents.0") for wrong in ("", "AAAA", "?" * 88)],
        *[([0.0] * 15, "latents.0"), ([[0.0] * 16, [0.0] * 17], "latents.1"), ([["0"] * 16], "latents.0.0")],
        *[([[wrong] * 16], "latents.0.0") for wrong in (True, 1.0e7, 10**400)],
        *[([[0.0] * 16] * 2_049, "latents"), ([written(0)] * 2_049, "latents")],
        *[(written(np.nan), "latents.0"), (written(-np.inf), "latents.0")],
    ],
)
def test_what_is_no_latent_is_refused(server: Any, given: Any, param: str) -> None:
    asked = {"model": "fluxttice-b", "latents": given}
    server.refuses("/v1/decode", asked, says="little-endian float32", param=param)


@pytest.mark.parametrize(("model", "half"), HALVES)
def test_draws_are_those_of_their_seed(server: Any, model: str, half: Any) -> None:
    asked = {"model": model, "n": 5_000, "seed": 11}
    first, again = (server.post("/v1/sample", asked).json() for _ in range(2))
    assert first == again
    drawn = fx.certified().sample(5_000, vae=half, seed=11)
    assert first["operations"] == drawn.tolist()
    assert first["distinct"] == np.unique(drawn).size <= 5_000
    assert first["ceiling"] == pytest.approx(19_683 * (1 - (1 - 1 / 19_683) ** 5_000))
    assert server.post("/v1/sample", asked | {"seed": 12}).json()["operations"] != first["operations"]


def test_draws_without_a_seed_can_be_repeated_with_the_one_that_was_picked(server: Any) -> None:
    asked = {"model": "fluxttice-b", "n": 50}
    drawn, other = (server.post("/v1/sample", asked).json() for _ in range(2))
    assert drawn["seed"] != other["seed"]
    assert server.post("/v1/sample", asked | {"seed": drawn["seed"]}).json() == drawn


@pytest.mark.parametrize(
    ("name", "value"),
    [*[("n", wrong) for wrong in (0, 100_001, 1.5, True, "9", None)], ("seed", -1), ("seed", 2**53)],
)
def test_draws_have_bounds(server: Any, name: str, value: Any) -> None:
    server.refuses("/v1/sample", {"model": "fluxttice-b", name: value}, param=name)


def test_the_most_draws_and_the_largest_seed_are_served(server: Any) -> None:
    answer = server.post("/v1/sample", {"model": "fluxttice-b", "n": 100_000, "seed": 2**53 - 1})
    assert len(answer.json()["operations"]) == 100_000


@pytest.mark.parametrize(("model", "half"), HALVES)
def test_neighbours_by_latent_are_the_nearest_means(server: Any, model: str, half: Any) -> None:
    means = fx.encode(np.arange(SPACE.size), vae=half).astype(np.float64)
    away = np.linalg.norm(means - means[223], axis=1)
    found = server.post("/v1/neighbours", {"operation": "webb", "model": model, "limit": 50}).json()
    distances = [row["distance"] for row in found["data"]]
    assert found["operation"] == 223
    assert 223 not in [row["index"] for row in found["data"]]
    assert distances == sorted(distances)
    np.testing.assert_allclose(distances, np.sort(away)[1:51], atol=1e-5)
    np.testing.assert_allclose(distances, away[[row["index"] for row in found["data"]]], atol=1e-5)


def test_neighbours_of_a_latent_include_the_operation_that_it_is(server: Any) -> None:
    latent = fx.encode(15633)[0]
    for written in (latent.tolist(), base64.b64encode(latent.tobytes()).decode()):
        found = server.post("/v1/neighbours", {"latent": written, "limit": 3}).json()
        assert found["data"][0]["names"] == ["min"]
        assert found["data"][0]["distance"] == pytest.approx(0, abs=1e-5)
        assert found["operation"] is None


@pytest.mark.parametrize(
    "written", ["min", 15633, [-1, -1, -1, -1, 0, 0, -1, 0, 1], [[-1] * 3, [-1, 0, 0], [-1, 0, 1]]]
)
def test_neighbours_by_cells_are_counted_and_ties_go_by_index(server: Any, written: Any) -> None:
    found = server.post("/v1/neighbours", {"operation": written, "by": "hamming", "limit": 1_000}).json()
    away = hamming_to_all(15633)
    expected = sorted((int(distance), index) for index, distance in enumerate(away) if index != 15633)
    assert [(row["distance"], row["index"]) for row in found["data"]] == expected[:1_000]
    assert found["model"] is None


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        *[({}, "either operation or latent"), ({"latent": [[0] * 16] * 2}, "give one")],
        ({"operation": "min", "latent": [0] * 16}, "either operation or latent"),
        ({"latent": [0] * 16, "by": "hamming"}, "no cells to compare"),
        *[({"operation": "min", "by": "edit"}, "by:"), ({"operation": "min", "limit": 0}, "limit:")],
        *[({"operation": "min", "limit": 1_001}, "limit:"), ({"operation": True}, "True and False")],
        *[({"operation": {"a": 1}}, "cannot read"), ({"operation": [0] * 10}, "a list of 10")],
        # A client that tokenises sends such a list for `min`.
        *[({"operation": wrong}, "that is no table") for wrong in ([1083], [[1083]], ["min"], [])],
        *[({"operation": wrong}, "that is no table") for wrong in (["----00-0+", 223], [[0] * 3, [0] * 2])],
        *[({"operation": wrong}, "outside 0 to 19682") for wrong in (-1, 10**40)],
    ],
)
def test_neighbours_need_one_start(server: Any, asked: dict[str, Any], says: str) -> None:
    server.refuses("/v1/neighbours", asked, says=says)


@pytest.mark.parametrize(
    ("path", "others"), [("decode", {"latents": [0] * 16}), ("sample", {}), ("neighbours", {"operation": 5})]
)
def test_an_unknown_model_is_not_found(server: Any, path: str, others: dict[str, Any]) -> None:
    server.refuses(f"/v1/{path}", {"model": "fluxttice-c"} | others, status=404, code="model_not_found")
