"""A dual variational autoencoder over every ternary operation, with measurements that can be believed.

Everything here loads on first use, so that importing the package is quick.

Example:
    >>> import fluxttice_core as fx
    >>> z = fx.encode("+0-0+-+-0")
    >>> z.shape
    (1, 16)
    >>> fx.decode(z).tolist()
    [[1, 0, -1, 0, 1, -1, 1, -1, 0]]
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxttice_core.errors import FluxtticeError as FluxtticeError
    from fluxttice_core.operations.space import OperationSpace as OperationSpace
    from fluxttice_core.provenance.coverage_report import coverage_report as coverage_report
    from fluxttice_core.provenance.train import train as train
    from fluxttice_core.provenance.trained import TrainedModel as TrainedModel
    from fluxttice_core.provenance.trained import certified as certified
    from fluxttice_core.provenance.trained import decode as decode
    from fluxttice_core.provenance.trained import encode as encode
    from fluxttice_core.provenance.trained import load as load

__version__ = "0.1.0"

_HOMES = {
    "FluxtticeError": "errors",
    "OperationSpace": "operations.space",
    "TrainedModel": "provenance.trained",
    "certified": "provenance.trained",
    "coverage_report": "provenance.coverage_report",
    "decode": "provenance.trained",
    "encode": "provenance.trained",
    "load": "provenance.trained",
    "train": "provenance.train",
}

__all__ = [
    "FluxtticeError",
    "OperationSpace",
    "TrainedModel",
    "certified",
    "coverage_report",
    "decode",
    "encode",
    "load",
    "train",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
