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

from fluxttice_core.version import __version__ as __version__

if TYPE_CHECKING:
    from fluxttice_core.errors import FluxtticeError as FluxtticeError
    from fluxttice_core.evaluation.coverage_report import coverage_report as coverage_report
    from fluxttice_core.spaces.operation_space import OperationSpace as OperationSpace
    from fluxttice_core.storage.pretrained import TrainedModel as TrainedModel
    from fluxttice_core.storage.pretrained import certified as certified
    from fluxttice_core.storage.pretrained import decode as decode
    from fluxttice_core.storage.pretrained import encode as encode
    from fluxttice_core.storage.pretrained import load as load
    from fluxttice_core.training.train import train as train

_HOMES = {
    "FluxtticeError": "errors",
    "OperationSpace": "spaces.operation_space",
    "TrainedModel": "storage.pretrained",
    "certified": "storage.pretrained",
    "coverage_report": "evaluation.coverage_report",
    "decode": "storage.pretrained",
    "encode": "storage.pretrained",
    "load": "storage.pretrained",
    "train": "training.train",
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
