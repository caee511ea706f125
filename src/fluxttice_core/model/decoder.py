"""The decoders: a latent to one categorical distribution a table entry, independent given the latent."""

from collections.abc import Sequence
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fluxttice_core.model.encoder import rectified_layers


class Decoder(nn.Module):
    """What both decoders share: a last linear layer whose outputs are read as (cells, base) logits."""

    def __init__(self, cells: int, base: int) -> None:
        super().__init__()
        self.cells = cells
        self.base = base

    @property
    def last_layer(self) -> nn.Linear:
        """The layer whose biases shift each entry's logits directly."""
        raise NotImplementedError

    def _outputs(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n outputs"]:
        raise NotImplementedError

    def forward(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n cells base"]:
        """Logits of every entry's symbols; class c stands for the c-th symbol of the space."""
        return self._outputs(z).view(-1, self.cells, self.base)


class ExploratoryDecoder(Decoder):
    """Decoder A: a plain multilayer perceptron.

    Args:
        cells: Entries of a table.
        base: Symbols an entry can take.
        widths: Hidden widths, a ReLU after each.
        latent_dim: Dimensions of the latent.

    Example:
        >>> import torch
        >>> ExploratoryDecoder(9, 3, (32, 64), 16)(torch.zeros(5, 16)).shape
        torch.Size([5, 9, 3])
    """

    def __init__(self, cells: int, base: int, widths: Sequence[int], latent_dim: int) -> None:
        super().__init__(cells, base)
        self.decoder = rectified_layers([latent_dim, *widths])
        self.decoder.append(nn.Linear(widths[-1], cells * base))

    @property
    def last_layer(self) -> nn.Linear:
        """The final linear layer."""
        return cast(nn.Linear, self.decoder[-1])

    def _outputs(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n outputs"]:
        outputs: Tensor = self.decoder(z)
        return outputs


class ResidualBlock(nn.Module):
    r"""Two linear layers around a ReLU, added to their input: :math:`x + W_2 \max(0, W_1 x)`, with biases."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))

    def forward(self, x: Float[Tensor, "n width"]) -> Float[Tensor, "n width"]:
        """The sum of the input and the block's correction."""
        correction: Tensor = self.block(x)
        return x + correction

    @torch.no_grad()
    def close(self) -> None:
        """Set the last layer to 0, so that the block starts as the identity."""
        for parameter in self.block[-1].parameters():
            parameter.zero_()


class ConsolidatingDecoder(Decoder):
    """Decoder B: a residual network; a ReLU stands before every block, none after the last.

    Args:
        cells: Entries of a table.
        base: Symbols an entry can take.
        width: Width of the residual stream.
        blocks: Residual blocks.
        latent_dim: Dimensions of the latent.

    Example:
        >>> import torch
        >>> ConsolidatingDecoder(9, 3, 128, 2, 16)(torch.zeros(5, 16)).shape
        torch.Size([5, 9, 3])
    """

    def __init__(self, cells: int, base: int, width: int, blocks: int, latent_dim: int) -> None:
        super().__init__(cells, base)
        self.fc_in = nn.Linear(latent_dim, width)
        for number in range(1, blocks + 1):
            self.add_module(f"residual{number}", ResidualBlock(width))
        self.fc_out = nn.Linear(width, cells * base)

    @property
    def last_layer(self) -> nn.Linear:
        """The final linear layer."""
        return self.fc_out

    def _outputs(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n outputs"]:
        stream: Tensor = self.fc_in(z)
        for name, module in self.named_children():
            if name.startswith("residual"):
                stream = module(stream.relu())
        outputs: Tensor = self.fc_out(stream)
        return outputs
