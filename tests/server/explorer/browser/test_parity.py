"""The networks in the browser give what the model gives in Python."""

from base64 import b64decode
from typing import Any

import numpy as np
import pytest
import torch

from fluxttice_core.model.halves import HALVES
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.symmetry import representatives
from fluxttice_core.operations.vocabulary import SYMMETRIES
from fluxttice_core.server.served_model import Served

from .conftest import EVERY_ONE, Explorer, K

TOLERANCE = 1e-5
# Of a whole half: all means, and the probabilities that given latents are decoded to, as base64.
NUMBERS = """async ([half, latents]) => {
  const { codes } = explorer.page;
  const rows = latents.map((row) => codes.decode(half, Float32Array.from(row)).probabilities);
  const text = (array) => new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1]);
    reader.readAsDataURL(new Blob(array));
  });
  return [await text([codes.means[half]]), await text(rows)];
}"""


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("draws", [800, pytest.param(20_000, marks=pytest.mark.slow)])
def test_both_halves_compute_what_the_model_computes(
    alone: Explorer, served: Served, half: Any, draws: int
) -> None:
    latents = np.random.default_rng(draws).normal(size=(draws, 16)).astype(np.float32)
    codes = served.codebooks[half].means[:: 1 if draws > K else 61]
    latents[: len(codes)] = codes
    means, chances = (
        np.frombuffer(b64decode(text), dtype="<f4")
        for text in alone.page.evaluate(NUMBERS, [half, latents.tolist()])
    )
    expected = served.model.decode(latents, vae=half, probabilities=True)
    apart = {
        "means": np.abs(means.reshape(K, 16) - served.codebooks[half].means).max(),
        "probabilities": np.abs(chances.reshape(expected.shape) - expected).max(),
    }
    assert max(apart.values()) < TOLERANCE, apart
    largest = np.sort(expected, axis=-1)
    clear = largest[..., 2] - largest[..., 1] > TOLERANCE
    same = chances.reshape(expected.shape).argmax(-1) == expected.argmax(-1)
    assert same[clear].all()
    assert clear.mean() > 0.999
    other = served.codebooks["a" if half == "b" else "b"].means
    assert np.abs(means.reshape(K, 16) - other).max() > 1000 * TOLERANCE


@pytest.mark.parametrize("half", HALVES)
def test_variances_are_those_of_the_model(alone: Explorer, served: Served, half: Any) -> None:
    tables = torch.from_numpy(TERNARY.tables(np.array([0, 15633, 19682])))
    expected = served.model.model.vae(half).encode_gaussian(tables)[1].numpy()
    found = alone.get(
        f"[0, 15633, 19682].map((i) => Array.from(explorer.page.codes.encode('{half}', i).logVariance))"
    )
    assert np.abs(np.array(found) - expected).max() < 20 * TOLERANCE


@pytest.mark.parametrize("symmetry", [term.name for term in SYMMETRIES])
def test_classes_of_every_operation(alone: Explorer, symmetry: str) -> None:
    found = alone.get(f"Array.from(explorer.page.algebra.classesUnder('{symmetry}').representatives)")
    assert np.array_equal(found, representatives(symmetry))


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("step", [397, EVERY_ONE])
def test_the_nearest_codes_are_those_of_the_server(
    alone: Explorer, served: Served, half: Any, step: int
) -> None:
    found = alone.page.evaluate(
        "([half, step]) => { const { codes } = explorer.page, found = [];"
        " for (let index = 0; index < 19683; index += step)"
        "   found.push(codes.nearest(half, codes.encode(half, index).mean, 8, index));"
        " return found; }",
        [half, step],
    )
    book = served.codebooks[half]
    assert len(found) == -(-K // step)
    for index, near in zip(range(0, K, step), np.array(found), strict=True):
        distances = book.distances(book.means[index])
        distances[index] = np.inf
        # Codes that are equally far but for the last digit may come in either order.
        expected = np.sort(np.partition(distances, 8)[:8])
        assert np.abs(np.sqrt(near[:, 0]) - expected).max() < 10 * TOLERANCE
        assert np.abs(distances[near[:, 1].astype(int)] - expected).max() < 10 * TOLERANCE
