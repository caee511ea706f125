"""The rows of a split, resident in memory as one tensor each, and shuffled without a loader."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.shapes import Float, Float64, Int64
from fluxttice_core.spaces.product_space import ProductSpace


@dataclass(frozen=True)
class Rows:
    """Elements as a network takes them.

    Attributes:
        tables: Symbols as floating-point numbers.
        classes: Positions of the symbols, the cross-entropy's targets.
        weights: How often each is to come, of any sum; none: all alike.
    """

    tables: Float[Tensor, "n cells"]
    classes: Int64[Tensor, "n cells"]
    weights: Float64[Tensor, "n"] | None = None

    def __len__(self) -> int:
        """Number of rows."""
        return self.tables.shape[0]

    def __getitem__(self, selection: slice | Tensor) -> "Rows":
        """Some of the rows, by a slice or by positions."""
        return Rows(self.tables[selection], self.classes[selection])

    def shuffled(self, generator: torch.Generator) -> "Rows":
        """The rows in an order drawn on the CPU, so that it is the same on every device.

        Rows with weights are as many draws by these weights, of which some come often and others not at all.
        """
        if self.weights is None:
            order = torch.randperm(len(self), generator=generator)
        else:
            order = torch.multinomial(self.weights, len(self), replacement=True, generator=generator)
        return self[order.to(self.tables.device)]


def rows_of(
    space: ProductSpace,
    indices: Int64[np.ndarray, "n"],
    *,
    weights: Float64[np.ndarray, "n"] | None = None,
    device: str = "cpu",
) -> Rows:
    """The rows of elements."""
    tables = torch.from_numpy(space.tables(indices))
    classes = tables.to(torch.int64) - space.lowest
    found = None if weights is None else torch.from_numpy(weights)
    return Rows(tables.to(torch.float32).to(device), classes.to(device), found)
