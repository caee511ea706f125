"""What a result was made with: the program's version and commit, the machine, time and memory."""

import logging
import os
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fluxttice_core.version import __version__

_PACKAGE = Path(__file__).resolve().parent.parent
_GIT_SECONDS = 10
_LOG = logging.getLogger(__name__)


def tool_record() -> dict[str, Any]:
    """Name and version of the program, and the commit of its source where it runs from a checkout.

    `commit` is none outside a git checkout of the package and, which is said, in one of another user that git
    does not read; `modified` says whether its files differ from that commit.
    """
    commit = _commit()
    modified = None if commit is None else bool(_git("status", "--porcelain", "--", "."))
    return {"name": "fluxttice", "version": __version__, "commit": commit, "modified": modified}


def environment_record() -> dict[str, Any]:
    """Versions and machine, without anything that names a person or a place."""
    import torch

    from fluxttice_core.storage.arithmetic import arithmetic_record

    return {
        **arithmetic_record(),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "system": platform.system(),
        "cores": os.cpu_count() or 1,
        "threads": torch.get_num_threads(),
    }


def peak_memory() -> int:
    """The most memory that this process held, in bytes; 0 where the system does not say, as on Windows."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def timestamp() -> str:
    """The moment, in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _commit() -> str | None:
    """The commit, if git tracks this very file: an installed copy may lie in another project's checkout."""
    if not _git("ls-files", "--", "storage/environment.py"):
        return None
    return _git("rev-parse", "HEAD") or None


def _git(*arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 -- fixed arguments, and git found on the path
            [git, "-C", str(_PACKAGE), *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if done.returncode == 0:
        return done.stdout.strip()
    if "dubious ownership" in done.stderr:
        _say_that_git_refuses(done.stderr.strip().rpartition("\n")[2].strip())
    return ""


@cache
def _say_that_git_refuses(remedy: str) -> None:
    """Said once, since nothing that is recorded has a place for it."""
    _LOG.warning(
        "fluxttice: the record will name no commit, since git does not read the checkout of another user: "
        "if you trust this one, run: %s",
        remedy,
    )
