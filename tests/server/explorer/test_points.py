"""The map of any space: which elements are on it, where they are, and what the page is told beside."""

import json

import numpy as np
import pytest

from fluxttice_core.model.halves import HALVES
from fluxttice_core.server.explorer import points
from fluxttice_core.server.explorer.map import EXTENT
from fluxttice_core.server.explorer.points import SpaceMap, shown
from fluxttice_core.server.served_model import PARTS, Served
from fluxttice_core.storage.tensors import decode_tensors
from tests.server.conftest import untrained


def test_a_large_space_is_thinned_and_its_support_comes_first(
    words: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(words).tolist() == list(range(64))
    monkeypatch.setattr(points, "MOST_POINTS", 16)
    thinned = shown(words)
    assert len(set(thinned.tolist())) == 16
    assert ((thinned < 40).sum(), (thinned >= 40).sum()) == (12, 4)
    monkeypatch.setattr(points, "MOST_POINTS", 60)
    assert ((shown(words) < 40).sum(), (shown(words) >= 40).sum()) == (40, 20)
    whole = untrained("dna:3")
    monkeypatch.setattr(points, "MOST_POINTS", 10)
    assert len(set(shown(whole).tolist())) == 10


def test_the_page_can_find_the_place_of_any_code(words: Served) -> None:
    drawn = SpaceMap(words)
    manifest = json.loads(drawn.manifest())
    tensors, _ = decode_tensors(drawn.points(), name="points")
    assert tensors["index"].tolist() == list(range(64))
    for half in HALVES:
        about = manifest["halves"][half]
        along = (words.codebooks[half].means - np.array(about["centre"])) @ np.array(about["axes"]).T
        places = tensors[f"places_{half}"]
        assert np.abs(along / about["extent"] * EXTENT - places).max() <= 0.51
        assert np.abs(places).max() == EXTENT
    support = [PARTS[part] != "outside" for part in tensors["part"]]
    assert support == [True] * 40 + [False] * 24
    assert manifest["space"]["support"] == 40
    assert manifest["space"]["many"] == "words"


def test_the_support_is_all_of_a_space_that_has_no_target() -> None:
    whole = untrained("boolean:2")
    manifest = json.loads(SpaceMap(whole).manifest())
    assert (manifest["space"]["support"], manifest["space"]["size"]) == (16, 16)
    assert manifest["space"]["one"] == "operation"
