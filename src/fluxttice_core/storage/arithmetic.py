"""What decides the last bits of a training's arithmetic beside its settings, and where a run notes it.

Seed, recipe, threads and torch are the run's settings. The rest belongs to the machine: which instructions
torch and its library for matrix products choose. Rounding differs between them, and a training multiplies
the difference, so that a run which is resumed elsewhere ends with other weights than an undisturbed one.
"""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fluxttice_core.errors import CheckpointError, RecordError
from fluxttice_core.storage.atomic_write import write_json
from fluxttice_core.storage.bounded_read import reachable, read_bounded
from fluxttice_core.storage.canonical_json import parse_json

FILE = "environment.json"
VARIABLES = ("MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS")
"""Variables by which MKL chooses other instructions; torch's own, ATEN_CPU_CAPABILITY, is in `capability`."""

_LARGEST = 1 << 20
_BUILT_WITH = {
    "mkl": r"Math Kernel Library Version ([\w.]+)",
    "onednn": r"MKL-DNN v([\w.]+)",
    "blas": r"BLAS_INFO=(\w+)",
}
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.+]+")


class Noted(BaseModel):
    """What computed from an epoch on, by the names of what decides its bits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: Annotated[int, Field(ge=0)]
    arithmetic: dict[str, str]


class RunEnvironment(BaseModel):
    """The file of a run that says what computed it, in the order of time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    noted: tuple[Noted, ...]


def arithmetic_record(device: str = "cpu") -> dict[str, str]:
    """Processor, instructions and libraries that decide rounding here, as names without blanks."""
    built = torch.__config__.show()
    found = {name: re.search(pattern, built) for name, pattern in _BUILT_WITH.items()}
    return {
        "machine": _plain(platform.machine()),
        "processor": _plain(_processor()),
        "capability": _plain(torch.backends.cpu.get_cpu_capability()),
        "matmul_precision": torch.get_float32_matmul_precision(),
        "scipy": version("scipy"),
        **{name: match[1] if match else "none" for name, match in found.items()},
        **{name: _plain(os.environ.get(name, "unset")) for name in VARIABLES},
        **({"device": _plain(torch.cuda.get_device_name(device))} if device.startswith("cuda") else {}),
    }


def note_arithmetic(folder: Path, epoch: int, device: str = "cpu") -> str | None:
    """Note what computes a run from now on; return what is to be told if that changed since its beginning."""
    found = _read(folder / FILE)
    # What was noted of epochs that are now made again computed nothing that is left.
    noted = tuple(one for one in found if one.epoch < epoch)
    now = Noted(epoch=epoch, arithmetic=arithmetic_record(device))
    if not noted or noted[-1].arithmetic != now.arithmetic:
        noted = (*noted, now)
    if noted != found:
        write_json(folder / FILE, RunEnvironment(noted=noted).model_dump(mode="json"))
    others = changes(noted)
    if not others:
        return None
    return (
        f"the run in {folder} did not compute alike all the time: {'; '.join(others)}. Its weights will not "
        f"be those of an undisturbed run, bit for bit; {FILE} in it says so, too"
    )


def changes(noted: Sequence[Noted]) -> list[str]:
    """What is other than in the beginning, a phrase for each later epoch from which it was.

    Example:
        >>> one, two = {"capability": "AVX2"}, {"capability": "AVX512"}
        >>> changes([Noted(epoch=0, arithmetic=one), Noted(epoch=3, arithmetic=two)])
        ['capability is AVX512 after epoch 3, and was AVX2']
    """
    return [
        f"{name} is {later.arithmetic.get(name, 'not known')} after epoch {later.epoch}, and was "
        f"{noted[0].arithmetic.get(name, 'not known')}"
        for later in noted[1:]
        for name in _other(noted[0].arithmetic, later.arithmetic)
    ]


def _other(first: Mapping[str, str], later: Mapping[str, str]) -> list[str]:
    return [name for name in sorted({*first, *later}) if first.get(name) != later.get(name)]


def _read(path: Path) -> tuple[Noted, ...]:
    """What was noted; nothing in a run of a version that noted nothing."""
    with reachable(path, error=CheckpointError):
        if not path.exists():
            return ()
    data = read_bounded(path, maximum=_LARGEST, name="The run's environment", error=CheckpointError)
    try:
        return RunEnvironment.model_validate(parse_json(data, name=str(path))).noted
    except (ValidationError, RecordError):
        raise CheckpointError(
            f"{path} is not what a run writes: restore it, or remove it", "damaged_file"
        ) from None


def _processor() -> str:
    """The processor's name, as Linux tells it, or what Python knows elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.processor() or "unknown"


def _plain(text: str) -> str:
    """A name without blanks and marks, as results hold them."""
    return _NOT_PLAIN.sub("-", text).strip("-")[:100] or "unknown"
