"""A canary that dies when a file's code runs, and a lid on memory."""

import contextlib
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

Lid = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A path that an attack would create; it must not exist afterwards."""
    return tmp_path / "executed"


@pytest.fixture
def memory_lid() -> Lid:
    """Within the block, the process may grow by 64 MiB, or as many as are named; more is a MemoryError."""

    @contextlib.contextmanager
    def lid(mebibytes: int = 64) -> Iterator[None]:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(
            resource.RLIMIT_AS, (pages * resource.getpagesize() + (mebibytes << 20), before[1])
        )
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)

    return lid
