"""Planted: each of these depends on one thing of the machine that has nothing to do with what it tests."""

import locale
import os
import shutil
import tempfile
import time
from datetime import datetime
from pathlib import Path

import pytest

PLACES: list[int] = []
"""What the tests of order have left behind them."""


def test_user(tmp_path: Path) -> None:
    path = tmp_path / "closed"
    path.touch(mode=0)
    assert path.read_bytes() == b""


def test_path() -> None:
    assert set(str(Path.cwd())) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_.-")


def test_home() -> None:
    with tempfile.TemporaryFile(dir=Path.home()) as file:
        assert file.writable()


def test_locale() -> None:
    assert "ü".encode(locale.getencoding())


def test_timezone() -> None:
    assert datetime.fromtimestamp(0).hour == 0


def test_columns() -> None:
    assert shutil.get_terminal_size().columns > 60


def test_git() -> None:
    assert (Path.cwd() / ".git").exists()


def test_chromium() -> None:
    assert shutil.which("chromium")


def test_copies() -> None:
    """Take a name that is the same in every copy, while as many copies are there as are said to be."""
    meeting = Path(os.environ["PLANTED_MEETING"])
    (meeting / str(os.getpid())).touch()
    until = time.monotonic() + 30
    while len(list(meeting.iterdir())) < int(os.environ["PLANTED_COPIES"]):
        assert time.monotonic() < until, "the other copy did not come"
        time.sleep(0.02)
    (Path(tempfile.gettempdir()) / "planted").touch(exist_ok=False)


@pytest.mark.parametrize("place", range(12))
def test_order(place: int) -> None:
    PLACES.append(place)
    assert list(range(place + 1)) == PLACES
