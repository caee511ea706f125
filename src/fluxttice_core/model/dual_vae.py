"""The dual VAE: two halves coupled by cross-injection, and the controller that may steer them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from fluxttice_core.errors import SettingsError
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.decoder import ConsolidatingDecoder, Decoder, ExploratoryDecoder
from fluxttice_core.model.encoder import Encoder
from fluxttice_core.model.gaussian import reparametrise
from fluxttice_core.model.halves import HALVES, HalfName
from fluxttice_core.model.initialisation import initialise
from fluxttice_core.model.network_shape import Scheme
from fluxttice_core.model.statenet import StateNet
from fluxttice_core.model.thresholds import FIRST_SLOPE, FRESH_SLOPE, BoxEncoder, TableDecoder, Thresholds
from fluxttice_core.shapes import Float, Real
from fluxttice_core.spaces.product_space import ProductSpace


@dataclass(frozen=True)
class HalfOutput:
    """What one half made of a batch: posteriors, latents, logits of the mixed latents and of prior draws."""

    mu: Float[Tensor, "n d"]
    logvar: Float[Tensor, "n d"]
    z: Float[Tensor, "n d"]
    logits: Float[Tensor, "n cells base"]
    prior_logits: Float[Tensor, "m cells base"] | None = None


class VAE(nn.Module):
    """One half on its own: an encoder and a decoder over the elements of a space.

    Example:
        >>> half = DualVAE.initialised(Architecture(), torch.Generator().manual_seed(0)).vae_b
        >>> half.decode_logits(torch.zeros(2, half.latent_dim)).shape
        torch.Size([2, 9, 3])
    """

    def __init__(self, space: ProductSpace, encoder: Encoder, decoder: Decoder) -> None:
        super().__init__()
        self.space = space
        self.encoder = encoder
        self.decoder = decoder

    @property
    def latent_dim(self) -> int:
        """Dimensions of the latent and of its standard-normal prior."""
        return self.encoder.fc_mu.out_features

    def encode_gaussian(
        self, tables: Real[Tensor, "n cells"]
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
        """Posterior means and log-variances of tables of symbols."""
        mu, logvar = self.encoder(tables.to(self.encoder.fc_mu.weight.dtype))
        return mu, logvar

    def decode_logits(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n cells base"]:
        """Logits of every entry's symbols given latents."""
        logits: Tensor = self.decoder(z)
        return logits


