"""Where torch computes: which names of devices are known, and whether this machine has one."""

import re
from typing import Annotated

from pydantic import AfterValidator

from fluxttice_core.errors import SettingsError

_KNOWN = re.compile(r"cpu|cuda(:\d{1,3})?")


def _known(name: str) -> str:
    if name == "mps":
        raise ValueError("mps cannot compute in double precision, which sums here need: give cpu or cuda")
    if not _KNOWN.fullmatch(name):
        raise ValueError(f"{name!r} names no device: give cpu, cuda, or cuda:1 for the second of several")
    return name


Device = Annotated[str, AfterValidator(_known)]
"""A name that settings may hold, whether or not this machine has the device."""


def require_device(name: str) -> None:
    """Refuse a device that this machine does not have."""
    if name == "cpu":
        return
    import torch

    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(name.partition(":")[2] or 0) >= found:
        there = f"torch finds {found} here, from cuda:0" if found else "torch finds no CUDA device here"
        raise SettingsError(
            f"the device {name} is not there: {there}; compute on {'cuda:0 or ' if found else ''}cpu",
            "missing_device",
        )
