"""What takes long and is wanted by several: made by whoever asks first, while the others wait."""

from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import TypeVar

Made = TypeVar("Made")


def once(make: Callable[[], Made]) -> Callable[[], Made]:
    """Make something when it is first asked for, from whichever thread; what failed is tried again."""
    lock, made = Lock(), cache(make)

    def get() -> Made:
        with lock:
            return made()

    return get
