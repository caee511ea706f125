"""Two-input operations that respect an order of the values: monotone, Kleene-regular, t-norms and t-conorms.

Every function takes output positions f of shape (b, b, n) and returns one truth value for each operation; an
order is a matrix with entry (x, y) true where x <= y.
"""

from itertools import product

import numpy as np
from jaxtyping import Bool

from fluxttice_core.operations.identities import (
    Outputs,
    Verdicts,
    associative,
    commutative,
    conjunction,
    identities,
)

Order = Bool[np.ndarray, "b b"]

INFORMATION_ORDER: Order = np.array([[True, False, False], [True, True, True], [False, False, True]])
"""The unknown 0 below -1 and below +1, which are not compared (Kleene)."""


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
    verdict = np.ones(f.shape[2], dtype=bool)
    for (low_a, high_a), (low_b, high_b) in product(pairs, repeat=2):
        verdict &= order[f[low_a, low_b], f[high_a, high_b]]
    return verdict


def monotone(f: Outputs) -> Verdicts:
    """Tell whether f is monotone for the natural order of the values."""
    return preserves_order(f, chain(*range(f.shape[0])))


def monotone_around_minus(f: Outputs) -> Verdicts:
    """Tell whether a ternary f is monotone for the chain 0 < -1 < +1."""
    return preserves_order(f, chain(1, 0, 2))


def monotone_around_plus(f: Outputs) -> Verdicts:
    """Tell whether a ternary f is monotone for the chain -1 < +1 < 0."""
    return preserves_order(f, chain(0, 2, 1))


def kleene_regular(f: Outputs) -> Verdicts:
    """Tell whether a ternary f is monotone for the information order, 0 below -1 and +1.

    Source: Kleene, Introduction to Metamathematics (1952), section 64.
    """
    return preserves_order(f, INFORMATION_ORDER)


def t_norm(f: Outputs) -> Verdicts:
    """Tell whether f is monotone, associative and commutative with the greatest value as identity."""
    return conjunction(monotone(f), associative(f), commutative(f), identities(f)[-1])


def t_conorm(f: Outputs) -> Verdicts:
    """Tell whether f is monotone, associative and commutative with the least value as identity."""
    return conjunction(monotone(f), associative(f), commutative(f), identities(f)[0])
