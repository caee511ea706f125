"""Make fresh environments and test in them: `python -m tests.installation core`."""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.installation.clients import clients
from tests.installation.core import core
from tests.installation.distribution import dist, source_tests
from tests.installation.firefox import firefox
from tests.installation.metadata import metadata
from tests.installation.runtimes import runtimes
from tests.installation.versions import constraints, lowest, newest
from tests.installation.wire import wire

TASKS: dict[str, Callable[[Path], None]] = {
    "clients": clients,
    "core": core,
    "dist": dist,
    "firefox": firefox,
    "record": partial(core, record=True),
    "lowest": lowest,
    "metadata": metadata,
    "newest": newest,
    "runtimes": runtimes,
    "source": source_tests,
    "constraints": constraints,
    "wire": wire,
}


def main() -> None:
    """Carry out one task in a folder that is removed afterwards."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.installation")
    parser.add_argument("task", choices=sorted(TASKS))
    with tempfile.TemporaryDirectory(prefix="fluxttice-") as scratch:
        TASKS[parser.parse_args().task](Path(scratch))


if __name__ == "__main__":
    main()
