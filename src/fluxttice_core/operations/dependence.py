"""How the output of a two-input operation depends on its inputs: on which, onto which values, how evenly.

Every function takes output positions f of shape (b, b, n) and returns one truth value for each operation.
"""

from itertools import permutations

import numpy as np
from jaxtyping import Bool, Int64

from fluxttice_core.operations.identities import Outputs, Verdicts


def essential_arguments(f: Outputs) -> Bool[np.ndarray, "2 n"]:
    """Tell for each of the two inputs whether changing it alone can change the output."""
    first = (f != f[:1]).any(axis=(0, 1))
    second = (f != f[:, :1]).any(axis=(0, 1))
    return np.stack([first, second])


def value_counts(f: Outputs) -> Int64[np.ndarray, "b n"]:
    """Count the cells that hold each value."""
    return np.stack([(f == value).sum(axis=(0, 1), dtype=np.int64) for value in range(f.shape[0])])


def commutes_with(f: Outputs, permutation: tuple[int, ...]) -> Verdicts:
    """Tell whether f(s(a), s(b)) = s(f(a, b)) for a permutation s of the positions, an automorphism."""
    relabel = np.array(permutation, dtype=np.uint8)
    return np.asarray((f[relabel][:, relabel] == relabel[f]).all(axis=(0, 1)))


def homogeneous(f: Outputs) -> Verdicts:
    """Tell whether f commutes with every permutation of the values."""
    return np.asarray(np.all([commutes_with(f, s) for s in permutations(range(f.shape[0]))], axis=0))


def affine(f: Outputs) -> Verdicts:
    """Tell whether f(a, b) = c0 + c1 a + c2 b over the integers modulo a prime b, positions as residues."""
    b = f.shape[0]
    g = f.astype(np.int16)
    origin, slope_a, slope_b = g[0, 0], g[1, 0] - g[0, 0], g[0, 1] - g[0, 0]
    x, y = np.mgrid[:b, :b][..., None]
    return np.asarray(((origin + slope_a * x + slope_b * y - g) % b == 0).all(axis=(0, 1)))
