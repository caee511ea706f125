"""Random streams: each figure has one of its own, named for what it is, and nothing else decides a draw."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from fluxttice_core.evaluation.controls import UniformSampler
from fluxttice_core.evaluation.steps import Halves, run_steps, steps_of
from fluxttice_core.metrics import codes, coupled_pair, coverage, distribution, pair
from fluxttice_core.metrics.aggregate_posterior import chosen_places, code_information
from fluxttice_core.metrics.codes import figures_of_part, information_figures, rate_figures
from fluxttice_core.metrics.coupled_pair import couple, coupled_figures
from fluxttice_core.metrics.coverage import coverage_figures
from fluxttice_core.metrics.distribution import figures_of_mass, mass_figures
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.metrics.metric import Figure, Series
from fluxttice_core.metrics.pair import agreement, agreement_figures, compare_samplers, set_figures
from fluxttice_core.metrics.posterior import Posteriors, distortion, encode_rows, histogram_entropy
from fluxttice_core.metrics.reconstruction import reconstruction_from_posterior
from fluxttice_core.metrics.sampling import DecoderSampler
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import split
from fluxttice_core.spaces.target import Target
from tests.measuring import by_quantity, generator

SPACE = OperationSpace(base=2)
SETTINGS = MeasurementSettings(
    draws=(6, 20),
    repeats=3,
    repeated_up_to=10,
    long_repeats=2,
    mass_draws=1024,
    posterior_repeats=3,
    aggregate_draws=40,
    seed=11,
)
OF_A_HALF = [
    *(("coverage", str(repeat)) for repeat in range(3)),
    ("mass",),
    *(("reconstruction", part) for part in ("train", "validation", "held_out")),
    ("distortion",),
    ("information",),
    ("latents",),
]
OF_THE_PAIR = [
    *(("sets",), ("agreement",), ("reconstruction",), ("distortion",), ("information",), ("latents",)),
    *(("distortion", "a"), ("distortion", "b")),
]


@pytest.fixture
def halves(linear_model: Callable[..., Any]) -> Halves:
    return {"a": linear_model(1, logvar=0.5), "b": linear_model(2, logvar=0.5)}


def measured(halves: Halves, settings: MeasurementSettings = SETTINGS) -> list[Figure | Series]:
    steps = steps_of(halves, settings, split(SPACE), 0.25)
    return [item for part in run_steps(steps, device="cpu") for item in part]


def test_every_figure_has_a_stream_of_its_own(halves: Halves, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def noted(seed: int, *purpose: str, device: str) -> torch.Generator:
        asked.append((seed, device, *purpose))
        return measurement_stream(seed, *purpose, device=device)

    for module in (codes, coupled_pair, coverage, distribution, pair):
        monkeypatch.setattr(module, "measurement_stream", noted)
    measured(halves)
    due = [(half, *purpose) for half in ("a", "b") for purpose in OF_A_HALF]
    due += [("pair", *purpose) for purpose in OF_THE_PAIR]
    assert sorted(asked, key=str) == sorted(((11, "cpu", *purpose) for purpose in due), key=str)


def test_the_seed_decides_every_draw_and_nothing_that_is_exact(halves: Halves) -> None:
    first, again = measured(halves), measured(halves)
    assert first == again
    found, other = (
        {(item.half, item.quantity): item for item in items if isinstance(item, Figure)}
        for items in (first, measured(halves, SETTINGS.with_only(seed=12)))
    )
    same = {
        key
        for key, figure in found.items()
        if (figure.value, figure.samples) == (other[key].value, other[key].samples)
    }
    counted = ("coverage/", "efficiency/", "equivalent_", "table_accuracy/")
    assert {key for key, figure in found.items() if figure.estimator == "exact"} <= same
    # Of 16 elements and of a few rows, two samples may show equally many; nothing else is a count.
    assert not [key for key in same if found[key].estimator != "exact" and not key[1].startswith(counted)]


def test_parts_are_drawn_as_often_as_told_from_their_own_stream(halves: Halves) -> None:
    model, rows = halves["a"], torch.arange(16)
    found = by_quantity(figures_of_part(model, "b", SETTINGS, "train", rows))  # type: ignore[arg-type]
    stream = measurement_stream(11, "b", "reconstruction", "train")
    drawn = [
        reconstruction_from_posterior(model, rows, generator=stream)  # type: ignore[arg-type]
        for _ in range(3)
    ]
    assert len({one.exact_cells for one in drawn}) > 1
    assert found["table_accuracy/draw/train"].samples == tuple(one.table_accuracy for one in drawn)
    assert found["trit_accuracy/draw/train"].samples == tuple(one.trit_accuracy for one in drawn)


def test_codes_are_measured_from_their_own_streams(linear_model: Callable[..., Any]) -> None:
    model = linear_model(1, logvar=0.5)
    posteriors = encode_rows(model)
    found = by_quantity(
        [
            *rate_figures(model, posteriors, "b", SETTINGS),
            *information_figures(posteriors, "b", SETTINGS, SPACE),
        ]
    )
    loss = distortion(model, posteriors, draws=3, generator=measurement_stream(11, "b", "distortion"))
    assert found["distortion"].estimate == loss
    assert found["rate_plus_distortion"].value == found["rate"].value + loss.value
    known = code_information(posteriors, latents=40, generator=measurement_stream(11, "b", "information"))
    assert found["code_information"].estimate == known.mutual_information
    assert found["marginal_kl"].estimate == known.marginal_kl
    assert found["latent_entropy/differential"].estimate == known.differential_entropy
    stream = measurement_stream(11, "b", "latents")
    entropies = [histogram_entropy(posteriors.draw(stream).float()) for _ in range(3)]
    histogram = found["latent_entropy/histogram"]
    assert histogram.value == pytest.approx(np.mean(entropies))
    assert histogram.error == pytest.approx(np.std(entropies, ddof=1) / 3**0.5)
    assert histogram.dof == 2


def test_the_densities_are_those_of_the_first_latents(linear_model: Callable[..., Any]) -> None:
    model = linear_model(1, logvar=0.5)
    target = Target.of(SPACE, range(4), [4.0, 2.0, 1.0, 1.0])
    for posteriors, weights in (
        (encode_rows(model), None),
        (encode_rows(model, target=target), np.array([0.5, 0.25, 0.125, 0.125])),
    ):
        curves = [
            item for item in information_figures(posteriors, "a", SETTINGS, SPACE) if isinstance(item, Series)
        ]
        assert [curve.name for curve in curves] == [f"latent_density/{d}" for d in range(3)]
        stream = measurement_stream(11, "a", "latents")
        first, *others = (posteriors.draw(stream).float() for _ in range(3))
        z = first.numpy()
        entropies = [histogram_entropy(one, posteriors.weights) for one in (first, *others)]
        aim = None if weights is None else target
        found = by_quantity(information_figures(posteriors, "a", SETTINGS, SPACE, aim))
        assert found["latent_entropy/histogram"].value == pytest.approx(np.mean(entropies))
        edges = np.linspace(-4, 4, 81)
        for d, curve in enumerate(curves):
            due, _ = np.histogram(z[:, d], edges, density=True, weights=weights)
            assert curve.half == "a"
            assert curve.y == pytest.approx(due, rel=1e-5)
            assert curve.x == pytest.approx(edges[:-1] + 0.05, abs=1e-5)


def test_the_mass_is_estimated_from_its_own_stream(linear_model: Callable[..., Any]) -> None:
    model = linear_model(1)
    mass = estimate_mass(model, 1024, generator=measurement_stream(11, "b", "mass"))
    assert list(mass_figures(model, "b", SETTINGS, None)) == list(figures_of_mass(mass, "b", SETTINGS, None))


def test_the_pair_is_coupled_from_its_own_streams(halves: Halves) -> None:
    a, b = halves["a"], halves["b"]
    found = by_quantity(coupled_figures(a, b, SETTINGS, None, 0.25))  # type: ignore[arg-type]
    both = couple(a, b, rho=0.25)  # type: ignore[arg-type]
    posteriors, prefix = encode_rows(both), "coupled/rho=0.25/"
    stream = measurement_stream(11, "pair", "reconstruction")
    drawn = tuple(
        reconstruction_from_posterior(both, torch.arange(16), generator=stream).table_accuracy
        for _ in range(3)
    )
    assert found[f"{prefix}table_accuracy/draw/all"].samples == drawn
    for name, half in (("a", both.first), ("b", both.second)):
        stream = measurement_stream(11, "pair", "distortion", name)
        loss = distortion(half, posteriors, draws=3, generator=stream)
        assert found[f"{prefix}distortion_of_{name}"].estimate == loss
    stream = measurement_stream(11, "pair", "distortion")
    assert found[f"{prefix}distortion"].estimate == distortion(both, posteriors, draws=3, generator=stream)
    known = code_information(posteriors, latents=40, generator=measurement_stream(11, "pair", "information"))
    assert found[f"{prefix}code_information"].estimate == known.mutual_information
    assert not any("latent_entropy" in name for name in found)
    assert {(figure.half, figure.seed or 11) for figure in found.values()} == {("pair", 11)}


def test_the_pair_is_compared_from_its_own_streams(halves: Halves) -> None:
    a, b = halves["a"], halves["b"]
    found = by_quantity([*set_figures(a, b, SETTINGS), *agreement_figures(a, b, SETTINGS)])
    stream = measurement_stream(11, "pair", "sets")
    sets = [compare_samplers(DecoderSampler(a), DecoderSampler(b), 20, generator=stream) for _ in range(2)]
    due = {
        "coverage_of_a": [one.first / 16 for one in sets],
        "coverage_of_b": [one.second / 16 for one in sets],
        "union": [one.union / 16 for one in sets],
        "jaccard_similarity": [one.jaccard_similarity for one in sets],
        "jaccard_distance": [one.jaccard_distance for one in sets],
    }
    for name, values in due.items():
        assert found[f"{name}/argmax/20"].samples == tuple(values)
    stream = measurement_stream(11, "pair", "agreement")
    alike = [agreement(a, b, 20, generator=stream) for _ in range(2)]
    assert found["agreement/tables/20"].samples == tuple(one.table_agreement for one in alike)
    assert found["agreement/trits/20"].samples == tuple(one.trit_agreement for one in alike)


@pytest.mark.parametrize(("long_repeats", "due"), [(1, 2), (2, 2), (3, 3)])
def test_a_pair_is_compared_at_least_twice(halves: Halves, long_repeats: int, due: int) -> None:
    settings = SETTINGS.model_copy(update={"long_repeats": long_repeats})
    found = [
        *set_figures(halves["a"], halves["b"], settings),
        *agreement_figures(halves["a"], halves["b"], settings),
    ]
    assert {figure.repeats for figure in found} == {due}


def test_each_repeat_of_a_count_has_a_stream_whose_budgets_are_nested() -> None:
    sampler = UniformSampler(SPACE)
    found = by_quantity(coverage_figures(sampler, "b", SETTINGS))
    few, many = [], []
    for repeat in range(3):
        stream = measurement_stream(11, "b", "coverage", str(repeat))
        first, rest = sampler.sample(6, stream), sampler.sample(14, stream)
        few.append(len(torch.unique(first)) / 16)
        many.append(len(torch.unique(torch.cat((first, rest)))) / 16)
    for rule in SETTINGS.rules:
        assert found[f"coverage/{rule}/6"].samples == tuple(few)
        assert found[f"coverage/{rule}/20"].samples == tuple(many[:2])


@pytest.mark.parametrize("weights", [None, [0.4, 0.3, 0.2, 0.1]])
def test_places_are_chosen_by_the_generator_alone(weights: list[float] | None) -> None:
    zeros = torch.zeros(4, 1, dtype=torch.float64)
    known = None if weights is None else torch.tensor(weights, dtype=torch.float64)
    posteriors = Posteriors(torch.arange(4), zeros, zeros, known)
    drawn = [chosen_places(posteriors, 22, generator(seed)) for seed in (1, 1, 5, 6, 7)]
    assert torch.equal(drawn[0], drawn[1])
    assert len({tuple(places.tolist()) for places in drawn}) > 1
    due = 22 * torch.tensor(weights or [0.25] * 4)
    for places in drawn:
        # Each as often as it is due, but for the parts of a step at both of its ends.
        assert ((places.bincount(minlength=4) - due).abs() < 2).all()
