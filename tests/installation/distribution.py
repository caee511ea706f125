"""What is published: a wheel and a source archive, checked for what they hold, installed and tried."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Set
from pathlib import Path, PurePosixPath

from tests.installation.core import in_python
from tests.installation.environment import CONSTRAINTS, ROOT, Environment, show

TOOLS = ("check-wheel-contents==0.6.3", "twine==6.2.0")
DIST = ROOT / "dist"
_PACKAGE = "src/fluxttice_core/"
_ADDED = {"keys/fluxttice.pub": "fluxttice_core/certified.pub"}
"""What the wheel takes from elsewhere in the repository."""
_UNUSED = {".ci", ".gitignore"}
"""What the source archive need not have."""
_RESULTS = ("benchmarks/*.json", "docs/results/*.json", f"{_PACKAGE}certified/report.json")
_TRAINED = """
import fluxttice_core as fx
model = fx.train("standard", space="ternary:1", overrides={"epochs": 40})
assert "generative information G" in str(fx.coverage_report(model, repeats=2))
print(model)
"""


def dist(scratch: Path) -> None:
    """Build both into `dist`, check what they hold, and try the wheel without torch and with it."""
    require_history()
    wheel, source = build(DIST)
    tools = Environment.make(scratch / "tools")
    tools.install(*TOOLS)
    tools.call("-m", "twine", "check", "--strict", str(wheel), str(source))
    tools.call("-m", "check_wheel_contents", str(wheel))
    require_contents(wheel, source)
    print(in_python(scratch, wheel, sys.executable), flush=True)
    environment = Environment.make(scratch / "train")
    environment.install(f"{wheel}[train]", constraints=CONSTRAINTS)
    environment.call("-c", _TRAINED, folder=scratch)


def source_tests(scratch: Path) -> None:
    """Build the source archive, unpack it, and let `make test` pass in it, away from any repository."""
    _, source = build(scratch / "dist")
    with tarfile.open(source) as archive:
        archive.extractall(scratch, filter="data")
    (folder,) = (path.parent for path in scratch.glob("*/pyproject.toml"))
    show(["make", "test"], folder=folder)


def build(folder: Path) -> tuple[Path, Path]:
    """Build wheel and source archive into a folder, which holds nothing else afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    # Files are dated by their commit: hatchling would say 2020, and servers say when a model was written.
    committed = _git("log", "-1", "--format=%ct").strip()
    show([sys.executable, "-m", "hatchling", "build", "-d", str(folder)], SOURCE_DATE_EPOCH=committed)
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


def require_history() -> None:
    """Refuse result files that name a commit which is none of this history, so that no reader finds it.

    Raises:
        SystemExit: With every such file; also in a clone of a part of the history.
    """
    history = set(_git("rev-list", "HEAD").split())
    files = sorted(path for pattern in _RESULTS for path in ROOT.glob(pattern))
    faults = [line for file in files for line in strangers(file.name, file.read_text("utf-8"), history)]
    if faults:
        raise SystemExit("\n".join(faults))


def strangers(name: str, text: str, history: Set[str]) -> list[str]:
    """The commits that a file names and a history has not, a sentence each.

    Example:
        >>> old, new = "a" * 40, "b" * 40
        >>> strangers("r.json", f'{{"commit":"{new}", "commit": "{old}"}}', {old})
        ['r.json was made by bbbbbbbbbbbb, which is none of this history: make it again']
    """
    found = set(re.findall('"commit": ?"([0-9a-f]{40})"', text))
    return [
        f"{name} was made by {commit[:12]}, which is none of this history: make it again"
        for commit in sorted(found - history)
    ]


def require_contents(wheel: Path, source: Path) -> None:
    """Refuse a wheel or an archive that lacks a file that git keeps, or holds one that it does not.

    Raises:
        SystemExit: With the first names of each.
    """
    tracked = {name for name in _git("ls-files", "-z").split("\0") if name and (ROOT / name).exists()}
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {name.removeprefix("src/") for name in tracked if name.startswith(_PACKAGE)}
    faults = difference(wheel.name, wanted | set(_ADDED.values()), found)
    with tarfile.open(source) as packed:
        names = {str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in packed.getnames()}
    wanted = {name for name in tracked if PurePosixPath(name).parts[0] not in _UNUSED}
    faults += difference(source.name, wanted, {name for name in names if not _beside(name)})
    if faults:
        raise SystemExit("\n".join(faults))


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _beside(name: str) -> bool:
    return name == "PKG-INFO" or PurePosixPath(name).parts[0] in _UNUSED


def difference(name: str, wanted: Iterable[str], found: Iterable[str]) -> list[str]:
    """What is missing from a file, and what it holds too much, a sentence each.

    Example:
        >>> difference("a.whl", ["a.py", "b.py"], ["a.py", "c.py"])
        ['a.whl lacks b.py', 'a.whl holds c.py, which git does not keep']
    """
    lacks, more = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    return [
        *(f"{name} lacks {one}" for one in lacks),
        *(f"{name} holds {one}, which git does not keep" for one in more),
    ]
