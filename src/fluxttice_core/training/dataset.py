"""The rows of a split, resident in memory as one tensor each, and shuffled without a loader.

Of a space that is too large to be written out, rows are drawn anew whenever they would be shuffled.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.shapes import Float, Float64, Int64
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.split import HashedSplit, Split
from fluxttice_core.spaces.target import Target


@dataclass(frozen=True)
class Rows:
    """Elements as a network takes them."""

    tables: Float[Tensor, "n cells"]
    classes: Int64[Tensor, "n cells"]
    weights: Float64[Tensor, "n"] | None = None
    parts: HashedSplit | None = None

    def __len__(self) -> int:
        """Number of rows."""
        return self.tables.shape[0]

    def __getitem__(self, selection: slice | Tensor) -> "Rows":
        """Some of the rows, by a slice or by positions."""
        return Rows(self.tables[selection], self.classes[selection])

    def shuffled(self, generator: torch.Generator) -> "Rows":
        """The rows in an order drawn on the CPU, so that it is the same on every device.

        Rows with weights are as many draws by these weights, of which some come often and others not at all.
        Those of a training part that is never listed are as many others of it, by a seed from the generator.
        """
        if self.parts is not None:
            seed = int(torch.randint(2**32, (1,), generator=generator))
            drawn = self.parts.draw("train", len(self), seed)
            return rows_of(self.parts.space, drawn, device=str(self.tables.device))
        if self.weights is None:
            order = torch.randperm(len(self), generator=generator)
        else:
            order = torch.multinomial(self.weights, len(self), replacement=True, generator=generator)
        return self[order.to(self.tables.device)]


def training_rows(
    space: ProductSpace, parts: Split, target: Target | None = None, *, device: str = "cpu"
) -> Rows:
    """The rows that a run learns from, weighted as the target says; streamed where they are too many."""
    weights = None if target is None else target.weights_of(parts.train)
    rows = rows_of(space, parts.train, weights=weights, device=device)
    return replace(rows, parts=parts) if isinstance(parts, HashedSplit) else rows


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