class DualVAE(nn.Module):
    r"""Two VAEs whose decoders see a mixture of both latents while they train.

    .. math::
        \tilde z_A = (1-\rho) z_A + \rho\,\mathrm{sg}(z_B), \quad
        \tilde z_B = (1-\rho) z_B + \rho\,\mathrm{sg}(z_A)

    with sg the stop-gradient: each half learns from its own latent only. Parameter names follow the
    original system's checkpoints, so that those load.

    Args:
        architecture: The sizes; the defaults have 168,770 parameters.

    Example:
        >>> model = DualVAE.initialised(Architecture(), torch.Generator().manual_seed(0))
        >>> sum(p.numel() for p in model.parameters())
        168770
    """

    # These names, like those of the encoders and decoders below, are the keys of the original's checkpoints.
    grad_norm_A_ema: Tensor  # noqa: N815
    grad_norm_B_ema: Tensor  # noqa: N815

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.space = architecture.space
        bases, latent = architecture.bases, architecture.latent_dim
        letters = None if architecture.space_name is None else bases
        if architecture.decoders == "table":
            self.thresholds = Thresholds(architecture)
            self.encoder_A: Encoder = BoxEncoder(self.thresholds, architecture.encoder_widths, latent)
            self.decoder_A: Decoder = TableDecoder(self.thresholds)
            self.encoder_B: Encoder = BoxEncoder(self.thresholds, architecture.encoder_widths, latent)
            self.decoder_B: Decoder = TableDecoder(self.thresholds)
        else:
            self.encoder_A = Encoder(len(bases), letters, architecture.encoder_widths, latent)
            self.decoder_A = ExploratoryDecoder(bases, architecture.exploratory_widths, latent)
            self.encoder_B = Encoder(len(bases), letters, architecture.encoder_widths, latent)
            self.decoder_B = ConsolidatingDecoder(
                bases, architecture.consolidating_width, architecture.consolidating_blocks, latent
            )
        self.state_net = StateNet()
        self.register_buffer("grad_norm_A_ema", torch.ones(()))
        self.register_buffer("grad_norm_B_ema", torch.ones(()))

    @classmethod
    def initialised(
        cls, architecture: Architecture, generator: torch.Generator, scheme: Scheme = "independent"
    ) -> "DualVAE":
        """A dual VAE with fresh weights drawn from the generator; the global random state is not touched."""
        with torch.device("meta"):
            model = cls(architecture)
        # Not `to_empty`, which imports half of torch's compiler.
        room = {
            name: torch.empty(tensor.shape, dtype=tensor.dtype) for name, tensor in model.state_dict().items()
        }
        model.load_state_dict(room, assign=True)
        initialise(model, generator, scheme)
        model.grad_norm_A_ema.fill_(1.0)
        model.grad_norm_B_ema.fill_(1.0)
        return model

    @classmethod
    def holding(cls, architecture: Architecture, tensors: Mapping[str, np.ndarray]) -> "DualVAE":
        """A dual VAE that holds given weights, in evaluation mode, its parameters not to be trained."""
        with torch.device("meta"):
            model = cls(architecture)
        own = {name: torch.from_numpy(tensor.copy()) for name, tensor in tensors.items()}
        model.load_state_dict(own, assign=True)
        return model.requires_grad_(requires_grad=False).eval()

    @torch.no_grad()
    def tabulate(self, cuts: Float[Tensor, "rows cuts"]) -> None:
        """Take the thresholds of a target, where both decoders read a table.

        Args:
            cuts: A row for each entry and each way to fill the entries before it, as `tensor_shapes` says.
        """
        self.thresholds.cuts.copy_(cuts)
        for decoder in (self.decoder_A, self.decoder_B):
            decoder.sharpen(FIRST_SLOPE / FRESH_SLOPE)

    @property
    def vae_a(self) -> VAE:
        """The exploratory half, sharing this model's weights."""
        return VAE(self.space, self.encoder_A, self.decoder_A)

    @property
    def vae_b(self) -> VAE:
        """The consolidating half, sharing this model's weights."""
        return VAE(self.space, self.encoder_B, self.decoder_B)

    def vae(self, name: HalfName) -> VAE:
        """The half called "a" or "b".

        Raises:
            SettingsError: For any other name.
        """
        if name not in ("a", "b"):
            raise SettingsError(
                f'{name!r} names no half of a dual VAE: write vae="a" or vae="b"', "unknown_name"
            )
        return self.vae_a if name == "a" else self.vae_b

    def noise(self, rows: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Standard-normal draws for the posteriors of a batch, (rows, d) for A and for B."""
        shape, dtype = (rows, self.architecture.latent_dim), self.encoder_A.fc_mu.weight.dtype
        a, b = (torch.randn(shape, generator=generator, device=generator.device, dtype=dtype) for _ in HALVES)
        return a, b

    def forward(
        self,
        tables: Float[Tensor, "n cells"],
        *,
        rho: float = 0.0,
        temperatures: tuple[float, float] = (1.0, 1.0),
        noise: tuple[Tensor, Tensor] | None = None,
        prior: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[HalfOutput, HalfOutput]:
        """Encode, draw, cross-inject and decode a batch in both halves.

        Args:
            tables: Tables of symbols, as floating-point numbers.
            rho: Share of the other half's latent in what a decoder sees, in [0, 1].
            temperatures: Factors on the posterior's standard deviation, for A and B.
            noise: Standard-normal draws for A and for B, (n, d) each; without them each latent is its mean.
            prior: Latents for A and for B, (m, d) each, that are decoded as they are.

        Returns:
            The outputs of A and of B.
        """
        mu_a, logvar_a = self.encoder_A(tables)
        mu_b, logvar_b = self.encoder_B(tables)
        z_a, z_b = mu_a, mu_b
        if noise is not None:
            z_a = reparametrise(mu_a, logvar_a, noise[0], temperature=temperatures[0])
            z_b = reparametrise(mu_b, logvar_b, noise[1], temperature=temperatures[1])
        mixed_a, mixed_b = z_a, z_b
        if rho:
            mixed_a, mixed_b = torch.lerp(z_a, z_b.detach(), rho), torch.lerp(z_b, z_a.detach(), rho)
        prior_a, prior_b = (None, None) if prior is None else prior
        return (
            HalfOutput(mu_a, logvar_a, z_a, *_decoded(self.decoder_A, mixed_a, prior_a)),
            HalfOutput(mu_b, logvar_b, z_b, *_decoded(self.decoder_B, mixed_b, prior_b)),
        )


def _decoded(decoder: Decoder, mixed: Tensor, prior: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Logits of the mixed latents and of the prior draws, by one pass over both."""
    if prior is None:
        return decoder(mixed), None
    logits, prior_logits = decoder(torch.cat((mixed, prior))).split((len(mixed), len(prior)))
    return logits, prior_logits
