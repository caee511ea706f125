"""The probability of every operation under a model, by one matrix product over prior draws."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.decoding import LEAST_LOGIT, class_weights, decode_positions, indices_of
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.metrics.sampling import prior_chunks
from fluxttice_core.metrics.settings import DEFAULT_GROUPS
from fluxttice_core.metrics.threads import flushed_denormals, map_chunks
from fluxttice_core.shapes import Float, Float64
from fluxttice_core.spaces.product_space import ProductSpace

CPU_CHUNK = 4096
"""Factors of 5 MB in the ternary space: smaller chunks are call overhead, larger ones gain nothing more."""

ACCELERATOR_CHUNK = 65_536

_LARGEST_FACTORS = {CPU_CHUNK: 2**22, ACCELERATOR_CHUNK: 2**25}
"""Numbers in the factors of one chunk at most: of larger spaces fewer latents are taken at a time."""

_LARGEST_IN_DOUBLE = 2**20
"""Estimates of spaces with more elements are kept in single precision, in which they are made anyway."""

LARGEST_MEMORY = 4 * 10**9
"""Bytes that an estimate may take."""

_HELD = 8
"""Chunks that wait for being added up, at most, on two threads."""


@dataclass(frozen=True, eq=False)
class MassEstimate:
    """Estimates of p(x) for every operation, kept apart for independent groups of prior draws.

    Args:
        draws: Prior draws M in all; every group has the same number.
        groups: Mean of p(x|z) over each group's draws; each row sums to 1.
        argmax_groups: Share of each group's draws that decode to an operation by argmax.
        conditional_entropies: Mean of H(x|z) over each group's draws, in nats.
    """

    space: ProductSpace
    draws: int
    groups: Float[np.ndarray, "groups K"]
    argmax_groups: Float[np.ndarray, "groups K"]
    conditional_entropies: Float64[np.ndarray, "groups"]

    @property
    def p(self) -> Float64[np.ndarray, "K"]:
        """Probability of each operation, unbiased."""
        return np.asarray(self.groups.mean(0, dtype=np.float64))

    @property
    def p_argmax(self) -> Float64[np.ndarray, "K"]:
        """Share of the draws that decode to each operation by argmax."""
        return np.asarray(self.argmax_groups.mean(0, dtype=np.float64))


def estimate_mass(
    model: Decodable,
    draws: int,
    *,
    generator: torch.Generator,
    groups: int = DEFAULT_GROUPS,
    chunk: int | None = None,
) -> MassEstimate:
    r"""Estimate p(x) for all operations at once from M prior draws.

    .. math:: \hat p(x) = \frac1M \sum_m \prod_i p(x_i \mid z_m), \qquad \hat p = A^\top B / M

    The cells are independent given z. They are split in two parts; for each draw the outer products over a
    part's cells give one row of A (M x 81 in the ternary space, the first 4 cells) and one of B (M x 243, the
    last 5), and their product adds up the draws for every pair of parts, which is every operation. Products
    run in single precision over one chunk and are accumulated in double, or in single precision where the
    space has more than a million elements. Unbiased for each x. Memory is bounded before it is taken, and the
    time is linear in M and K. `decode_logits` is called from several threads and must not keep state.

    Raises:
        OperationError: If the space is too large to enumerate.
        MeasurementError: If the draws are no multiple of the groups, of which there are at least 2, the
            estimate would take more than 4 GB, or the decoder returns NaN.

    Example:
        >>> import fluxttice_core as fx
        >>> constant = fx.evaluation.ConstantDecoder(fx.OperationSpace())
        >>> mass = estimate_mass(constant, 80, generator=torch.Generator().manual_seed(0))
        >>> bool(np.allclose(mass.p, 1 / 19_683, rtol=1e-5))
        True
    """
    model.space.require_enumerable()
    if groups < 2 or draws < groups or draws % groups:
        raise MeasurementError(
            f"{draws:,} draws cannot be shared out to {groups} groups: give 2 groups or more, and a multiple",
            "out_of_range",
        )
    each = draws // groups
    step = chunk or chunk_of(model.space, generator.device)
    asked = memory_of(model.space, groups, step)
    if asked > LARGEST_MEMORY:
        raise MeasurementError(
            f"p(x) of {model.space.size:,} elements in {groups:,} groups, from {step:,} latents at a time, "
            f"takes about {asked / 1e9:,.1f} GB, and {LARGEST_MEMORY / 1e9:g} are the most: give fewer "
            "groups or a smaller chunk",
            "too_costly",
        )
    found = _empty(model.space, draws, groups)
    chunks = (
        (group, z)
        for group in range(groups)
        for z in prior_chunks(model.latent_dim, each, generator, chunk=step)
    )
    mass_of = partial(_mass_of_chunk, model, _Workspace())
    for part in map_chunks(mass_of, chunks, device=generator.device):
        _add(found, part)
    if not np.isfinite(found.groups).all():
        raise MeasurementError(
            "the decoder returns numbers that are not finite: the model cannot be measured", "not_finite"
        )
    for sums in (found.groups, found.argmax_groups, found.conditional_entropies):
        sums /= each
    return found


def chunk_of(space: ProductSpace, device: torch.device) -> int:
    """Latents that are taken at a time: as many as suit the device, fewer of spaces with large factors."""
    usual = CPU_CHUNK if device.type == "cpu" else ACCELERATOR_CHUNK
    return max(1, min(usual, _LARGEST_FACTORS[usual] // _factor_rows(space)))


def memory_of(space: ProductSpace, groups: int, chunk: int) -> int:
    """Bytes that an estimate of p(x) takes at most, about."""
    number = _precision(space).itemsize
    factors = 3 * 4 * _factor_rows(space) * chunk  # in two threads, with what they are made of
    return 2 * groups * space.size * number + 4 * _HELD * space.size + factors


def _precision(space: ProductSpace) -> np.dtype[Any]:
    return np.dtype(np.float64 if space.size <= _LARGEST_IN_DOUBLE else np.float32)


def _factor_rows(space: ProductSpace) -> int:
    cut = _middle(space.bases)
    return math.prod(space.bases[:cut]) + math.prod(space.bases[cut:])


@dataclass(frozen=True)
class _ChunkMass:
    """Sums over one chunk of draws: p(x|z) by (last cells, first cells), H(x|z), and the argmax indices.

    Without a mass, every symbol is certain, and p(x|z) is 1 at the argmax.
    """

    group: int
    mass: Tensor | None
    entropy: float
    argmax: Tensor


def _empty(space: ProductSpace, draws: int, groups: int) -> MassEstimate:
    mass, argmax = (np.zeros((groups, space.size), _precision(space)) for _ in range(2))
    return MassEstimate(space, draws, mass, argmax, np.zeros(groups))


def _add(sums: MassEstimate, part: _ChunkMass) -> None:
    shown = part.argmax.cpu().numpy()
    np.add.at(sums.argmax_groups[part.group], shown, 1.0)
    if part.mass is None:
        np.add.at(sums.groups[part.group], shown, 1.0)
    else:
        sums.groups[part.group] += part.mass.flatten().cpu().numpy()
    sums.conditional_entropies[part.group] += part.entropy


class _Workspace(threading.local):
    """Each thread's room for its factors: getting it anew from the system takes as long as filling it."""

    def __init__(self) -> None:
        self._rooms: dict[str, Tensor] = {}

    def product(self, name: str, probabilities: Sequence[Tensor], draws: int) -> Tensor:
        """The outer product of these cells, in the room of that name; of no cells, 1."""
        if not probabilities:
            return torch.ones(1, draws)  # a space of one position
        rows = math.prod(map(len, probabilities))
        room = self._rooms.get(name)
        if room is None or room.shape[1] != draws:
            room = self._rooms[name] = probabilities[0].new_empty(rows, draws)
        return outer_product(probabilities, out=room)


