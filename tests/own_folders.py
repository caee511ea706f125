"""Gives a run of pytest folders of its own for all that programs write beside their results.

Whatever the tests import or start has its caches, settings and scratch files there, and writes no byte
code at all: a child that is killed, or whose files may not grow, would leave the installation half a cache,
which ends every later import.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.util import Finalize
from pathlib import Path

import pytest

OF_THE_TERMINAL = (
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "FORCE_COLOR",
    "GITHUB_ACTIONS",
    "LINES",
    "NO_COLOR",
    "PY_COLORS",
    "TERMINAL_WIDTH",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
)
"""What makes programs write otherwise than they do into a file; a test that wants one of them sets it."""


def own_environment(folder: Path) -> dict[str, str]:
    """The variables by which programs find where to write, each set to a folder below this one."""
    inside = {
        "HOME": "home",
        "USERPROFILE": "home",
        "XDG_CACHE_HOME": "cache",
        "NUMBA_CACHE_DIR": "numba",
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
        "XDG_STATE_HOME": "state",
        "MPLCONFIGDIR": "matplotlib",
        "HYPOTHESIS_STORAGE_DIRECTORY": "hypothesis",
        "TMPDIR": "tmp",
        "TEMP": "tmp",
        "TMP": "tmp",
    }
    # Git goes on trusting the folders that this user trusts.
    trusted = os.environ.get("GIT_CONFIG_GLOBAL", str(Path.home() / ".gitconfig"))
    return {
        **{variable: str(folder / name) for variable, name in inside.items()},
        "GIT_CONFIG_GLOBAL": trusted,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


class OwnFolders:
    """One folder below the system's for temporary files, taken away at the end."""

    def __init__(self) -> None:
        # Pytest keeps what tests of failed runs wrote where it always does.
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
        self.folder = Path(tempfile.mkdtemp(prefix="fx-"))
        # After multiprocessing, whose own folder is inside, and in this process alone.
        Finalize(None, shutil.rmtree, (self.folder,), {"ignore_errors": True}, exitpriority=-1000)
        for variable, value in own_environment(self.folder).items():
            os.environ[variable] = value
        for name in ("home", "tmp"):
            (self.folder / name).mkdir()
        tempfile.tempdir = str(self.folder / "tmp")
        for variable in OF_THE_TERMINAL:
            os.environ.pop(variable, None)

    def pytest_collection_finish(self) -> None:
        """From here on this process caches no byte code either: a test may limit what it can write."""
        sys.dont_write_bytecode = True


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(OwnFolders())


@pytest.fixture(scope="session", autouse=True)
def own_working_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is written to a relative path lands here and not in the tree."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("work"))
        yield
