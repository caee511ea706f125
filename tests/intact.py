"""Whether tests did any harm: `python -m tests.intact` names what is not as installed or committed.

Compares the installed files with the digests that the installer noted, loads every cache of byte code, and
asks git for files that differ from the commit.
"""

import base64
import contextlib
import hashlib
import importlib.util
import marshal
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_HEADER = 16
"""Bytes of a cache of byte code before its code."""

Listing = dict[str, tuple[int, int]]
"""Size and time of every file, by its path."""


def site_packages() -> Path:
    return Path(sysconfig.get_path("purelib"))


def listing(folder: Path, *, without: frozenset[str] = frozenset()) -> Listing:
    """Size and time of all files below a folder, except in folders of these names."""
    found: Listing = {}
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in without:
                        waiting.append(entry.path)
                    continue
                with contextlib.suppress(FileNotFoundError):  # a cache that another process was just renaming
                    state = entry.stat(follow_symlinks=False)
                    found[entry.path] = (state.st_size, state.st_mtime_ns)
    return found


def is_sound(cache: Path) -> bool:
    """Whether this Python can load a cache of byte code; another Python's is taken to be sound."""
    content = cache.read_bytes()
    if content[:4] != importlib.util.MAGIC_NUMBER:
        return len(content) > _HEADER
    try:
        marshal.loads(content[_HEADER:])  # noqa: S302 -- what this very Python would load on the next import
    except (EOFError, TypeError, ValueError):
        return False
    return True


def harm(before: Listing, after: Listing) -> list[str]:
    """What was made, changed or taken away; of caches of byte code, those that cannot be loaded."""
    found = []
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) == after.get(path):
            continue
        if path.endswith(".pyc") or ".pyc." in path:
            if path in after and Path(path).exists() and not is_sound(Path(path)):
                found.append(f"{path} is a damaged cache of byte code")
        else:
            done = "was made" if path not in before else "was changed" if path in after else "was taken away"
            found.append(f"{path} {done}")
    return found


def damaged_caches(*folders: Path) -> list[str]:
    paths = (path for folder in folders for path in sorted(folder.rglob("*.pyc")))
    return [f"{path} is a damaged cache of byte code" for path in paths if not is_sound(path)]


def _damaged(package: Distribution) -> Iterator[str]:
    for file in package.files or ():
        path = Path(str(package.locate_file(file)))
        if file.hash is None:
            continue
        if not path.is_file():
            yield f"{path} of {package.name} is missing"
            continue
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, file.hash.mode).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
            yield f"{path} of {package.name} is not what was installed"


def damaged_packages(site: Path) -> list[str]:
    """Installed files that are missing or whose digest is not the one that the installer noted."""
    return [line for package in distributions(path=[str(site)]) for line in _damaged(package)]


def uncommitted(root: Path) -> list[str]:
    """What git names as different from the commit, or what it says where it cannot tell."""
    done = subprocess.run(
        ["git", "-C", str(root), "status", "--porcelain"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return [f"git cannot tell what changed: {done.stderr.strip()}"]
    return [f"git status: {line}" for line in done.stdout.splitlines()]


def main() -> int:
    site = site_packages()
    caches = damaged_caches(site, *(ROOT / name for name in ("src", "tests", "docs", "benchmarks")))
    found = [*damaged_packages(site), *caches, *uncommitted(ROOT)]
    for line in found:
        print(line, file=sys.stderr)  # noqa: T201
    print(f"{len(found)} files are not as they were installed and committed")  # noqa: T201
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
