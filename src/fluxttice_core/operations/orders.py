"""Orders of the values, as matrices with entry (x, y) true where x <= y, and operations that respect them."""

from itertools import product

import numpy as np

from fluxttice_core.operations.identities import Outputs, Verdicts
from fluxttice_core.shapes import Bool

Order = Bool[np.ndarray, "b b"]

INFORMATION_ORDER: Order = np.array([[True, False, False], [True, True, True], [False, False, True]])
"""The unknown 0 below -1 and below +1, which are not compared.

Source: Kleene, Introduction to Metamathematics (1952), section 64.
"""


def chain(*positions: int) -> Order:
    """Return the linear order that lists the positions from the lowest to the highest.

    Example:
        >>> chain(1, 0, 2).astype(int).tolist()
        [[1, 0, 1], [1, 1, 1], [0, 0, 1]]
    """
    rank = np.argsort(positions)
    return np.asarray(rank[:, None] <= rank[None, :])


def preserves_order(f: Outputs, order: Order) -> Verdicts:
    """Tell whether a <= a' and b <= b' imply f(a, b) <= f(a', b')."""
    pairs = np.argwhere(order).tolist()
    verdict = np.ones(f.shape[-1], dtype=bool)
    for steps in product(pairs, repeat=f.ndim - 1):
        low, high = zip(*steps, strict=True)
        verdict &= order[f[low], f[high]]
    return verdict
