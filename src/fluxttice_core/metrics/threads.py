"""Independent chunks of work on all cores: one chunk a thread, results in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")

THREADS = 2
"""Threads that a certificate is measured with, on every machine."""

_AHEAD = 2
_DENORMAL = 2.0**-140


def map_chunks(
    function: Callable[[Chunk], Result], chunks: Iterable[Chunk], *, device: torch.device
) -> Iterator[Result]:
    """Apply a function to every chunk, on as many threads as torch is set to use.

    Each chunk is computed by one thread from beginning to end, so results are the same bit for bit whatever
    the number of threads, and no thread waits for another inside an operation: torch's own way, all threads
    in every operation, stalls for whole time slices as soon as another program uses a core. Chunks are drawn
    from the iterable in order by the calling thread, which may therefore hold a generator; few are held at a
    time. On devices other than a CPU the calling thread does everything.
    """
    workers = torch.get_num_threads() if device.type == "cpu" else 1
    if workers == 1:
        yield from map(function, chunks)
        return
    with (
        # Leave the cores to the pool.
        fixed_threads(1),
        ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool,
    ):
        pending: deque[Future[Result]] = deque()
        for chunk in chunks:
            pending.append(pool.submit(function, chunk))
            if len(pending) > _AHEAD * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


@contextmanager
def fixed_threads(count: int = THREADS) -> Iterator[None]:
    """Compute with so many threads whatever the caller's, put back at the end, since sums round by them."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Take numbers below 1.2e-38 for 0 in this thread: some processors are a hundred times slower with them.

    Products of small probabilities are such numbers wherever a decoder is sure of its symbols. Beside
    probabilities that sum to 1 they are nothing, in single precision as in double.
    """
    before = not bool(torch.tensor([_DENORMAL]) * 1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
