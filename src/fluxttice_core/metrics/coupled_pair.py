"""Two halves as one model: decoders combined without the answer, and the pair coupled as in training."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.codes import information_figures, parts_of, rate_figures
from fluxttice_core.metrics.metric import Figure, FigureMaker
from fluxttice_core.metrics.pair import check_fit
from fluxttice_core.metrics.perfect import uneven
from fluxttice_core.metrics.posterior import distortion, posteriors_of
from fluxttice_core.metrics.protocols import Autoencoder, Decodable
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean, reconstruction_from_posterior
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.shapes import Float, Real
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.split import Split
from fluxttice_core.spaces.target import Target

CombinationRule = Literal["product", "mixture"]
"""How two distributions over a cell's symbols become one: their normalised product, or their mean."""


@dataclass(frozen=True)
class CombinedDecoder:
    r"""One decoder made of two that read the same latent; what it decodes to is never shown to it.

    .. math:: p \propto p_A\,p_B \quad (\text{product}), \qquad p = (p_A + p_B)/2 \quad (\text{mixture})
    """

    first: Decodable
    second: Decodable
    rule: CombinationRule = "product"

    def __post_init__(self) -> None:
        check_fit(self.first, self.second)
        if self.rule not in ("product", "mixture"):
            raise MeasurementError(
                f"{self.rule!r} combines no decoders: choose product or mixture", "unknown_name"
            )

    @property
    def space(self) -> ProductSpace:
        """The operations of both decoders."""
        return self.first.space

    @property
    def latent_dim(self) -> int:
        """Dimensions of the latent that both read."""
        return self.first.latent_dim

    def decode_logits(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n cells base"]:
        """Log-probabilities of the mixture; unnormalised ones of the product."""
        log_a = self.first.decode_logits(z).log_softmax(-1)
        log_b = self.second.decode_logits(z).log_softmax(-1)
        if self.rule == "product":
            return log_a + log_b
        return torch.logaddexp(log_a, log_b).log_softmax(-1)


@dataclass(frozen=True)
class CoupledHalf:
    r"""One half of a coupled pair, reading the joint latent of both.

    .. math:: p_A(x \mid (1-\rho) z_A + \rho z_B), \qquad p_B(x \mid (1-\rho) z_B + \rho z_A)

    The joint latent is (z_A, z_B) with a standard-normal prior and the two posteriors side by side, so that
    its rate is the sum of both rates.
    """

    vae_a: Autoencoder
    vae_b: Autoencoder
    rho: float
    name: Literal["a", "b"] = "a"

    def __post_init__(self) -> None:
        check_fit(self.vae_a, self.vae_b)
        if not 0 <= self.rho <= 1 or self.name not in ("a", "b"):
            raise MeasurementError(
                f'a coupled half needs rho in [0, 1] and a name "a" or "b", not {self.rho:g}', "out_of_range"
            )

    @property
    def space(self) -> ProductSpace:
        """The operations of both halves."""
        return self.vae_a.space

    @property
    def latent_dim(self) -> int:
        """Dimensions of both latents together."""
        return 2 * self.vae_a.latent_dim

    def decode_logits(self, z: Float[Tensor, "n joint"]) -> Float[Tensor, "n cells base"]:
        """The half's logits for the mixed latent."""
        z_a, z_b = z.chunk(2, dim=1)
        if self.name == "a":
            return self.vae_a.decode_logits(torch.lerp(z_a, z_b, self.rho))
        return self.vae_b.decode_logits(torch.lerp(z_b, z_a, self.rho))

    def encode_gaussian(
        self, tables: Real[Tensor, "n cells"]
    ) -> tuple[Float[Tensor, "n joint"], Float[Tensor, "n joint"]]:
        """Both posteriors side by side."""
        mu_a, logvar_a = self.vae_a.encode_gaussian(tables)
        mu_b, logvar_b = self.vae_b.encode_gaussian(tables)
        return torch.cat((mu_a, mu_b), dim=1), torch.cat((logvar_a, logvar_b), dim=1)


@dataclass(frozen=True)
class CoupledPair(CombinedDecoder):
    """A coupled pair as one autoencoder, made by `couple`: both halves read the joint latent and decode."""

    first: CoupledHalf
    second: CoupledHalf

    def encode_gaussian(
        self, tables: Real[Tensor, "n cells"]
    ) -> tuple[Float[Tensor, "n joint"], Float[Tensor, "n joint"]]:
        """Both posteriors side by side."""
        return self.first.encode_gaussian(tables)


def couple(
    vae_a: Autoencoder, vae_b: Autoencoder, *, rho: float, rule: CombinationRule = "product"
) -> CoupledPair:
    """Couple two halves as they are coupled in training, and combine what they decode.

    Each decoder sees a share rho, in [0, 1], of the other latent. The pair's `first` and `second` are the
    coupled halves.

    Raises:
        MeasurementError: If the halves do not fit each other, or rho or the rule is out of range.

    Example:
        >>> import fluxttice_core as fx
        >>> oracle = fx.evaluation.QuantileLookup(fx.OperationSpace())
        >>> pair = couple(oracle, oracle, rho=0.3)
        >>> fx.metrics.reconstruction_from_mean(pair, torch.arange(9)).table_accuracy
        1.0
    """
    return CoupledPair(CoupledHalf(vae_a, vae_b, rho, "a"), CoupledHalf(vae_a, vae_b, rho, "b"), rule)


def coupled_figures(
    first: Autoencoder,
    second: Autoencoder,
    settings: MeasurementSettings,
    split: Split | None,
    rho: float,
    target: Target | None = None,
) -> Iterator[Figure]:
    """The pair coupled as in training, as one code: what comes back, what it costs, and each half's loss."""
    pair, prefix = couple(first, second, rho=rho), f"coupled/rho={rho:g}/"
    target = uneven(target, pair.space)
    posteriors = posteriors_of(pair, target, device=torch.device(settings.device))
    make = FigureMaker("pair", pair.space.size, settings, pair.latent_dim, prefix, target)
    part, rows = list(parts_of(pair.space, split, target).items())[-1]
    placed = rows.to(settings.device)
    yield make(f"table_accuracy/mean/{part}", reconstruction_from_mean(pair, placed).table_accuracy)
    generator = measurement_stream(settings.seed, "pair", "reconstruction", device=settings.device)
    drawn = [
        reconstruction_from_posterior(pair, placed, generator=generator).table_accuracy
        for _ in range(settings.posterior_repeats)
    ]
    yield make.shares(f"table_accuracy/draw/{part}", drawn)
    for found in (
        *rate_figures(pair, posteriors, "pair", settings, target),
        *information_figures(posteriors, "pair", settings, pair.space, target),
    ):
        if isinstance(found, Figure) and not found.quantity.startswith("latent_entropy"):
            yield replace(found, quantity=f"{prefix}{found.quantity}")
    for name, half in (("a", pair.first), ("b", pair.second)):
        generator = measurement_stream(settings.seed, "pair", "distortion", name, device=settings.device)
        loss = distortion(half, posteriors, draws=settings.posterior_repeats, generator=generator)
        yield make(f"distortion_of_{name}", loss)
