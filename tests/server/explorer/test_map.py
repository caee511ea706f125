"""The shipped map: of the shipped model, whole, and better than a linear one."""

from pathlib import Path

import numpy as np
import pytest
from jaxtyping import Float64

from fluxttice_core.errors import CheckpointError
from fluxttice_core.model.halves import HALVES
from fluxttice_core.server.explorer.data import principal_axes
from fluxttice_core.server.explorer.draw_map import draw_layout
from fluxttice_core.server.explorer.map import EXTENT, DrawnMap, as_places, map_file, read_map, relative_mass
from fluxttice_core.server.served_model import Served
from fluxttice_core.storage.tensors import decode_tensors, encode_tensors
from tests.refusals import refused


@pytest.fixture(scope="module")
def drawn(served: Served) -> DrawnMap:
    found = read_map(served.model)
    assert found is not None, "the certified model changed: run `make explorer-map`"
    return found


def kept_neighbours(places: Float64[np.ndarray, "K 2"], means: Float64[np.ndarray, "K d"]) -> float:
    """The share of the 18 nearest codes that are among the 100 nearest places, over some operations."""
    shares = []
    for index in range(0, len(means), 500):
        in_codes = np.argsort(((means - means[index]) ** 2).sum(1))[1:19]
        on_map = np.argsort(((places - places[index]) ** 2).sum(1))[1:101]
        shares.append(np.isin(in_codes, on_map).mean())
    return float(np.mean(shares))


def test_places_fill_their_range(drawn: DrawnMap) -> None:
    for half in HALVES:
        layout = drawn.layout[half]
        assert np.abs(layout.astype(int)).max() == EXTENT
        assert len(np.unique(layout, axis=0)) > 19_000


def test_the_layout_keeps_more_neighbours_than_principal_components(drawn: DrawnMap, served: Served) -> None:
    for half in HALVES:
        means = served.codebooks[half].means.astype(np.float64)
        _, axes = principal_axes(served.codebooks[half].means)
        linear, layout = means @ axes[:2].T, drawn.layout[half].astype(np.float64)
        assert kept_neighbours(layout, means) > 1.3 * kept_neighbours(linear, means) > 0


def test_the_mass_is_a_distribution_and_of_this_model(drawn: DrawnMap, served: Served) -> None:
    draws = 2**15
    again = relative_mass(served.model, draws, seed=1)
    for half in HALVES:
        shipped = drawn.mass[half]
        assert shipped.values.mean() == pytest.approx(1, rel=1e-5)
        assert shipped.values.min() >= 0
        assert 0.5 < shipped.noise / np.sqrt(served.model.space.size / drawn.about["mass"]["draws"]) < 1.2
        # Two independent estimates differ by their noise and by no more.
        apart = float(np.sqrt(np.mean((shipped.values - again[half].values) ** 2)))
        assert apart == pytest.approx(float(np.hypot(shipped.noise, again[half].noise)), rel=0.05)
    assert not np.array_equal(drawn.mass["a"].values, drawn.mass["b"].values)


def test_a_map_comes_back_from_its_bytes(drawn: DrawnMap, served: Served, tmp_path: Path) -> None:
    path = tmp_path / "map.safetensors"
    path.write_bytes(drawn.to_bytes())
    assert path.read_bytes() == map_file().read_bytes()
    again = read_map(served.model, path)
    assert again is not None
    assert again.about == drawn.about


def test_a_map_of_other_weights_is_not_shown(drawn: DrawnMap, served: Served, tmp_path: Path) -> None:
    path = tmp_path / "map.safetensors"
    other = DrawnMap(drawn.layout, drawn.mass, {**drawn.about, "model": "0" * 64})
    path.write_bytes(other.to_bytes())
    assert read_map(served.model, path) is None
    assert read_map(served.model, tmp_path / "none.safetensors") is None


def test_a_damaged_map_is_refused(drawn: DrawnMap, served: Served, tmp_path: Path) -> None:
    path = tmp_path / "map.safetensors"
    path.write_bytes(drawn.to_bytes()[:-5])
    with refused(CheckpointError, "damaged_file"):
        read_map(served.model, path)
    tensors, about = decode_tensors(drawn.to_bytes(), name="map")
    del tensors["mass_b"]
    path.write_bytes(encode_tensors(tensors, about))
    with refused(CheckpointError, "damaged_file", "make explorer-map"):
        read_map(served.model, path)


def test_both_halves_are_estimated_from_the_seed(served: Served) -> None:
    first, again, second = (relative_mass(served.model, 2**10, seed=seed) for seed in (1, 1, 2))
    for half in HALVES:
        assert np.array_equal(first[half].values, again[half].values)
        assert not np.array_equal(first[half].values, second[half].values)


def test_places_keep_proportions() -> None:
    points = np.array([[0.0, 0.0], [10.0, 5.0], [5.0, 2.5]])
    assert as_places(points).tolist() == [[-32000, -16000], [32000, 16000], [0, 0]]
    assert as_places(np.zeros((3, 2))).tolist() == [[0, 0]] * 3


@pytest.mark.slow
def test_drawing_twice_gives_the_same_layout(served: Served) -> None:
    means = served.codebooks["b"].means[::40]
    assert np.array_equal(draw_layout(means), draw_layout(means))
