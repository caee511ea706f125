"""Codes that spend rate for nothing pass for better ones by the distance in distortion, and are found out."""

import math
from dataclasses import dataclass

import pytest
import torch

from fluxttice_core.metrics.posterior import Posteriors, distortion, encode_rows, rate
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.metrics.rate_distortion import distance, gaussian_frontier
from fluxttice_core.metrics.reach_frontier import reach_frontier
from fluxttice_core.model.dual_vae import VAE
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.storage.pretrained import certified

IDLE = 0.1
"""A dimension of less rate than this many nats carries nothing that the decoder reads."""

HALVED = 2 * math.log(2)


@dataclass(frozen=True)
class Sharpened:
    """A decoder whose logits were multiplied after training."""

    decoder: Decodable
    factor: float

    @property
    def space(self) -> ProductSpace:
        return self.decoder.space

    @property
    def latent_dim(self) -> int:
        return self.decoder.latent_dim

    def decode_logits(self, z: torch.Tensor) -> torch.Tensor:
        return self.factor * self.decoder.decode_logits(z)


@dataclass(frozen=True)
class Judged:
    """Rate, distortion, the distance in distortion, and the four measures that are not bought by rate."""

    rate: float
    loss: float
    old: float
    new: tuple[float, ...]


def judged(decoder: Decodable, posteriors: Posteriors) -> Judged:
    spent = rate(posteriors).total
    noise = torch.Generator().manual_seed(0)
    loss = distortion(decoder, posteriors, draws=4, generator=noise).value
    frontiers = (gaussian_frontier(), reach_frontier())
    new = [measure(spent, loss) for f in frontiers for measure in (f.rate_above, f.lagrangian_gap)]
    return Judged(spent, loss, distance(spent, loss), tuple(new))


@pytest.fixture(scope="module", params=["a", "b"])
def half(request: pytest.FixtureRequest) -> VAE:
    model = certified()
    return model.vae_a if request.param == "a" else model.vae_b


@pytest.fixture(scope="module")
def posteriors(half: VAE) -> Posteriors:
    return encode_rows(half)


@pytest.fixture(scope="module")
def shipped(half: VAE, posteriors: Posteriors) -> Judged:
    return judged(half, posteriors)


def test_posteriors_of_half_the_width_buy_the_old_measure_alone(
    half: VAE, posteriors: Posteriors, shipped: Judged
) -> None:
    found = judged(half, Posteriors(posteriors.rows, posteriors.mu, posteriors.logvar - HALVED))
    assert found.rate > shipped.rate + 8
    assert found.loss < shipped.loss / 100
    assert found.old < shipped.old / 100
    assert all(now > before + 3 for now, before in zip(found.new, shipped.new, strict=True))


def test_rate_in_latents_that_nobody_reads_is_rate_above_the_frontier(
    half: VAE, posteriors: Posteriors, shipped: Judged
) -> None:
    idle = torch.tensor(rate(posteriors).per_dimension) < IDLE
    assert idle.sum() == 7
    found = judged(half, Posteriors(posteriors.rows, posteriors.mu, posteriors.logvar - HALVED * idle))
    assert found.loss == pytest.approx(shipped.loss, rel=0.02)
    spent = found.rate - shipped.rate
    assert spent > 2
    assert [now - before for now, before in zip(found.new, shipped.new, strict=True)] == pytest.approx(
        [spent] * 4, abs=0.05
    )


@pytest.mark.parametrize("factor", [1.5, 4.0])
def test_a_decoder_sharpened_after_the_fact_is_found_out(
    half: VAE, posteriors: Posteriors, shipped: Judged, factor: float
) -> None:
    found = judged(Sharpened(half, factor), posteriors)
    assert found.rate == shipped.rate
    assert all(now > 1.4 * before for now, before in zip(found.new, shipped.new, strict=True))


def test_the_shipped_codes_spend_next_to_nothing_in_vain(shipped: Judged) -> None:
    above, gap, above_reach, gap_to_reach = shipped.new
    assert shipped.old < 0.02
    assert 0 < above_reach < above < gap < 0.4
    assert above_reach < gap_to_reach < gap
