"""What the encoder says, against the definitions, and against codes whose rate is known."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError, OperationError
from fluxttice_core.evaluation.controls import QuantileLookup
from fluxttice_core.evaluation.reference import BlankCode
from fluxttice_core.metrics import posterior
from fluxttice_core.metrics.decoding import positions_of, symbols_of
from fluxttice_core.metrics.posterior import (
    ManyPosteriors,
    Posteriors,
    distortion,
    encode_rows,
    histogram_entropy,
    posteriors_of,
    rate,
)
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.target import Target
from tests.measuring import generator
from tests.refusals import refused

EVEN = torch.linspace(-2.97, 2.97, 50).unsqueeze(-1)


def gaussians(mu: list[list[float]], sigma: list[list[float]]) -> Posteriors:
    return Posteriors(
        torch.arange(len(mu)),
        torch.tensor(mu, dtype=torch.float64),
        torch.tensor(sigma, dtype=torch.float64).log() * 2,
    )


def test_every_operation_is_encoded_in_order(linear_model: Callable[..., Any]) -> None:
    model = linear_model(0)
    found = encode_rows(model)
    mu, logvar = model.encode_gaussian(symbols_of(model.space, torch.arange(16)))
    assert torch.equal(found.mu, mu.double())
    assert torch.equal(found.logvar, logvar.double())
    assert torch.equal(found.rows, torch.arange(16))
    rows = torch.tensor([7, 3, 7])
    assert torch.equal(encode_rows(model, rows).mu, found.mu[rows])
    with refused(MeasurementError, "too_few", "nothing to encode"):
        encode_rows(model, torch.arange(0))


def test_many_rows_are_encoded_in_parts_and_joined(linear_model: Callable[..., Any]) -> None:
    model = linear_model(0, base=3)
    rows = torch.arange(5000)
    mu, _ = model.encode_gaussian(symbols_of(model.space, rows))
    assert torch.allclose(encode_rows(model, rows).mu, mu.double(), atol=1e-5)


def test_a_space_that_cannot_be_enumerated_needs_rows(linear_model: Callable[..., Any]) -> None:
    model = linear_model(0, base=4, arity=2)
    with refused(OperationError, "not_enumerable"):
        encode_rows(model)
    assert len(encode_rows(model, torch.tensor([4**16 - 1])).mu) == 1


@pytest.mark.parametrize("which", [0, 1])
def test_an_encoder_that_returns_nan_is_refused(which: int) -> None:
    class Broken(QuantileLookup):
        def encode_gaussian(self, tables: Tensor) -> tuple[Tensor, Tensor]:
            codes = [torch.zeros(tables.shape), torch.zeros(tables.shape)]
            codes[which][0, 0] = math.nan
            return codes[0], codes[1]

    with refused(MeasurementError, "not_finite", "not finite"):
        encode_rows(Broken(OperationSpace(2)))


def test_draws_have_the_posteriors_moments() -> None:
    n = 40_000
    drawn = gaussians([[1.0, -2.0]] * n, [[0.5, 2.0]] * n).draw(generator())
    assert drawn.dtype == torch.float64
    assert torch.allclose(drawn.mean(0), torch.tensor([1.0, -2.0]).double(), atol=4.5 * 2 / math.sqrt(n))
    assert torch.allclose(drawn.std(0), torch.tensor([0.5, 2.0]).double(), rtol=0.02)


def test_codes_come_in_parts_with_their_rows(linear_model: Callable[..., Any]) -> None:
    posteriors = encode_rows(linear_model(0, base=3), torch.arange(5000))
    rows, codes = (torch.cat(part) for part in zip(*posteriors.coded_chunks(), strict=True))
    assert torch.equal(rows, posteriors.rows)
    assert torch.equal(codes, posteriors.mu.float())
    drawn = torch.cat([z for _, z in posteriors.coded_chunks(generator(1))])
    assert torch.equal(drawn, posteriors.draw(generator(1)).float())


def test_the_rate_of_known_gaussians() -> None:
    """KL(N(m, s^2) || N(0, 1)) = (m^2 + s^2 - 1)/2 - ln s, averaged over two rows."""
    found = rate(gaussians([[1.0, 0.0], [3.0, 0.0]], [[1.0, 0.5], [1.0, 0.5]]))
    assert found.per_dimension == pytest.approx((2.5, -0.375 + math.log(2)))
    assert found.total == pytest.approx(2.125 + math.log(2))


def test_active_units_are_those_whose_mean_moves() -> None:
    """Means of +-.0995 have variance .0099, of +-.1005 variance .0101."""
    found = rate(gaussians([[0.0995, 0.1005, 5.0], [-0.0995, -0.1005, 5.0]], [[1.0] * 3] * 2))
    assert found.active == (False, True, False)
    assert found.active_units == 1


def test_the_rate_is_not_clamped() -> None:
    """Free bits would raise each of these 16 dimensions to .5."""
    assert rate(gaussians([[0.0] * 16] * 3, [[1.0] * 16] * 3)).total == 0


def test_distortion_of_a_constant_decoder_is_the_entropy_of_a_table() -> None:
    model = BlankCode(OperationSpace())
    found = distortion(model, encode_rows(model), draws=2, generator=generator())
    assert found.value == pytest.approx(9 * math.log(3), rel=1e-6)
    assert found.error == pytest.approx(0, abs=1e-6)


def test_the_error_of_distortion_is_its_spread_over_repeats(linear_model: Callable[..., Any]) -> None:
    model = linear_model(3, logvar=0.5)
    posteriors = encode_rows(model)
    found = [distortion(model, posteriors, draws=8, generator=generator(seed)) for seed in range(100)]
    spread = np.std([f.value for f in found], ddof=1)
    assert np.mean([f.error for f in found]) == pytest.approx(spread, rel=0.25)


def test_one_draw_does_not_know_its_error(linear_model: Callable[..., Any]) -> None:
    model = linear_model(0)
    with refused(MeasurementError, "too_few", "at least 2 draws"):
        distortion(model, encode_rows(model), draws=1, generator=generator())


@pytest.mark.parametrize(
    ("z", "entropy"),
    [
        (EVEN, math.log(50)),
        (torch.full((10, 1), 0.3), 0),
        (torch.cat((EVEN, torch.full((50, 1), 0.3)), dim=1), math.log(50) / 2),
        (torch.tensor([[-1.0], [1.0], [1.0], [1.0]]), -0.25 * math.log(0.25) - 0.75 * math.log(0.75)),
        (torch.tensor([[-1.0], [1.0], [7.0], [-3.01]]), math.log(2)),
        (torch.full((3, 1), 9.0), 0),
    ],
    ids=["even", "spike", "both", "two", "two within", "none within"],
)
def test_histogram_entropy_of_known_histograms(z: Tensor, entropy: float) -> None:
    assert histogram_entropy(z) == pytest.approx(entropy)


def test_a_unit_whose_variance_is_the_bound_itself_is_not_active(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posterior, "ACTIVE_VARIANCE", 0.25)
    assert rate(gaussians([[0.5, 0.75], [-0.5, -0.75]], [[1.0] * 2] * 2)).active == (False, True)


def test_distortion_draws_16_codes_unless_told(linear_model: Callable[..., Any]) -> None:
    model = linear_model(3)
    posteriors = encode_rows(model)
    assert distortion(model, posteriors, generator=generator()) == distortion(
        model, posteriors, draws=16, generator=generator()
    )


def test_a_weighted_histogram_has_the_range_of_any_other() -> None:
    """Bins are .12 wide from -3 to 3, and what lies beyond is in none of them."""
    z = torch.tensor([[-2.99], [-2.9], [-2.8], [0.01], [0.05], [2.99], [40.0]])
    weights = torch.tensor([1.0, 1.0, 2.0, 1.0, 1.0, 2.0, 9.0], dtype=torch.float64) / 17
    shares = [2 / 8, 2 / 8, 2 / 8, 2 / 8]
    assert histogram_entropy(z, weights) == pytest.approx(-sum(p * math.log(p) for p in shares))
    narrow = torch.tensor([[0.01], [0.02], [0.05]])
    assert histogram_entropy(narrow, torch.full((3,), 1 / 3, dtype=torch.float64)) == pytest.approx(0)


@pytest.mark.parametrize(
    ("weights", "weighted"), [(None, False), ([1.0 + n for n in range(10)], True)], ids=["alike", "risen"]
)
@pytest.mark.parametrize("most", [9, 10])
def test_many_rows_keep_the_weights_of_a_target_that_has_any(
    linear_model: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    weights: list[float] | None,
    weighted: bool,
    most: int,
) -> None:
    model = linear_model(0)
    target = Target.of(model.space, range(3, 13), weights)
    monkeypatch.setattr(posterior, "MOST_ROWS", most)
    found = posteriors_of(model, target, device=torch.device("cpu"))
    assert isinstance(found, ManyPosteriors) is (most == 9)
    assert found.rows.tolist() == list(range(3, 13))
    assert (None if found.weights is None else found.weights.tolist()) == (
        target.q.tolist() if weighted else None
    )


def test_many_rows_of_a_whole_space_are_all_alike(
    linear_model: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = linear_model(0)
    monkeypatch.setattr(posterior, "MOST_ROWS", 5)
    for target in (None, Target.everything(model.space)):
        found = posteriors_of(model, target, device=torch.device("cpu"))
        assert isinstance(found, ManyPosteriors)
        assert (found.rows.tolist(), found.weights) == (list(range(16)), None)
        assert [share for share, _ in found.blocks()] == [5 / 16, 5 / 16, 5 / 16, 1 / 16]


WEIGHTS = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)


def test_weighted_rows_count_as_often_as_they_are_due() -> None:
    """The same as of four rows, the first of them twice."""
    mu, sigma = [[1.0, 0.0], [3.0, -0.5], [0.0, 2.0]], [[1.0, 0.5], [0.7, 0.9], [1.2, 0.3]]
    plain = gaussians(mu, sigma)
    own = Posteriors(plain.rows, plain.mu, plain.logvar, WEIGHTS)
    four = gaussians([mu[0], *mu], [sigma[0], *sigma])
    assert own.mean(plain.mu).tolist() == pytest.approx([1.25, 0.375])
    assert plain.mean(plain.mu).tolist() == pytest.approx([4 / 3, 0.5])
    assert rate(own).per_dimension == pytest.approx(rate(four).per_dimension)
    assert rate(own).active == (True, True)
    ((share, block),) = own.blocks()
    assert (share, block is own) == (1.0, True)


def test_the_error_of_weighted_distortion_is_that_of_a_weighted_sum(linear_model: Callable[..., Any]) -> None:
    model, rows, draws = linear_model(3, logvar=0.5), torch.tensor([2, 7, 11]), 6
    plain = encode_rows(model, rows)
    for weights in (None, WEIGHTS):
        own = Posteriors(rows, plain.mu, plain.logvar, weights)
        found = distortion(model, own, draws=draws, generator=generator(4))
        stream, losses = generator(4), []
        for _ in range(draws):
            log_p = model.decode_logits(own.draw(stream).float()).log_softmax(-1)
            truth = positions_of(model.space, rows).unsqueeze(-1)
            losses.append(-log_p.gather(-1, truth).double().sum((1, 2)))
        loss, share = torch.stack(losses), torch.full((3,), 1 / 3) if weights is None else weights
        assert found.value == pytest.approx(float(share.double() @ loss.mean(0)), rel=1e-6)
        error = (share.double().square() @ loss.var(0) / draws).sqrt()
        assert found.error == pytest.approx(float(error), rel=1e-5)
        assert found.dof == math.inf
