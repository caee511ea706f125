"""Equational properties of two-input operations: associative, commutative, with identity, Latin, group.

Every function takes output positions f of shape (b, b, n), n operations on b values, and returns one truth
value for each operation.
"""

from itertools import product

import numpy as np
from jaxtyping import Bool, UInt8

Outputs = UInt8[np.ndarray, "b b n"]
Verdicts = Bool[np.ndarray, "n"]


def conjunction(*verdicts: Bool[np.ndarray, "*shape"]) -> Bool[np.ndarray, "*shape"]:
    """Tell where every verdict is true."""
    return np.asarray(np.logical_and.reduce(verdicts))


def commutative(f: Outputs) -> Verdicts:
    """Tell whether f(a, b) = f(b, a)."""
    return np.asarray((f == f.swapaxes(0, 1)).all(axis=(0, 1)))


def idempotent(f: Outputs) -> Verdicts:
    """Tell whether f(a, a) = a."""
    values = np.arange(f.shape[0])
    return np.asarray((f[values, values] == values[:, None]).all(axis=0))


def associative(f: Outputs) -> Verdicts:
    """Tell whether f(f(a, b), c) = f(a, f(b, c))."""
    b, n = f.shape[0], f.shape[2]
    each, verdict = np.arange(n), np.ones(n, dtype=bool)
    for x, y, z in product(range(b), repeat=3):
        verdict &= f[f[x, y], z, each] == f[x, f[y, z], each]
    return verdict


def left_identities(f: Outputs) -> Bool[np.ndarray, "b n"]:
    """Tell for each value e whether f(e, x) = x for all x."""
    return np.asarray((f == np.arange(f.shape[0])[None, :, None]).all(axis=1))


def identities(f: Outputs) -> Bool[np.ndarray, "b n"]:
    """Tell for each value e whether f(e, x) = f(x, e) = x for all x; at most one is."""
    return conjunction(left_identities(f), left_identities(f.swapaxes(0, 1)))


def zeros(f: Outputs) -> Bool[np.ndarray, "b n"]:
    """Tell for each value z whether f(z, x) = f(x, z) = z for all x; at most one is."""
    values = np.arange(f.shape[0])[:, None, None]
    return np.asarray(((f == values) & (f.swapaxes(0, 1) == values)).all(axis=1))


def permuting_rows(f: Outputs) -> Verdicts:
    """Tell whether x -> f(a, x) is a permutation for every a."""
    b = f.shape[0]
    return np.asarray((np.sort(f, axis=1) == np.arange(b)[None, :, None]).all(axis=(0, 1)))


def latin_square(f: Outputs) -> Verdicts:
    """Tell whether every row and every column of the table is a permutation (a quasigroup)."""
    return conjunction(permuting_rows(f), permuting_rows(f.swapaxes(0, 1)))