def _mass_of_chunk(model: Decodable, workspace: _Workspace, numbered: tuple[int, Tensor]) -> _ChunkMass:
    group, z = numbered
    with torch.inference_mode(), flushed_denormals():
        # Draws go last: every operation below then runs along contiguous memory.
        scores = model.decode_logits(z).float().flatten(1).T.contiguous()
        bases = model.space.bases
        scores = scores.view(len(bases), max(bases), len(z))
        argmax = indices_of(decode_positions(scores.movedim(-1, 0)), model.space)
        probabilities, entropy = _softmax(scores)
        if entropy == 0.0:  # to the last digit: no symbol but the likeliest has any weight
            return _ChunkMass(group, None, entropy, argmax)
        cells = [cell[:count] for cell, count in zip(probabilities, bases, strict=True)]
        first = _middle(bases)
        last_cells = workspace.product("last cells", cells[first:], len(z))
        mass = last_cells @ workspace.product("first cells", cells[:first], len(z)).T
        return _ChunkMass(group, mass, entropy, argmax)


def _middle(bases: Sequence[int]) -> int:
    """Where the cells are parted: as many before as after, or where the two parts' tables are fewest."""
    if len(set(bases)) == 1:
        return len(bases) // 2
    return min(range(len(bases)), key=lambda cut: math.prod(bases[:cut]) + math.prod(bases[cut:]))


def _softmax(scores: Tensor) -> tuple[Tensor, float]:
    r"""Softmax over classes, and the summed entropies :math:`\sum \ln s - \sum_c p_c (l_c - \max l)`."""
    centred = (scores - scores.amax(1, keepdim=True)).clamp_(min=LEAST_LOGIT)
    probabilities = class_weights(centred)
    total = probabilities.sum(1, keepdim=True)
    probabilities /= total
    entropy = float(total.log_().sum()) - float(torch.dot(probabilities.flatten(), centred.flatten()))
    return probabilities, entropy


def outer_product(
    probabilities: Sequence[Float[Tensor, "_ m"]], *, out: Float[Tensor, "tables m"] | None = None
) -> Float[Tensor, "tables m"]:
    """Multiply out the cells' probabilities, a row for each table, by its index (the first cell fastest)."""
    cells, draws = len(probabilities), probabilities[0].shape[1]
    if cells == 1:
        return probabilities[0]
    half = cells // 2
    slow, fast = outer_product(probabilities[half:]), outer_product(probabilities[:half])
    if out is not None:
        out = out.view(len(slow), len(fast), draws)
    return torch.mul(slow.unsqueeze(1), fast.unsqueeze(0), out=out).view(-1, draws)
