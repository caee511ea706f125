"""The versions that the project is tested with: those that are pinned, the lowest, and the newest."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from tests.installation.environment import CONSTRAINTS, ROOT, Environment

TORCH = "torch==2.13.0"
"""Kept until somebody chooses another; each brings other weights, bit for bit."""
EVERYTHING = "cluster,dev,docs,fuzz,layout,mutation,slurm,track"
LIBRARY = ("train", "serve", "export", "onnx", "chem")
"""What users install; the test tools are the newest that go with it."""
_PLAIN = (
    "--override-ini=addopts=--import-mode=importlib --doctest-modules",
    "--override-ini=filterwarnings=default",
    *(
        "-m",
        "not slow and not types and not cluster",
        "--benchmark-skip",
        "--timeout=600",
        "-p",
        "no:cacheprovider",
    ),
)
"""Without what asks for one version of the tools: checks of types, and warnings of others that are errors."""
_HEAD = """\
# The versions that `make run`, `make test` and continuous integration install, all tested together.
# Renewed by `make constraints`, which takes the newest that pyproject.toml allows, save torch.
"""


def constraints(scratch: Path) -> None:
    """Take the newest versions of everything, and pin them."""
    environment = Environment.make(scratch / "newest")
    environment.install("--editable", f".[{EVERYTHING}]", TORCH)
    CONSTRAINTS.write_text(_HEAD + "".join(f"{line}\n" for line in pinned(environment.versions())))


def pinned(versions: dict[str, str]) -> list[str]:
    """One line a package; a build's own mark, such as that of torch for a CPU, is left out.

    Example:
        >>> pinned({"torch": "2.13.0+cpu", "numpy": "2.4.6", "pip": "26.0"})
        ['numpy==2.4.6', 'torch==2.13.0']
    """
    tools = {"pip", "setuptools", "wheel"}
    lines = (
        f"{name.lower()}=={version.partition('+')[0]}"
        for name, version in versions.items()
        if name not in tools
    )
    return sorted(lines)


def lowest(scratch: Path) -> None:
    """Run the library's tests with the lowest versions that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    direct = [*project["dependencies"], *(line for extra in LIBRARY for line in extras[extra])]
    floor = scratch / "lowest.txt"
    low = dict(lower_bounds(direct))
    floor.write_text("".join(f"{name}=={version}\n" for name, version in low.items()))
    environment = Environment.make(scratch / "lowest")
    environment.install("--editable", f".[test,{','.join(LIBRARY)}]", "hatchling", constraints=floor)
    _test(environment)


def newest(scratch: Path) -> None:
    """Run the library's tests with the newest versions that pyproject.toml allows, save torch."""
    environment = Environment.make(scratch / "newest")
    environment.install("--editable", ".[dev]", TORCH)
    _test(environment)


def lower_bounds(requirements: Iterable[str]) -> Iterable[tuple[str, str]]:
    """The name and the lowest version of every requirement that has one.

    Example:
        >>> list(lower_bounds(["numpy>=2.1", "torch>=2.13,<2.15", "uvloop>=0.21; sys_platform != 'win32'"]))
        [('numpy', '2.1'), ('torch', '2.13'), ('uvloop', '0.21')]
    """
    for requirement in requirements:
        bound = re.search(r">=\s*([\w.]+)", requirement.partition(";")[0])
        if bound is not None:
            yield _name(requirement), bound[1]


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=!~; #]", requirement)[0].lower()


def _test(environment: Environment) -> None:
    for name, version in sorted(environment.versions().items()):
        print(f"{name}=={version}")
    beside = ("house", "docs", "paper", "benchmarks", "server/explorer/browser", "installation")
    ignored = [f"--ignore=tests/{folder}" for folder in beside]
    environment.call("-m", "pytest", "--quiet", *_PLAIN, *ignored, "tests", "src")
