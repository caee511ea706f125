"""What a machine may have otherwise than ours: one change each, and how a test run is started with it."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from numpy._core import _multiarray_umath as numpy_core  # type: ignore[attr-defined]

from tests.portable.workplace import Workplace

BLOCKED = "/dev/null/home"
"""A folder that not even root can make or write to."""

_SAID_ELSEWHERE = ("ATEN_CPU_CAPABILITY", "NPY_DISABLE_CPU_FEATURES", "MKL_CBWR", "OPENBLAS_CORETYPE")


@dataclass(frozen=True)
class Surroundings:
    """How a test run is started.

    Args:
        folder: The root of the tree that it runs in.
        variables: Environment variables.
        prefix: What the command begins with.
        options: Further arguments of pytest.
    """

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def having(self, **variables: str) -> "Surroundings":
        """The same with other variables."""
        return replace(self, variables={**self.variables, **variables})


Change = Callable[[Surroundings, Workplace], Surroundings]


def plain(workplace: Workplace) -> Surroundings:
    """What every change is a change of, whatever the machine has set."""
    kept = {name: text for name, text in os.environ.items() if name not in _SAID_ELSEWHERE}
    return Surroundings(workplace.root, kept).having(
        **dict.fromkeys(("FLUXTTICE_TEST_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        LC_ALL="C.UTF-8",
        TZ="UTC",
        COLUMNS="100",
        HOME=str(workplace.folder("home")),
        TMPDIR=str(workplace.folder("tmp")),
    )


def dispatched_features() -> str:
    """What this NumPy makes use of on this processor beyond what every such processor has."""
    has = numpy_core.__cpu_features__
    return " ".join(name for name in numpy_core.__cpu_dispatch__ if has[name])


def _numpy(before: Surroundings, _: Workplace) -> Surroundings:
    return before.having(NPY_DISABLE_CPU_FEATURES=dispatched_features(), OPENBLAS_CORETYPE="Nehalem")


def _user(before: Surroundings, workplace: Workplace) -> Surroundings:
    return replace(before, prefix=workplace.as_ordinary_user).having(USER="nobody", LOGNAME="nobody")


def _path(before: Surroundings, workplace: Workplace) -> Surroundings:
    here = workplace.folder("für alle da")
    if before.folder == workplace.root:
        (here / ".git").mkdir(exist_ok=True)
        return replace(before, folder=here)
    return replace(before, folder=workplace.tarball(here / "fluxttice")).having(TMPDIR=str(here))


def _tarball(before: Surroundings, workplace: Workplace) -> Surroundings:
    return replace(before, folder=workplace.tarball(workplace.scratch / "fluxttice"))


def _order(before: Surroundings, workplace: Workplace) -> Surroundings:
    chosen = ("--random-order-bucket=module", f"--random-order-seed={workplace.seed}")
    return replace(before, options=(*before.options, *chosen))


def _threads(before: Surroundings, _: Workplace) -> Surroundings:
    return before.having(FLUXTTICE_TEST_THREADS="4", OMP_NUM_THREADS="4", MKL_NUM_THREADS="4")


CHANGES: dict[str, Change] = {
    "aten": lambda before, _: before.having(ATEN_CPU_CAPABILITY="default"),
    "numpy": _numpy,
    "mkl": lambda before, _: before.having(MKL_CBWR="COMPATIBLE"),
    "libm": lambda before, _: before.having(GLIBC_TUNABLES="glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4"),
    "threads": _threads,
    "git": _tarball,
    "path": _path,
    "user": _user,
    "home": lambda before, _: before.having(HOME=BLOCKED),
    "locale": lambda before, _: before.having(LC_ALL="C"),
    "timezone": lambda before, _: before.having(TZ="Asia/Kathmandu"),
    "columns": lambda before, _: before.having(COLUMNS="60"),
    "order": _order,
    "chromium": lambda before, workplace: before.having(PATH=str(workplace.programs_but_browsers())),
    "copies": lambda before, _: before,
}
"""Every dependence that is looked for, and what brings it to light; copies are started at the same time."""

WORDS = {
    "aten": "`ATEN_CPU_CAPABILITY=default`: torch without AVX",
    "numpy": "NumPy's dispatched features disabled, OpenBLAS of another processor",
    "mkl": "`MKL_CBWR=COMPATIBLE`",
    "libm": "the C library's functions without AVX2 and FMA",
    "threads": "4 threads",
    "git": "from a tarball, without `.git`",
    "path": "in a path with a blank and an umlaut",
    "user": "as an ordinary user",
    "home": "an unwritable HOME",
    "locale": "`LC_ALL=C`",
    "timezone": "`TZ=Asia/Kathmandu`",
    "columns": "60 columns",
    "order": "in random order",
    "chromium": "without chromium on PATH",
    "copies": "two copies at once",
}


def changed(workplace: Workplace, *names: str, copy: int = 0) -> Surroundings:
    """Plain surroundings with some changes, in the order in which they build upon each other."""
    found = plain(workplace)
    for name, change in CHANGES.items():
        if name in names:
            found = change(found, workplace)
    if copy == 0 or found.folder == workplace.root:
        return found
    return replace(found, folder=workplace.tarball(found.folder.with_name(f"fluxttice {copy}")))


def pytest_in(surroundings: Surroundings) -> list[str]:
    """The command that begins a test run."""
    return [*surroundings.prefix, sys.executable, "-m", "pytest", *surroundings.options]
