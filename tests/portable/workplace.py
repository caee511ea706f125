"""The folders that portable runs take place in: copies of the tree, and a PATH without browsers."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from io import BytesIO
from itertools import count
from pathlib import Path
from types import TracebackType

NOBODY = 65534
WAYS_DOWN = (
    ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"),
    ("setpriv", "--bounding-set=-all", "--inh-caps=-all"),
)
IS_ORDINARY = """
import os, sys, tempfile
import pytest, torch
file = tempfile.NamedTemporaryFile()
os.chmod(file.name, 0)
same_python = os.__file__ == sys.argv[1]
raise SystemExit(os.access(file.name, os.R_OK) or not same_python)
"""
"""Succeeds for whoever cannot read a closed file, and reaches the same Python in all its parts."""

BROWSERS = ("chrom", "google-chrome", "firefox", "msedge")


class Workplace(AbstractContextManager["Workplace"]):
    """A folder that everybody may write to, gone afterwards."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.seed = seed
        self._temporary = tempfile.TemporaryDirectory(prefix="portable-", ignore_cleanup_errors=True)
        self.scratch = Path(self._temporary.name)
        self.scratch.chmod(0o777)
        self._numbers = count()

    def folder(self, name: str) -> Path:
        """A folder by its name, which any user may write to."""
        path = self.scratch / name
        path.mkdir(exist_ok=True)
        path.chmod(0o777)
        return path

    def new_folder(self, name: str) -> Path:
        """A folder of that name that nobody has used before."""
        return self.folder(f"{name}-{next(self._numbers)}")

    def new_report(self) -> Path:
        """An empty file that any user may write."""
        path = self.folder("reports") / f"{next(self._numbers)}.xml"
        path.touch()
        path.chmod(0o666)
        return path

    def tarball(self, path: Path) -> Path:
        """The tracked files, changed ones as they are, unpacked at a path for whoever will run them."""
        if path.exists():
            return path
        stashed = self._git("stash", "create").decode().strip()
        archive = self._git("archive", "--format=tar", stashed or "HEAD")
        with tarfile.open(fileobj=BytesIO(archive)) as file:
            file.extractall(path, filter="data")
        for entry in (path, *path.rglob("*")):
            entry.chmod(entry.stat().st_mode | 0o666 | (0o111 if entry.is_dir() else 0))
        return path

    def programs_but_browsers(self) -> Path:
        """A folder that holds whatever PATH does, but for browsers."""
        path = self.folder("bin")
        for folder in os.environ["PATH"].split(os.pathsep):
            for program in Path(folder).iterdir() if Path(folder).is_dir() else ():
                link = path / program.name
                if not program.name.startswith(BROWSERS) and not link.is_symlink():
                    link.symlink_to(program)
        return path

    @cached_property
    def as_ordinary_user(self) -> tuple[str, ...]:
        """What a command begins with that an ordinary user runs; nothing if that is who runs this.

        Another user, unless the interpreter lies in root's own folder; then root without its powers, who
        takes itself for another user, or, where that is forbidden as well, for root.
        """
        if not is_root():
            return ()
        for way in WAYS_DOWN:
            if shutil.which(way[0]) and succeeds(
                [*way, "--", sys.executable, "-c", IS_ORDINARY, os.__file__]
            ):
                return (*way, "--")
        raise SystemExit(
            f"no ordinary user can run {sys.executable}: move the clone and its Python to where everybody "
            "may read them, or start this as an ordinary user"
        )

    def _git(self, *arguments: str) -> bytes:
        # A name is asked for even where nothing is committed.
        known = ["-c", "user.name=portable", "-c", "user.email=portable@localhost"]
        found = subprocess.run(["git", *known, *arguments], cwd=self.root, capture_output=True, check=False)
        if found.returncode != 0:
            raise SystemExit(f"the tree cannot be packed: git says {found.stderr.decode().strip()!r}")
        return found.stdout

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._temporary.cleanup()
        shutil.rmtree(self.scratch, ignore_errors=True)


def is_root() -> bool:
    """Whether this runs with root's powers."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
