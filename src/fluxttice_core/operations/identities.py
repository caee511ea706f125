"""Equational properties of operations: associative, commutative, with identity, Latin, group, majority.

Every function takes output positions f of n operations on b values, one axis of length b for each input, and
returns one truth value for each operation; those that take `Binary` are of two inputs.
"""

from itertools import product

import numpy as np

from fluxttice_core.shapes import Bool, UInt8

Outputs = UInt8[np.ndarray, "*cube n"]
Binary = UInt8[np.ndarray, "b b n"]
Verdicts = Bool[np.ndarray, "n"]


def conjunction(*verdicts: Bool[np.ndarray, "*shape"]) -> Bool[np.ndarray, "*shape"]:
    """Tell where every verdict is true."""
    return np.asarray(np.logical_and.reduce(verdicts))


def everywhere(holds: Bool[np.ndarray, "*cube n"]) -> Verdicts:
    """Tell for which operations something holds in every cell."""
    return np.asarray(holds.reshape(-1, holds.shape[-1]).all(axis=0))


def commutative(f: Outputs) -> Verdicts:
    """Tell whether f(a, b) = f(b, a), and so for every two of several inputs."""
    return np.asarray(np.all([everywhere(f == f.swapaxes(0, k)) for k in range(1, f.ndim - 1)], axis=0))


def idempotent(f: Outputs) -> Verdicts:
    """Tell whether f(a, a) = a."""
    values = np.arange(f.shape[0])
    return np.asarray((f[(values,) * (f.ndim - 1)] == values[:, None]).all(axis=0))


def iterates_to(f: UInt8[np.ndarray, "b n"], aim: UInt8[np.ndarray, "b n"]) -> Verdicts:
    """Tell whether f(f(a)) is what another operation of one input makes of a."""
    return everywhere(np.take_along_axis(f, f, axis=0) == aim)


def odd_one_out(f: UInt8[np.ndarray, "b b b n"]) -> tuple[Bool[np.ndarray, "3 n"], Bool[np.ndarray, "3 n"]]:
    """Tell for f(b, a, a), f(a, b, a) and f(a, a, b) whether it is always a, and whether it is always b."""
    a, b = np.ix_(range(f.shape[0]), range(f.shape[0]))
    outputs = [f[b, a, a], f[a, b, a], f[a, a, b]]
    usual = np.stack([everywhere(output == a[..., None]) for output in outputs])
    return usual, np.stack([everywhere(output == b[..., None]) for output in outputs])


def associative(f: Binary) -> Verdicts:
    """Tell whether f(f(a, b), c) = f(a, f(b, c))."""
    b, n = f.shape[0], f.shape[2]
    each, verdict = np.arange(n), np.ones(n, dtype=bool)
    for x, y, z in product(range(b), repeat=3):
        verdict &= f[f[x, y], z, each] == f[x, f[y, z], each]
    return verdict


def left_identities(f: Binary) -> Bool[np.ndarray, "b n"]:
    """Tell for each value e whether f(e, x) = x for all x."""
    return np.asarray((f == np.arange(f.shape[0])[None, :, None]).all(axis=1))


def identities(f: Binary) -> Bool[np.ndarray, "b n"]:
    """Tell for each value e whether f(e, x) = f(x, e) = x for all x; at most one is."""
    return conjunction(left_identities(f), left_identities(f.swapaxes(0, 1)))


def zeros(f: Binary) -> Bool[np.ndarray, "b n"]:
    """Tell for each value z whether f(z, x) = f(x, z) = z for all x; at most one is."""
    values = np.arange(f.shape[0])[:, None, None]
    return np.asarray(((f == values) & (f.swapaxes(0, 1) == values)).all(axis=1))


def permuting_rows(f: Binary) -> Verdicts:
    """Tell whether x -> f(a, x) is a permutation for every a."""
    b = f.shape[0]
    return np.asarray((np.sort(f, axis=1) == np.arange(b)[None, :, None]).all(axis=(0, 1)))


def latin_square(f: Binary) -> Verdicts:
    """Tell whether every row and every column of the table is a permutation (a quasigroup)."""
    return conjunction(permuting_rows(f), permuting_rows(f.swapaxes(0, 1)))
