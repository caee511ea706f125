"""How an output depends on inputs: on which, onto which values, how evenly, and in the order of the values.

Every function takes output positions f, one axis for each input and one of operations, and returns one truth
value for each operation.
"""

from itertools import permutations, product

import numpy as np

from fluxttice_core.operations.identities import Outputs, Verdicts, everywhere
from fluxttice_core.shapes import Bool, Int64

Order = Bool[np.ndarray, "b b"]

INFORMATION_ORDER: Order = np.array([[True, False, False], [True, True, True], [False, False, True]])
"""The unknown 0 below -1 and below +1, which are not compared.

Source: Kleene, Introduction to Metamathematics (1952), section 64.
"""


def essential_arguments(f: Outputs) -> Bool[np.ndarray, "inputs n"]:
    """Tell for each input whether changing it alone can change the output."""
    return np.stack([~everywhere(f == f.take([0], axis=k)) for k in range(f.ndim - 1)])


def value_counts(f: Outputs) -> Int64[np.ndarray, "b n"]:
    """Count the cells that hold each value."""
    cells = f.reshape(-1, f.shape[-1])
    return np.stack([(cells == value).sum(axis=0, dtype=np.int64) for value in range(f.shape[0])])


def commutes_with(f: Outputs, permutation: tuple[int, ...]) -> Verdicts:
    """Tell whether f(s(a), s(b)) = s(f(a, b)) for a permutation s of the positions, an automorphism."""
    relabel = np.array(permutation, dtype=np.uint8)
    return everywhere(f[np.ix_(*[relabel] * (f.ndim - 1))] == relabel[f])


def homogeneous(f: Outputs) -> Verdicts:
    """Tell whether f commutes with every permutation of the values."""
    return np.asarray(np.all([commutes_with(f, s) for s in permutations(range(f.shape[0]))], axis=0))


def affine(f: Outputs) -> Verdicts:
    """Tell whether f(a, b) = c0 + c1 a + c2 b over the integers modulo a prime b, positions as residues."""
    inputs = f.ndim - 1
    origin = f[(0,) * inputs].astype(np.int16)
    line = origin - f.astype(np.int16)
    positions = np.indices(f.shape[:-1])[..., None]
    for k in range(inputs):
        unit = tuple(int(axis == k) for axis in range(inputs))
        line = line + (f[unit].astype(np.int16) - origin) * positions[k]
    return everywhere(line % f.shape[0] == 0)


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
