"""The decoders: a latent to one categorical distribution a table entry, independent given the latent."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from fluxttice_core.model.encoder import rectified_layers
from fluxttice_core.model.network_shape import NEVER
from fluxttice_core.shapes import Float


class Decoder(nn.Module):
    """What both decoders share: a last linear layer whose outputs are read as (cells, base) logits."""

    def __init__(self, bases: Sequence[int]) -> None:
        super().__init__()
        self.bases = bases

    @property
    def last_layer(self) -> nn.Linear:
        """The layer whose biases shift each entry's logits directly."""
        raise NotImplementedError

    @torch.no_grad()
    def sharpen(self, factor: float) -> None:
        """Multiply all logits."""
        self.last_layer.weight.mul_(factor)
        self.last_layer.bias.mul_(factor)

    def _outputs(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n outputs"]:
        raise NotImplementedError

    def forward(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n cells base"]:
        """Logits of every entry's symbols; class c stands for the c-th symbol of the entry's alphabet.

        Where an alphabet is smaller than the largest one, the classes that it has not are never taken.
        """
        most = max(self.bases)
        logits = self._outputs(z).view(-1, len(self.bases), most)
        if min(self.bases) == most:
            return logits
        counts = torch.tensor(self.bases, device=z.device)
        return logits.masked_fill(torch.arange(most, device=z.device) >= counts[:, None], NEVER)


class ExploratoryDecoder(Decoder):
    """Decoder A: a plain multilayer perceptron, a ReLU after each hidden layer.

    Example:
        >>> import torch
        >>> ExploratoryDecoder((3,) * 9, (32, 64), 16)(torch.zeros(5, 16)).shape
        torch.Size([5, 9, 3])
    """

    def __init__(self, bases: Sequence[int], widths: Sequence[int], latent_dim: int) -> None:
        super().__init__(bases)
        self.decoder = rectified_layers([latent_dim, *widths])
        self.decoder.append(nn.Linear(widths[-1], len(bases) * max(bases)))

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

    Example:
        >>> import torch
        >>> ConsolidatingDecoder((3,) * 9, 128, 2, 16)(torch.zeros(5, 16)).shape
        torch.Size([5, 9, 3])
    """

    def __init__(self, bases: Sequence[int], width: int, blocks: int, latent_dim: int) -> None:
        super().__init__(bases)
        self.fc_in = nn.Linear(latent_dim, width)
        for number in range(1, blocks + 1):
            self.add_module(f"residual{number}", ResidualBlock(width))
        self.fc_out = nn.Linear(width, len(bases) * max(bases))

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
