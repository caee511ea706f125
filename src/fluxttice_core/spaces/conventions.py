"""The symbols of each base and the conventions that give an index its meaning; needs nothing but Python."""

import hashlib

SYMBOLS: dict[int, tuple[int, ...]] = {2: (0, 1), 3: (-1, 0, 1), 4: (0, 1, 2, 3)}
"""The values of each base that is offered, smallest first."""

OPERATIONS = {"boolean": 2, "ternary": 3, "quaternary": 4}
"""The bases that have a name: `ternary:2` are the operations of two inputs on three values."""

ENUMERATION_LIMIT = 2**24
"""Spaces with more elements than this are not written out one by one."""

TRAIN_FRACTION = 0.8
VALIDATION_FRACTION = 0.1


def conventions_digest(base: int, arity: int) -> str:
    """SHA-256 of the conventions that give an index its meaning, as hexadecimal.

    Example:
        >>> conventions_digest(3, 2)[:16]
        '0dcdaa7e191b5af5'
    """
    conventions = (
        f"operation space 1\nbase {base}\narity {arity}\n"
        f"symbols {' '.join(map(str, SYMBOLS[base]))}\n"
        "cells: first input slowest\nindex: cell 0 least significant\n"
    )
    return hashlib.sha256(conventions.encode("ascii")).hexdigest()


def part_sizes(size: int) -> tuple[int, int, int]:
    """Sizes of the training, validation and held-out parts: floor(.8 K), floor(.1 K) and the remainder."""
    train, validation = int(TRAIN_FRACTION * size), int(VALIDATION_FRACTION * size)
    return train, validation, size - train - validation
