"""One engine for all inputs of a reader of samples, since opening one takes longer than reading a file."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from fluxttice_core.audit import counted
from fluxttice_core.audit.engine import MEMORY, Engine, engine


@contextlib.contextmanager
def kept_engine(readable: Sequence[Path]) -> Iterator[None]:
    """Let all counting in the block be done by one engine that may read these files, emptied after each."""
    with engine(readable, threads=1) as running, pytest.MonkeyPatch.context() as patch:

        @contextlib.contextmanager
        def kept(asked: Sequence[Path], memory: str = MEMORY) -> Iterator[Engine]:
            if not set(asked) <= set(readable):
                raise AssertionError(f"{asked} are not all among {readable}")
            one = Engine(running.connection, running.folder, running.memory)
            try:
                yield one
            finally:
                # Raises, as it should, where the engine broke down over the input.
                numbers = range(int(one.new_name().removeprefix("t")))
                running.connection.execute("".join(f"DROP TABLE IF EXISTS t{each};" for each in numbers))
                for link in one.new_path().parent.iterdir():
                    link.unlink()

        patch.setattr(counted, "engine", kept)
        yield
