"""Figures of codes that are known: one that says nothing, one that says everything, one that is misled."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from fluxttice_core.evaluation.controls import QuantileLookup, ShuffledLabels
from fluxttice_core.evaluation.reference import BlankCode
from fluxttice_core.metrics import codes as module
from fluxttice_core.metrics.aggregate_posterior import chosen_places, code_information
from fluxttice_core.metrics.codes import information_figures, parts_of, rate_figures, reconstruction_figures
from fluxttice_core.metrics.metric import Figure, Series
from fluxttice_core.metrics.posterior import ManyPosteriors, Posteriors, encode_rows, histogram_entropy, rate
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.rate_distortion import PRICE, gaussian_frontier
from fluxttice_core.metrics.reach_frontier import reach_frontier
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean, reconstruction_from_posterior
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import split
from fluxttice_core.spaces.target import Target
from tests.measuring import by_quantity

SPACE = OperationSpace(arity=1)
BINARY = OperationSpace(base=2)
SETTINGS = MeasurementSettings(posterior_repeats=3, aggregate_draws=64)


def codes(model: Autoencoder) -> dict[str, Figure]:
    posteriors = encode_rows(model)
    return by_quantity(
        [
            *rate_figures(model, posteriors, "a", SETTINGS),
            *information_figures(posteriors, "a", SETTINGS, model.space),
        ]
    )


def test_a_code_that_says_nothing_costs_nothing_and_leaves_everything_open() -> None:
    found = codes(BlankCode(SPACE))
    assert found["rate"].value == 0
    assert found["distortion"].value == pytest.approx(SPACE.log_size, abs=1e-6)
    assert found["rate_plus_distortion"].value == pytest.approx(SPACE.log_size, abs=1e-6)
    assert found["frontier_distance"].value == pytest.approx(0, abs=1e-3)
    assert found["rate_above_frontier"].value == pytest.approx(0, abs=1e-6)
    silent = PRICE * SPACE.log_size - gaussian_frontier().least_cost(cells=3)
    assert found["lagrangian_gap"].value == pytest.approx(silent, abs=1e-5)
    assert found["active_units"].value == 0
    assert found["code_information"].value == pytest.approx(0, abs=1e-6)
    assert found["marginal_kl"].value == pytest.approx(0, abs=1e-6)
    entropy = found["latent_entropy/differential"]
    assert (entropy.value, entropy.error) == pytest.approx((entropy.ceiling, 0), abs=1e-6)


def test_codes_that_fill_the_prior_show_its_histogram() -> None:
    blank = BlankCode(OperationSpace())
    found = by_quantity(information_figures(encode_rows(blank), "a", SETTINGS, blank.space))
    histogram = found["latent_entropy/histogram"]
    assert histogram.value == pytest.approx(histogram.ceiling, abs=0.003)
    assert histogram.ceiling < np.log(50)


def test_the_oracle_s_code_says_everything() -> None:
    found = codes(QuantileLookup(SPACE))
    assert found["distortion"].value < 1e-3
    assert found["code_information"].value == pytest.approx(SPACE.log_size, abs=0.01)
    assert found["rate"].value > SPACE.log_size
    for name in ("histogram", "differential"):
        entropy = found[f"latent_entropy/{name}"]
        assert entropy.high < entropy.ceiling - 0.5, "of encoded operations, and not of noise"


def test_the_errors_of_what_lies_above_the_frontiers_are_those_of_the_distortion() -> None:
    """At a distortion D the rate above the frontier changes by its slope there times the error of D."""
    oracle = QuantileLookup(SPACE)
    posteriors = encode_rows(oracle)
    wide = Posteriors(posteriors.rows, posteriors.mu, posteriors.logvar * 0 - 2.4)
    found = by_quantity(rate_figures(oracle, wide, "a", SETTINGS))
    loss = found["distortion"]
    assert found["lagrangian_gap"].error == pytest.approx(PRICE * loss.error)
    frontiers = {"rate_above_frontier": gaussian_frontier(), "rate_above_reach_frontier": reach_frontier()}
    for name, frontier in frontiers.items():
        step = 1e-4
        fall = frontier.least_rate(loss.value - step, 3) - frontier.least_rate(loss.value + step, 3)
        assert found[name].error == pytest.approx(loss.error * fall / (2 * step), rel=0.05)
        above = frontier.rate_above(found["rate"].value, loss.value, 3)
        assert found[name].value == pytest.approx(above)


def test_the_oracle_gives_back_what_was_held_out() -> None:
    found = by_quantity(reconstruction_figures(QuantileLookup(SPACE), "a", SETTINGS, split(SPACE)))
    assert found["table_accuracy/mean/held_out"].value == 1
    assert found["trit_accuracy/mean/held_out"].value == 1
    assert found["table_accuracy/mean/held_out"].estimator == "exact"
    assert found["table_accuracy/draw/held_out"].value > 0.99
    assert all(0 <= figure.low <= figure.value <= figure.high <= 1 for figure in found.values())


def test_shuffled_labels_are_not_given_back() -> None:
    permutation = torch.randperm(SPACE.size, generator=torch.Generator().manual_seed(0))
    misled = ShuffledLabels(QuantileLookup(SPACE), permutation)
    found = by_quantity(reconstruction_figures(misled, "a", SETTINGS, None))
    assert found["table_accuracy/mean/all"].value < 0.3
    assert found["trit_accuracy/mean/all"].value < 0.7


def test_each_part_is_measured_on_its_own_rows(linear_model: Callable[..., Autoencoder]) -> None:
    parts = split(BINARY)
    model = linear_model(3)
    found = by_quantity(reconstruction_figures(model, "a", SETTINGS, parts))
    tables = torch.from_numpy(BINARY.tables(parts.held_out)).float()
    back = model.decode_logits(model.encode_gaussian(tables)[0]).argmax(-1).numpy() + BINARY.symbols[0]
    assert found["trit_accuracy/mean/held_out"].value == pytest.approx(np.mean(back == tables.numpy()))


def test_the_histogram_is_one_of_codes_and_not_of_noise() -> None:
    posteriors = encode_rows(QuantileLookup(BINARY))
    narrow = Posteriors(posteriors.rows, posteriors.mu * 0 + 0.06, posteriors.logvar * 0 - 20)
    found = by_quantity(information_figures(narrow, "a", SETTINGS, BINARY))
    histogram = found["latent_entropy/histogram"]
    assert histogram.value == pytest.approx(0, abs=1e-6)
    assert histogram.ceiling > 3


def test_of_more_codes_than_are_held_as_many_are_looked_at(
    linear_model: Callable[..., Autoencoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = linear_model(0)
    monkeypatch.setattr(module, "MOST_ROWS", 5)
    many = ManyPosteriors(model, torch.arange(16))
    found = list(information_figures(many, "a", SETTINGS, BINARY))
    stream = measurement_stream(0, "a", "information")
    code_information(many, latents=64, generator=stream)
    some = encode_rows(model, chosen_places(many, 5, stream))
    assert len(some.rows) == 5
    own = measurement_stream(0, "a", "latents")
    entropies = [histogram_entropy(some.draw(own).float()) for _ in range(3)]
    assert by_quantity(found)["latent_entropy/histogram"].value == pytest.approx(np.mean(entropies))


def test_the_curve_of_rates_goes_by_its_name_and_dimension() -> None:
    oracle = QuantileLookup(SPACE)
    found = list(rate_figures(oracle, encode_rows(oracle), "b", SETTINGS))
    (curve,) = (item for item in found if isinstance(item, Series))
    assert (curve.name, curve.half, curve.x) == ("rate_per_dimension", "b", (0.0, 1.0, 2.0))
    assert curve.y == rate(encode_rows(oracle)).per_dimension
    assert by_quantity(found)["rate"].value == pytest.approx(sum(curve.y))


@pytest.mark.parametrize("known", [True, False])
def test_without_a_split_all_that_is_aimed_at_is_one_part(
    linear_model: Callable[..., Autoencoder], known: bool
) -> None:
    model, target = linear_model(3), Target.of(BINARY, [1, 2, 3, 5, 9])
    rows = torch.from_numpy(target.rows) if known else torch.arange(16)
    found = by_quantity(
        reconstruction_figures(model, "b", SETTINGS, None, target if known else None),
    )
    assert {quantity.rpartition("/")[2] for quantity in found} == set(parts_of(BINARY, None)) == {"all"}
    due = reconstruction_from_mean(model, rows)
    assert found["trit_accuracy/mean/all"].value == due.trit_accuracy
    assert found["table_accuracy/mean/all"].value == due.table_accuracy
    stream = measurement_stream(0, "b", "reconstruction", "all")
    drawn = [reconstruction_from_posterior(model, rows, generator=stream) for _ in range(3)]
    assert found["trit_accuracy/draw/all"].samples == tuple(one.trit_accuracy for one in drawn)
    assert {part: len(kept) for part, kept in parts_of(BINARY, split(BINARY), target).items()} == {
        "train": len(split(BINARY).train),
        "validation": len(split(BINARY).validation),
        "held_out": len(split(BINARY).held_out),
    }
