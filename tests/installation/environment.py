"""Fresh environments: made, filled and asked, each step shown as a person would type it."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "constraints.txt"
NAME = "fluxttice-core"


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, python: str = sys.executable) -> "Environment":
        """Make one, of the Python that is given."""
        show([python, "-m", "venv", "--clear", str(folder)])
        return cls(folder)

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "bin" / "python")

    def install(self, *requirements: str, constraints: Path | None = None) -> float:
        """Install packages, and say how long it took."""
        limits = [] if constraints is None else ["--constraint", str(constraints)]
        options = ["--quiet", "--disable-pip-version-check", *limits]
        return show([self.python, "-m", "pip", "install", *options, *requirements])

    def versions(self) -> dict[str, str]:
        """Every package with its version, this project left out."""
        listed = [self.python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
        found: list[dict[str, Any]] = json.loads(
            subprocess.run(listed, capture_output=True, check=True).stdout
        )
        return {one["name"]: one["version"] for one in found if one["name"] != NAME}

    def megabytes(self) -> float:
        """What its packages take, without pip itself."""
        (site,) = self.folder.glob("lib/python*/site-packages")
        own = ("pip", "setuptools", "_distutils_hack")
        sizes = (
            path.lstat().st_size
            for path in site.rglob("*")
            if path.is_file() and not path.relative_to(site).parts[0].startswith(own)
        )
        return sum(sizes) / 1e6

    def call(self, *arguments: str, folder: Path = ROOT, **environment: str) -> float:
        """Run its Python, and fail where that fails."""
        return show([self.python, *arguments], folder=folder, **environment)


def show(command: Sequence[str], *, folder: Path = ROOT, **environment: str) -> float:
    """Print a command, run it, and return its seconds; its failure ends the program."""
    print(f"$ {shlex.join(command)}", flush=True)
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=False)
    if done.returncode:
        raise SystemExit(f"that ended with {done.returncode}")
    return time.perf_counter() - started


def wheel(folder: Path) -> Path:
    """Build the project's wheel in a folder."""
    show([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)])
    (built,) = folder.glob("*.whl")
    return built
