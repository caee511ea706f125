"""The rows of a split, resident in memory as one tensor each, and shuffled without a loader."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from fluxttice_core.spaces.product_space import ProductSpace


@dataclass(frozen=True)
class Rows:
    """Elements as a network takes them.

    Attributes:
        tables: Symbols as floating-point numbers.
        classes: Positions of the symbols, the cross-entropy's targets.
    """

    tables: Float[Tensor, "n cells"]
    classes: Int64[Tensor, "n cells"]

    def __len__(self) -> int:
        """Number of rows."""
        return self.tables.shape[0]

    def __getitem__(self, selection: slice | Tensor) -> "Rows":
        """Some of the rows, by a slice or by positions."""
        return Rows(self.tables[selection], self.classes[selection])

    def shuffled(self, generator: torch.Generator) -> "Rows":
        """The rows in an order drawn on the CPU, so that it is the same on every device."""
        return self[torch.randperm(len(self), generator=generator).to(self.tables.device)]


def rows_of(space: ProductSpace, indices: Int64[np.ndarray, "n"], *, device: str = "cpu") -> Rows:
    """The rows of elements."""
    tables = torch.from_numpy(space.tables(indices))
    classes = tables.to(torch.int64) - space.lowest
    return Rows(tables.to(torch.float32).to(device), classes.to(device))
