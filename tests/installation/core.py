"""The core as strangers install it: without torch, from a wheel, a clone and the repository's address.

The advice of every error is followed to the letter, so that it is known to work.
"""

import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from docs.installation import record_installation
from tests.installation.environment import CONSTRAINTS, ROOT, Environment, show, wheel

LARGEST = 350
"""Megabytes that the core may take."""
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
RIVAL = "model2vec"
"""Static embeddings that install without torch, too: what a user might take for a measure of size."""
_TOOLS = ("beartype", "pytest", "pytest-benchmark", "pytest-timeout")
_FIRST = "import fluxttice_core as fx; print(fx.decode(fx.encode('+0-0+-+-0')).tolist())"
_NO_TORCH = "import importlib.util as u, sys; sys.exit(u.find_spec('torch') is not None)"


def core(scratch: Path, *, record: bool = False) -> None:
    """Install the wheel in every Python that is here, and run the tests of the core in it."""
    built = wheel(scratch / "wheel")
    for python in pythons():
        measured = in_python(scratch, built, python)
        print(f"{python}: {measured}", flush=True)
    other_ways(scratch)
    if record:
        measured[RIVAL] = rival(scratch)
        record_installation(measured)


def pythons() -> list[str]:
    """The Pythons that the project supports and that start on this machine."""
    found = [name for name in PYTHONS if shutil.which(name) and _starts(name)]
    print(f"Pythons here: {', '.join(found) or 'only ' + sys.executable}", flush=True)
    return found or [sys.executable]


def _starts(python: str) -> bool:
    """Whether it is more than a name that a version manager keeps."""
    return subprocess.run([python, "-c", "import venv"], capture_output=True, check=False).returncode == 0


def in_python(scratch: Path, built: Path, python: str) -> dict[str, dict[str, float]]:
    """Install the wheel, use it, follow the advice that leads to the server, and test all of it."""
    environment = Environment.make(scratch / f"core-{Path(python).name}", python)
    found = {"the core": {"install": environment.install(str(built), constraints=CONSTRAINTS)}}
    found["the core"]["megabytes"] = environment.megabytes()
    environment.call("-c", _NO_TORCH)
    found["the core"]["first_encode"] = min(environment.call("-c", _FIRST, folder=scratch) for _ in range(5))
    advice = advised(environment, "serve", scratch)
    found["with `[serve]`"] = {"install": environment.install(advice, constraints=CONSTRAINTS)}
    found["with `[serve]`"]["megabytes"] = environment.megabytes()
    found["with `[serve]`"]["serve"] = min(seconds_to_serve(environment, scratch) for _ in range(3))
    environment.install(*_TOOLS, constraints=CONSTRAINTS)
    environment.call("-c", _NO_TORCH)
    alone = ("--confcutdir=tests/core", "-p", "no:cacheprovider")
    environment.call("-m", "pytest", "--quiet", *alone, "tests/core")
    size = found["the core"]["megabytes"]
    if size > LARGEST:
        raise SystemExit(f"the core takes {size:.0f} MB, and {LARGEST} at most are promised")
    return found


def seconds_to_serve(environment: Environment, folder: Path) -> float:
    """From the start of `fluxttice serve` to its first answer."""
    command = [environment.python, "-m", "fluxttice_core", "serve", "--port", "0"]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
        try:
            first = server.stdout.readline() if server.stdout is not None else ""
            address = re.search(r"http://[^/]+/", first)
            if address is None:
                raise SystemExit(f"the server does not say where it is: {first}")
            with urllib.request.urlopen(address[0] + "healthz", timeout=30) as answer:
                answer.read()
            return time.perf_counter() - started
        finally:
            server.send_signal(signal.SIGINT)


def rival(scratch: Path) -> dict[str, float]:
    """The size of the rival's base installation."""
    environment = Environment.make(scratch / "rival")
    seconds = environment.install(RIVAL)
    return {"install": seconds, "megabytes": environment.megabytes()}


def advised(environment: Environment, command: str, scratch: Path) -> str:
    """What a command that lacks its extra says is to be installed."""
    done = subprocess.run(
        [environment.python, "-m", "fluxttice_core", command],
        cwd=scratch,
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r": (\S+) -m pip install '([^']+)'$", done.stderr.strip())
    if done.returncode != 2 or found is None or found[1] != environment.python:
        raise SystemExit(f"`{command}` gives no advice that can be followed: {done.stderr}")
    return found[2]


def other_ways(scratch: Path) -> None:
    """From a clone, and from the repository's address, as README says."""
    clone = scratch / "a clone"
    show(["git", "clone", "--quiet", str(ROOT), str(clone)])
    for name, source in (("clone", "."), ("address", f"git+{clone.as_uri()}")):
        environment = Environment.make(scratch / name)
        show(
            [environment.python, "-m", "pip", "install", "--quiet", "--constraint", str(CONSTRAINTS), source],
            folder=clone,
        )
        environment.call("-c", _FIRST, folder=scratch)
