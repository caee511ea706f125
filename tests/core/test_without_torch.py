"""What the core does without torch, and what it refuses in one sentence."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.core.conftest import POSIX, POSIX_FLAGS, TRAINING

Run = Callable[..., "subprocess.CompletedProcess[str]"]
MINIMUM = "[-1, -1, -1, -1, 0, 0, -1, 0, 1]"


def printed(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(("modules", "flags"), [(TRAINING, ()), ((*TRAINING, *POSIX), POSIX_FLAGS)])
def test_the_shipped_model_encodes_decodes_and_draws(
    lacking: Run, modules: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    program = (
        "import fluxttice_core as fx\n"
        "print(fx.decode(fx.encode('----00-0+')).tolist()[0])\n"
        "print(fx.decode(fx.encode(15633, vae='a'), vae='a', probabilities=True).shape)\n"
        "print(len(set(fx.certified().sample(1000, seed=3).tolist())) > 900)\n"
        "fx.certified().save_pretrained('copy')\n"
        "print(fx.load('copy').tensor_digest == fx.certified().tensor_digest)\n"
        "print('torch' in str(sys.modules.get('torch')))\n"
    )
    lines = printed(lacking(program, modules=modules, flags=flags)).splitlines()
    assert lines == [MINIMUM, "(1, 9, 3)", "True", "True", "False"]


@pytest.mark.parametrize(("modules", "flags"), [(TRAINING, ()), ((*TRAINING, *POSIX), POSIX_FLAGS)])
def test_the_commands_of_the_core_run(
    command: Run, tmp_path: Path, modules: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    samples = tmp_path / "samples.txt"
    samples.write_text("".join(f"{n % 27}\n" for n in range(270)))
    named: dict[str, tuple[str, ...]] = {"modules": modules, "flags": flags}
    assert "18 operations differ in one cell" in printed(command("operation", "min", **named))
    assert "operations" in printed(command("search", "--sheffer", "--commutative", **named))
    assert printed(command("audit", "--samples", str(samples), "--space-size", "27", **named))
    assert "nothing that was looked at fails" in printed(command("verify", **named))
    assert printed(command("export", "npz", "--out", str(tmp_path / "x.npz"), **named))
    with np.load(tmp_path / "x.npz") as table:
        assert table["mu_b"].shape == (19_683, 16)


def test_the_certified_report_is_read_and_says_so(lacking: Run) -> None:
    report = printed(lacking("import fluxttice_core as fx\nprint(fx.coverage_report())"))
    assert report.startswith("As it was certified and signed")
    assert "generative information G" in report


@pytest.mark.parametrize(
    "arguments",
    [
        ("train",),
        ("run",),
        ("benchmark", "--certified"),
        ("certify", "run"),
        ("verify", "--remeasure"),
        ("compare", "a", "b"),
        ("sweep",),
        ("ablate",),
        ("export", "onnx"),
    ],
)
def test_commands_that_train_or_measure_name_the_extra(command: Run, arguments: tuple[str, ...]) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    (sentence,) = done.stderr.strip().splitlines()
    extra = "onnx" if arguments[-1] == "onnx" else "train"
    assert sentence.startswith("fluxttice: ")
    assert sentence.endswith(f"{shlex.quote(sys.executable)} -m pip install 'fluxttice-core[{extra}]'")
    assert "torch" in sentence


@pytest.mark.parametrize(
    "call",
    [
        "fx.train()",
        "fx.coverage_report(remeasure=True)",
        "fx.coverage_report(fx.certified())",
        "fx.coverage_report(seed=1)",
        "fx.certified().model",
        "fx.certified().vae_a",
        "fx.load('nothing.pt' if not open('nothing.pt', 'w').close() else '')",
    ],
)
def test_verbs_that_train_or_measure_name_the_extra(lacking: Run, call: str) -> None:
    program = (
        f"import fluxttice_core as fx\ntry:\n    {call}\nexcept fx.FluxtticeError as error:\n    print(error)"
    )
    said = printed(lacking(program))
    assert said.endswith(f"{shlex.quote(sys.executable)} -m pip install 'fluxttice-core[train]'")
    assert len(said.splitlines()) == 1


def test_the_server_answers_as_the_library_does(lacking: Run) -> None:
    program = """
import base64, json, threading, urllib.request
import numpy as np
import fluxttice_core as fx
from fluxttice_core.server.app import create_app
from fluxttice_core.server.explorer.pages import explorer_routes
from fluxttice_core.server.served_model import serve_model
from fluxttice_core.server.run import bind, make_server
listening = bind("127.0.0.1", 0)
served = serve_model()
server = make_server(create_app(served, pages=explorer_routes(served)))
threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
body = json.dumps({"model": "fluxttice-a", "input": ["min", "15634"], "encoding_format": "base64"}).encode()
address = f"http://127.0.0.1:{listening.getsockname()[1]}"
asked = urllib.request.Request(address + "/v1/embeddings", body, {"content-type": "application/json"})
with urllib.request.urlopen(asked, timeout=30) as answer:
    rows = [row["embedding"] for row in json.load(answer)["data"]]
found = np.stack([np.frombuffer(base64.b64decode(row), "<f4") for row in rows])
print(np.array_equal(found, fx.encode([15633, 15634], vae="a")))
for path in ("/", "/explorer/data/mass.safetensors", "/explorer/data/encoder.safetensors"):
    with urllib.request.urlopen(address + path, timeout=30) as answer:
        print(answer.status)
server.should_exit = True
"""
    assert printed(lacking(program)).splitlines() == ["True", "200", "200", "200"]


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fluxttice_core", "operation", "min", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)
