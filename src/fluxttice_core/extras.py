"""Optional packages: a command that lacks one says which extra brings it."""

import shlex
import sys
from collections.abc import Sequence
from importlib import util

from fluxttice_core.errors import MissingExtra

EXTRAS: dict[str, tuple[str, ...]] = {
    "train": ("torch", "matplotlib"),
    "serve": ("starlette", "uvicorn", "httptools", "prometheus_client", "matplotlib"),
    "export": ("pyarrow",),
    "plot": ("matplotlib",),
    "onnx": ("torch", "onnx", "onnxruntime", "onnxscript"),
    "track": ("tensorboard",),
    "chem": ("rdkit",),
    "cluster": ("ray", "pyarrow"),
    "slurm": ("submitit",),
}
"""The packages that each extra brings, by the names under which they are imported."""


def require_extra(extra: str, purpose: str, *, packages: Sequence[str] | None = None) -> None:
    """Refuse to go on without the packages of an extra.

    Example:
        >>> EXTRAS["tour"] = ("a_package_that_nobody_has",)
        >>> require_extra("tour", "a tour of the space")
        Traceback (most recent call last):
        ...
        fluxttice_core.errors.MissingExtra: a tour of the space needs a_package_that_nobody_has, which is ...
        >>> del EXTRAS["tour"]
    """
    missing = [name for name in packages or EXTRAS[extra] if util.find_spec(name) is None]
    if missing:
        listed = f"{', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed"
        python = shlex.quote(sys.executable or "python")
        raise MissingExtra(
            f"{purpose} needs {listed}: {python} -m pip install 'fluxttice-core[{extra}]'", "missing_extra"
        )
