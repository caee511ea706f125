"""What a model must offer to be measured: a decoder suffices for coverage, an encoder adds the codes."""

from typing import Protocol, runtime_checkable

from torch import Tensor

from fluxttice_core.spaces.product_space import ProductSpace


@runtime_checkable
class Decodable(Protocol):
    """A decoder whose trits are independent given the latent."""

    @property
    def space(self) -> ProductSpace:
        """The operations that the model generates."""

    @property
    def latent_dim(self) -> int:
        """Dimensions of the standard-normal prior."""

    def decode_logits(self, z: Tensor) -> Tensor:
        """Map latents (n, latent_dim) to logits (n, cells, base)."""


@runtime_checkable
class Autoencoder(Decodable, Protocol):
    """A decoder with a diagonal Gaussian encoder."""

    def encode_gaussian(self, tables: Tensor) -> tuple[Tensor, Tensor]:
        """Map tables (n, cells) of symbols to posterior means and log-variances, both (n, latent_dim)."""
