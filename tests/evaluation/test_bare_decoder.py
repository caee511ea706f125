"""A decoder from elsewhere is measured as it is, and refused in a sentence where it is none."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import fluxttice_core as fx
from fluxttice_core.errors import ErrorCode, FluxtticeError
from fluxttice_core.evaluation.bare_decoder import BareDecoder
from fluxttice_core.evaluation.controls import DeltaDecoder, QuantileLookup
from fluxttice_core.evaluation.measure import measure
from fluxttice_core.evaluation.report import Report
from tests.refusals import refused
from tests.small import MEASUREMENT

SPACE = fx.OperationSpace(arity=1)
ORACLE = QuantileLookup(SPACE)


def measured(decoder: Any = None, **others: Any) -> Report:
    return fx.coverage_report(decoder=decoder, settings=MEASUREMENT, **others)


def module() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 9), nn.Unflatten(1, (3, 3)))


def test_a_function_scores_what_its_class_scores() -> None:
    alone = measured(ORACLE.decode_logits, latent_dim=3)
    whole = measure({"a": ORACLE}, untrained=lambda _: {"a": ORACLE}, settings=MEASUREMENT)
    shared = {metric.quantity: metric.figure for metric in alone.metrics}
    assert shared == {m.quantity: m.figure for m in whole.metrics if m.quantity in shared}
    assert shared["generative_information"].value == pytest.approx(1.0, abs=0.01)


def test_without_an_encoder_its_figures_are_left_out_and_said_to_be() -> None:
    alone, whole = measured(ORACLE.decode_logits, latent_dim=3), measured(ORACLE)
    assert any("without an encoder nothing is said of codes" in limit for limit in alone.limitations)
    assert not any("without an encoder" in limit for limit in whole.limitations)
    assert [report.has("rate", "a") for report in (alone, whole)] == [False, True]
    assert "without an encoder" in str(alone)
    assert Report.from_json(alone.to_json()) == alone


@pytest.mark.parametrize(
    ("decoder", "others"),
    [
        (lambda z: torch.zeros(len(z), 3, 3), {"latent_dim": 2}),
        (lambda z: np.zeros((len(z), 3, 3)), {"latent_dim": 2}),
        (lambda z: torch.zeros(len(z), 3, 3, dtype=torch.float64), {"latent_dim": 300, "space": SPACE}),
        (torch.zeros(3, 3), {}),
        (np.zeros((5, 3, 3)), {}),
    ],
)
def test_even_odds_know_nothing_in_whatever_form(decoder: Any, others: dict[str, Any]) -> None:
    report = measured(decoder, **others)
    assert report.metric("generative_information", "a").value == pytest.approx(0.0, abs=1e-6)
    assert report.metric("coverage/argmax/200", "a").value == pytest.approx(1 / 27)
    assert report.warnings[0] == "Half A has collapsed: every latent gives the same operation."


def test_a_tensor_gives_each_of_its_outputs_equally_often() -> None:
    certain = 50 * torch.nn.functional.one_hot(SPACE_TABLES, 3).float()
    report = measured(certain)
    assert report.metric("generative_information", "a").value == pytest.approx(1.0, abs=0.01)
    half = measured(certain[:13])
    assert half.metric("effective_number_1", "a").value == pytest.approx(13, abs=0.5)


SPACE_TABLES = torch.tensor(SPACE.tables(np.arange(27)) - SPACE.symbols[0]).long()


def test_a_module_is_measured_in_evaluation_mode_and_left_as_it_was() -> None:
    network = module().train()
    network[1].eval()
    report = measured(network)
    assert [layer.training for layer in network] == [True, False, True, True]
    assert report.title == "Sequential"
    assert report == measured(network.eval(), latent_dim=3)


def test_an_object_with_decode_logits_names_its_space_and_latents() -> None:
    report = measured(DeltaDecoder(SPACE, 5))
    assert (report.title, report.space) == ("DeltaDecoder", SPACE)


def test_words_are_measured_by_the_name_of_their_space() -> None:
    report = measured(lambda z: torch.zeros(len(z), 3, 4), latent_dim=2, space="dna:3")
    assert report.space.size == 64
    assert report.metric("entropy", "a").value == pytest.approx(np.log(64), abs=1e-5)


def test_letters_that_a_position_has_not_are_never_given() -> None:
    decoder = BareDecoder(lambda z: torch.zeros(len(z), 2, 4), fx.spaces.space_of("01^1xACGT^1"), 2)
    odds = decoder.decode_logits(torch.zeros(1, 2)).softmax(-1)
    assert odds[0].tolist() == [[0.5, 0.5, 0.0, 0.0], [0.25] * 4]


def even(z: Tensor) -> Tensor:
    return torch.zeros(len(z), 3, 3)


@pytest.mark.parametrize(
    ("decoder", "others", "code", "words"),
    [
        (even, {}, "missing_option", "give latent_dim="),
        (even, {"latent_dim": 0}, "out_of_range", "a whole number from 1"),
        (lambda z: z, {"latent_dim": 2}, "wrong_shape", "logits (4, 2) are those of no space"),
        (lambda z: torch.zeros(len(z), 5, 2), {"latent_dim": 2}, "wrong_shape", "cells = base ** arity"),
        (even, {"latent_dim": 2, "space": fx.OperationSpace()}, "wrong_shape", "(4, 9, 3) are expected"),
        (lambda z: even(z)[:1], {"latent_dim": 2}, "wrong_shape", "to (1, 3, 3)"),
        (lambda z: even(z) * torch.nan, {"latent_dim": 2}, "not_finite", "NaN"),
        (lambda z: even(z).long(), {"latent_dim": 2}, "wrong_type", "a tensor of torch.int64"),
        (lambda z: even(z).tolist(), {"latent_dim": 2}, "wrong_type", "gives list"),
        (lambda z: len(z) / 0, {"latent_dim": 2}, "unsupported", "(division by zero): give one"),
        (nn.Linear(3, 9), {"latent_dim": 2}, "unsupported", "another latent_dim"),
        (lambda z: torch.randn(len(z), 3, 3), {"latent_dim": 2}, "contradictory", "from call to call"),
        (lambda z: even(z) + z.mean(), {"latent_dim": 2}, "contradictory", "the latents beside it"),
        (torch.zeros(3), {}, "wrong_shape", "and this one is (3,)"),
        (torch.zeros(0, 3, 3), {}, "wrong_shape", "and this one is (0, 3, 3)"),
        (5, {}, "wrong_type", "5 is no decoder"),
        (None, {"latent_dim": 5}, "contradictory", "give that as decoder="),
        (even, {"model": fx.certified(), "latent_dim": 2}, "contradictory", "and no model beside it"),
        (even, {"latent_dim": 2, "device": "cuda"}, "missing_device", "cuda is not there"),
        (even, {"latent_dim": 2, "device": "tpu"}, "out_of_range", "'tpu' names no device"),
        (None, {"model": even}, "wrong_type", "coverage_report(decoder=...)"),
    ],
)
def test_what_is_no_decoder_is_refused(
    unchecked_types: None, decoder: Any, others: dict[str, Any], code: ErrorCode, words: str
) -> None:
    with refused(FluxtticeError, code, words):
        measured(decoder, **others)


def test_a_decoder_that_breaks_off_later_is_named_too() -> None:
    calls: list[int] = []

    def breaking(z: Tensor) -> Tensor:
        calls.append(len(z))
        return even(z) if len(calls) < 6 else even(z)[:, :2]

    with refused(FluxtticeError, "wrong_shape", "2, 3)"):
        measured(breaking, latent_dim=2)
    assert 6 <= len(calls) < 30  # as many threads as there are may have asked before it was noticed


def test_calls_are_made_one_at_a_time() -> None:
    busy: list[bool] = []

    def alone(z: Tensor) -> Tensor:
        busy.append(True)
        assert len(busy) == 1
        busy.pop()
        return even(z)

    torch.set_num_threads(2)
    try:
        assert measured(alone, latent_dim=2).title == "alone"
    finally:
        torch.set_num_threads(1)


def test_a_checked_decoder_answers_in_the_precision_of_its_latents() -> None:
    decoder = BareDecoder(lambda z: torch.zeros(len(z), 3, 3, dtype=torch.float64), SPACE, 2)
    assert decoder.decode_logits(torch.zeros(4, 2)).dtype == torch.float32
