"""The networks in the browser give what the model gives in Python."""

from base64 import b64decode

import numpy as np
import torch
from jaxtyping import Float32

from fluxttice_core.model.halves import HalfName
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.symmetry import representatives
from fluxttice_core.operations.vocabulary import SYMMETRIES
from fluxttice_core.server.served_model import Served

from .conftest import Explorer

TOLERANCE = 2e-5


def means(explorer: Explorer, half: HalfName) -> Float32[np.ndarray, "K 16"]:
    text = explorer.page.evaluate(
        "async (half) => await new Promise((done) => { const reader = new FileReader();"
        " reader.onload = () => done(reader.result.split(',')[1]);"
        " reader.readAsDataURL(new Blob([explorer.page.codes.means[half]])); })",
        half,
    )
    return np.frombuffer(b64decode(text), dtype="<f4").reshape(-1, 16)


def test_means_of_every_operation(explorer: Explorer, served: Served) -> None:
    for half in ("a", "b"):
        expected = served.codebooks[half].means
        assert np.abs(means(explorer, half) - expected).max() < TOLERANCE


def test_classes_of_every_operation(explorer: Explorer) -> None:
    for term in SYMMETRIES:
        found = explorer.get(f"Array.from(explorer.page.algebra.classesUnder('{term.name}').representatives)")
        assert np.array_equal(found, representatives(term.name)), term.name


def test_variances(explorer: Explorer, served: Served) -> None:
    tables = torch.from_numpy(TERNARY.tables(np.array([0, 15633, 19682])))
    for half in ("a", "b"):
        expected = served.model.model.vae(half).encode_gaussian(tables)[1].numpy()
        found = explorer.get(
            f"[0, 15633, 19682].map((i) => Array.from(explorer.page.codes.encode('{half}', i).logVariance))"
        )
        assert np.abs(np.array(found) - expected).max() < TOLERANCE * 10


def test_probabilities_of_latents(explorer: Explorer, served: Served) -> None:
    latents = np.random.default_rng(5).normal(size=(40, 16)).astype(np.float32)
    for half in ("a", "b"):
        expected = served.model.decode(latents, vae=half, probabilities=True).reshape(40, 27)
        found = explorer.page.evaluate(
            "([half, rows]) => rows.map((row) =>"
            " Array.from(explorer.page.codes.decode(half, Float32Array.from(row)).probabilities))",
            [half, latents.tolist()],
        )
        assert np.abs(np.array(found) - expected).max() < TOLERANCE


def test_reconstructions(explorer: Explorer, served: Served) -> None:
    sample = list(range(0, 19683, 61))
    for half in ("a", "b"):
        found = explorer.page.evaluate(
            "([half, sample]) => { const { codes } = explorer.page;"
            " return sample.map((i) => codes.decode(half, codes.encode(half, i).mean).index); }",
            [half, sample],
        )
        assert found == served.reconstructions[half][sample].tolist()


def test_a_different_network_would_be_seen(explorer: Explorer, served: Served) -> None:
    assert np.abs(means(explorer, "a") - served.codebooks["b"].means).max() > 1000 * TOLERANCE
