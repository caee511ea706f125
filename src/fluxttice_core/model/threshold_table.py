"""The thresholds by which decoders that read a table reach a target: computed from it, with NumPy alone."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from fluxttice_core.model.network_shape import CERTAIN
from fluxttice_core.shapes import Float32
from fluxttice_core.spaces.target import Target


def threshold_table(target: Target) -> Float32[np.ndarray, "rows cuts"]:
    r"""The thresholds of a target's map: entry after entry, a row for each way to fill those before it.

    .. math:: t_{ij}(x_{<i}) = \Phi^{-1}\big(q(x_i < j \mid x_{<i})\big)

    Where what comes before has no mass, the first symbol is certain; no latent comes there.

    Example:
        >>> from fluxttice_core.spaces.space_name import space_of
        >>> two = Target.of(space_of("01^2"), [0, 3], [3.0, 1.0])      # 00 and 11
        >>> [round(value, 3) for value in threshold_table(two).flatten().tolist()]
        [0.674, 10.0, -10.0]
    """
    q, most, before, found = target.dense(), target.space.base, 1, []
    for base in target.space.bases:
        joint = q.reshape(-1, base * before).sum(0).reshape(base, before)
        whole = joint.sum(0)
        below = np.divide(joint.cumsum(0)[:-1], whole, out=np.ones((base - 1, before)), where=whole > 0)
        cuts = np.full((before, most - 1), CERTAIN)
        cuts[:, : base - 1] = ndtri(below.clip(0, 1)).clip(-CERTAIN, CERTAIN).T
        found.append(cuts)
        before *= base
    return np.concatenate(found).astype(np.float32)
