"""The algebra (values, f) as a whole: subalgebras, congruences and automorphisms.

Every function takes output positions f, one axis for each input and one of operations.
"""

from itertools import combinations, permutations, product

import numpy as np

from fluxttice_core.operations.dependence import commutes_with
from fluxttice_core.operations.identities import Outputs, Verdicts, everywhere

Subset = tuple[int, ...]
Partition = tuple[int, ...]
"""The block number of each position, blocks numbered in order of appearance."""


def proper_subsets(base: int) -> list[Subset]:
    """List the non-empty proper subsets of the positions, smallest first."""
    return [subset for size in range(1, base) for subset in combinations(range(base), size)]


def proper_partitions(base: int) -> list[Partition]:
    """List the partitions of the positions other than all apart and all together."""
    labels = product(range(base), repeat=base)
    growing = (p for p in labels if all(p[i] <= max(p[:i], default=-1) + 1 for i in range(base)))
    return [p for p in growing if 1 < len(set(p)) < base]


def closed_under(f: Outputs, subset: Subset) -> Verdicts:
    """Tell whether f of values in the subset is always in it."""
    inside = np.isin(np.arange(f.shape[0]), subset)
    return everywhere(inside[f[np.ix_(*[subset] * (f.ndim - 1))]])


def compatible_with(f: Outputs, partition: Partition) -> Verdicts:
    """Tell whether replacing an input by another of its block leaves the output in its block."""
    block = np.array(partition)[f]
    verdict = np.ones(f.shape[-1], dtype=bool)
    for x, y in combinations(range(f.shape[0]), 2):
        if partition[x] == partition[y]:
            for k in range(f.ndim - 1):
                verdict &= everywhere(block.take(x, axis=k) == block.take(y, axis=k))
    return verdict


def without_subalgebra(f: Outputs) -> Verdicts:
    """Tell whether no non-empty proper subset is closed under f."""
    return np.asarray(~np.any([closed_under(f, s) for s in proper_subsets(f.shape[0])], axis=0))


def simple(f: Outputs) -> Verdicts:
    """Tell whether no partition but the two trivial ones is a congruence of f."""
    verdict = np.ones(f.shape[-1], dtype=bool)
    for partition in proper_partitions(f.shape[0]):
        verdict &= ~compatible_with(f, partition)
    return verdict


def rigid(f: Outputs) -> Verdicts:
    """Tell whether the identity is the only automorphism of f."""
    verdict = np.ones(f.shape[-1], dtype=bool)
    for permutation in list(permutations(range(f.shape[0])))[1:]:
        verdict &= ~commutes_with(f, permutation)
    return verdict
