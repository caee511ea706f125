"""Controls are measured once for each set of everything that they depend on; a damaged entry is replaced."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fluxttice_core.evaluation import control_cache
from fluxttice_core.evaluation.control_cache import cache_folder, cached_controls, controls_key
from fluxttice_core.evaluation.control_scores import Control
from fluxttice_core.metrics.metric import Score
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.spaces.split import split

ARCHITECTURE = Architecture(arity=1)
SETTINGS, PARTS = MeasurementSettings(), split(ARCHITECTURE.space)
CONTROLS = (Control("oracle", ((Score("nll", "a", 1.5, 1.0, float("inf")),),)),)


class Measuring:
    """Counts how often it measures."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> tuple[Control, ...]:
        self.times += 1
        return CONTROLS


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "fluxttice"


def test_what_was_measured_once_is_read_again(cache: Path) -> None:
    measure = Measuring()
    assert cached_controls("k", measure) == CONTROLS
    assert cached_controls("k", measure) == CONTROLS
    assert measure.times == 1
    assert cached_controls("other", measure) == CONTROLS
    assert measure.times == 2
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((b"", data) for data in (b"", b"{}", b"[]", b'{"digest": "0", "controls": []}', b"\x80garbage")),
        (b"1.5", b"9.9"),  # a figure is not believed, however sound the file
    ],
)
def test_a_damaged_entry_is_measured_again_and_replaced(cache: Path, old: bytes, new: bytes) -> None:
    measure = Measuring()
    cached_controls("k", measure)
    (entry,) = cache.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(whole.replace(old or whole, new))
    assert entry.read_bytes() != whole
    assert cached_controls("k", measure) == CONTROLS
    assert measure.times == 2
    assert entry.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    measure = Measuring()
    assert cached_controls("k", measure) == CONTROLS
    assert cached_controls("k", measure) == CONTROLS
    assert measure.times == 2


def test_old_entries_are_removed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_cache, "_KEPT", 3)
    for key in "abcdef":
        cached_controls(key, Measuring())
    assert len(list(cache.iterdir())) == 3


def test_programs_that_share_a_cache_do_not_disturb_each_other(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_cache, "_KEPT", 2)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: cached_controls("abcd"[n % 4], lambda: CONTROLS), range(160)))
    assert found == [CONTROLS] * 160
    entries = list(cache.iterdir())
    assert 1 <= len(entries) <= 4
    assert all(control_cache._read(entry) == CONTROLS for entry in entries)


def key(**changed: Any) -> str:
    usual = {"architecture": ARCHITECTURE, "scheme": "independent", "settings": SETTINGS, "split": PARTS}
    return controls_key(**{**usual, "rho": 0.1, **changed})


def test_the_key_holds_everything_that_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = [
        key(architecture=Architecture(arity=1, latent_dim=5)),
        key(scheme="mirrored"),
        key(settings=SETTINGS.with_only(seed=1)),
        key(split=replace(PARTS, held_out=PARTS.train)),
        key(split=None),
        key(rho=0.2),
    ]
    before = key()
    assert key() == before
    assert len({before, *changed}) == 7
    monkeypatch.setattr(control_cache, "_code_digest", lambda: "0" * 64)
    assert key() != before


def test_the_folder_is_the_user_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "fluxttice"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr("sys.platform", "linux")
    assert cache_folder() == Path.home() / ".cache" / "fluxttice"
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "fluxttice"
