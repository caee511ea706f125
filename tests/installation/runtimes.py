"""Exported graphs in runtimes of years ago: they open, and compute the same numbers."""

import sys
from pathlib import Path

import numpy as np
import torch

from fluxttice_core.model.halves import HALVES
from fluxttice_core.storage.pretrained import certified
from tests.installation.environment import Environment, show

RUNTIMES = {"1.20.1": (14, 18, 21), "1.18.1": (14, 18, 21), "1.16.3": (14, 18)}
"""onnxruntime of November 2024, June 2024 and November 2023, each with opsets that it knows."""
READ = """
import sys
import numpy as np
import onnxruntime
expected = np.load(sys.argv[1])
for opset in sys.argv[2:]:
    for name in expected["names"]:
        file = f"opset-{opset}/{name}.onnx"
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        (given,) = session.get_inputs()
        found = session.run(None, {given.name: expected[f"{name} given"]})[0]
        off = float(np.abs(found - expected[f"{name} made"]).max())
        print(f"onnxruntime {onnxruntime.__version__}, {file}: off by {off:.1g} at most", flush=True)
        assert off < 1e-4
"""


def runtimes(scratch: Path) -> None:
    """Export the shipped model, and compute with it in an environment of each old runtime."""
    for opset in sorted({opset for known in RUNTIMES.values() for opset in known}):
        written = str(scratch / f"opset-{opset}")
        arguments = ("export", "onnx", "--opset", str(opset), "--out", written)
        show([sys.executable, "-m", "fluxttice_core.cli", *arguments])
    np.savez(scratch / "expected.npz", **_expected())  # type: ignore[arg-type]
    for version, opsets in RUNTIMES.items():
        environment = Environment.make(scratch / f"onnxruntime-{version}")
        environment.install(f"onnxruntime=={version}", "numpy<2")
        environment.call("-c", READ, "expected.npz", *map(str, opsets), folder=scratch)


@torch.no_grad()
def _expected() -> dict[str, np.ndarray]:
    """What goes into every graph and what torch makes of it, over all operations."""
    model = certified()
    tables = torch.from_numpy(model.space.all_tables().copy()).float()
    found: dict[str, np.ndarray] = {}
    for half in HALVES:
        vae = model.model.vae(half)
        means, _ = vae.encode_gaussian(tables)
        for name, given, made in (("encoder", tables, means), ("decoder", means, vae.decoder(means))):
            found[f"{name}_{half} given"], found[f"{name}_{half} made"] = given.numpy(), made.numpy()
    return found | {"names": np.array([key.removesuffix(" made") for key in found if key.endswith("made")])}
