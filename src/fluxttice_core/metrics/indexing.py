"""Index arithmetic on tensors: the conventions of `OperationSpace`, on any device."""

import torch
from jaxtyping import Float, Int64, Integer
from torch import Tensor

from fluxttice_core.spaces.operation_space import OperationSpace

_EXACT_IN_FLOAT32 = 2**24


def indices_of(positions: Integer[Tensor, "n cells"], base: int) -> Int64[Tensor, "n"]:
    r"""Read positions (0 = the smallest symbol) as operation indices.

    .. math:: i = \sum_p \mathrm{position}_p\, \mathrm{base}^p

    Example:
        >>> indices_of(torch.tensor([[2, 0, 1]]), 3).tolist()
        [11]
    """
    powers = _powers(positions.shape[-1], base, positions.device)
    if base ** positions.shape[-1] <= _EXACT_IN_FLOAT32 and positions.device.type == "cpu":
        # A float product is exact here, and several times faster than one of whole numbers.
        return (positions.float() @ powers.float()).long()
    return (positions.long() * powers).sum(-1)


def positions_of(space: OperationSpace, indices: Int64[Tensor, "n"]) -> Int64[Tensor, "n cells"]:
    """Write indices out as the position (0 = the smallest) of each cell's symbol.

    Example:
        >>> positions_of(OperationSpace(base=2), torch.tensor([6])).tolist()
        [[0, 1, 1, 0]]
    """
    return indices.unsqueeze(-1) // _powers(space.cells, space.base, indices.device) % space.base


def symbols_of(space: OperationSpace, indices: Int64[Tensor, "n"]) -> Float[Tensor, "n cells"]:
    """Write indices out as tables of symbols, in single precision, as encoders read them.

    Example:
        >>> symbols_of(OperationSpace(), torch.tensor([1])).tolist()
        [[0.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0]]
    """
    return (positions_of(space, indices) + space.symbols[0]).float()


def _powers(cells: int, base: int, device: torch.device) -> Tensor:
    return torch.tensor([base**p for p in range(cells)], dtype=torch.int64, device=device)
