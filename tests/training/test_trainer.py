"""The training loop: what happens in which order, when it stops, and that it repeats itself bit for bit."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
import safetensors.torch
import torch
from torch import Tensor

from fluxttice_core.errors import SettingsError, TrainingError
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.spaces.split import HashedSplit
from fluxttice_core.training import loss_terms as objective
from fluxttice_core.training.history import Reach
from fluxttice_core.training.loss_balance import Balance
from fluxttice_core.training.recipe import load_recipe
from fluxttice_core.training.recipe_settings import ReachSettings
from fluxttice_core.training.trainer import Progress, Trainer
from tests.refusals import refused
from tests.training.small_runs import SmallRuns, same_tensors

PLAIN: dict[str, Any] = {"balance": None, "controller": None, "transport": None, "calibration": None}
TINY_ORIGINAL = [
    *("architecture.arity=1", "architecture.encoder_widths=[12]", "architecture.latent_dim=4"),
    *("architecture.consolidating_width=8", "epochs=4", "batch_size=8", "reach.draws=200"),
]


def reach_of(distinct_a: int, distinct_b: int) -> Any:
    def observe(model: DualVAE, settings: ReachSettings, generator: torch.Generator) -> Reach:
        return Reach(distinct_a=distinct_a, distinct_b=distinct_b, expected=27.0)

    return observe


def original(observe: Any, *overrides: str) -> Trainer:
    return Trainer(load_recipe("original", [*TINY_ORIGINAL, *overrides]), seed=0, observe=observe)


@contextmanager
def rates_of(trainer: Trainer) -> Iterator[list[float]]:
    """The learning rates of the steps that are made meanwhile."""
    rates: list[float] = []
    with patch.object(trainer._descent, "step", wraps=trainer._descent.step) as step:
        yield rates
    rates += [call.kwargs["rate"] for call in step.call_args_list]


# --- the same run twice --------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_run_and_another_seed_another(small: SmallRuns) -> None:
    one, same, other = small.train(seed=3), small.train(seed=3), small.train(seed=4)
    assert one.same_weights(same)
    assert one.same_records(same)
    assert not one.same_weights(other)
    drawn = [
        key for key, tensor in one.tensors.items() if tensor.numel() > 1 and "state_net.encoder.1" not in key
    ]
    assert all(not torch.equal(one.tensors[key], other.tensors[key]) for key in drawn if "/" not in key)


def test_training_leaves_the_global_random_state_alone(small: SmallRuns) -> None:
    before = torch.get_rng_state()
    small.train()
    assert torch.equal(torch.get_rng_state(), before)


RESUMED: dict[str, Any] = {
    "epochs": 5,
    "reach.every": 2,
    "transport.start": 1.5,
    "half_a.beta": {"kind": "linear", "points": [[0, 0.0], [5, 1.0]]},
    "rho": {
        "kind": "gated",
        "balanced": {"points": [[0, 0.1], [5, 0.5]]},
        "unbalanced": {"points": [[0, 0.0]]},
    },
}


def through_files(trainer: Trainer) -> tuple[dict[str, Tensor], dict[str, Tensor], Progress]:
    """Tensors and progress as they come back from safetensors and JSON."""
    model, state = (
        safetensors.torch.load(safetensors.torch.save(tensors))
        for tensors in (trainer.model_tensors(), trainer.state_tensors())
    )
    return model, state, Progress.from_dict(json.loads(json.dumps(trainer.progress.as_dict())))


LEARNING: dict[str, Any] = {"epochs": 3, "controller.learning_rate": 0.01, "controller.every": 1}


@pytest.mark.parametrize(
    ("changes", "epochs"), [*((RESUMED, done) for done in (1, 2, 3, 4)), (LEARNING, 1), (LEARNING, 2)]
)
def test_a_resumed_run_ends_with_the_same_bits(
    small: SmallRuns, changes: dict[str, Any], epochs: int
) -> None:
    undisturbed = small.train(changes)
    first = small.trainer(changes)
    running = first.epochs()
    for _ in range(epochs):
        next(running)
    assert any(key.startswith("steering/") for key in first.state_tensors()) == (changes is LEARNING)
    second = small.trainer(changes)
    second.restore(*through_files(first))
    assert same_tensors(second.state_tensors(), first.state_tensors())
    assert same_tensors(second.model_tensors(), first.model_tensors())
    assert second.progress == first.progress
    resumed = small.finish(second)
    assert resumed.same_weights(undisturbed)
    assert resumed.records == undisturbed.records[epochs:]


def test_a_finished_run_stays_finished(small: SmallRuns) -> None:
    done = small.train().trainer
    again = small.trainer()
    again.restore(*through_files(done))
    assert list(again.epochs()) == []
    assert same_tensors(again.model_tensors(), done.model_tensors())


@pytest.mark.parametrize(
    "spoil", [{"balance": None}, {"balance": {"weight_c": 1.0}}, {"distinct": 3}, {"more": 1}]
)
def test_alien_progress_is_refused(spoil: dict[str, Any]) -> None:
    values = Progress(epoch=3, balance=Balance()).as_dict() | spoil
    with refused(TrainingError, "state_mismatch", "progress cannot be read"):
        Progress.from_dict(values)
    del values["balance"]
    with refused(TrainingError, "state_mismatch"):
        Progress.from_dict(values)


def test_tensors_of_another_network_are_refused(small: SmallRuns) -> None:
    trainer, other = small.trainer(), small.train({"architecture.latent_dim": 5}).trainer
    with refused(TrainingError, "state_mismatch", "does not fit this recipe's network"):
        trainer.restore(*through_files(other))


# --- within an epoch -----------------------------------------------------------------------------


def test_figures_are_means_over_rows_and_the_conditions_are_the_schedules(small: SmallRuns) -> None:
    trainer = small.trainer(PLAIN | {"epochs": 2, "schedule_by": "epoch"})
    seen: list[tuple[int, float]] = []
    plain_loss = trainer._loss

    def watched(batch: Any, conditions: Any, noise: Any, targets: Any = None) -> Any:
        loss = plain_loss(batch, conditions, noise, targets)
        if noise is not None:
            seen.append((len(batch), loss.total.item()))
        return loss

    trainer._loss = watched  # type: ignore[method-assign]
    first = next(trainer.epochs())
    assert [rows for rows, _ in seen] == [11, 10]  # the last batch is smaller
    assert first.loss == pytest.approx(sum(rows * loss for rows, loss in seen) / 21, rel=1e-6)
    assert (first.epoch, first.beta_a, first.rho, first.temperature_b) == (1, 0.1, 0.1, 0.8)
    assert first.learning_rate == 0.005
    assert first.transport == 0.0


@pytest.mark.parametrize(("by", "moments"), [("epoch", [0, 0, 1, 1]), ("step", [0, 11 / 21, 1, 1 + 11 / 21])])
def test_schedules_are_read_by_epoch_or_by_step(small: SmallRuns, by: str, moments: list[float]) -> None:
    rate = {"kind": "linear", "points": [[0, 0.0], [10, 0.1]]}
    trainer = small.trainer(PLAIN | {"schedule_by": by, "optimizer.rate": rate})
    with rates_of(trainer) as rates:
        small.finish(trainer)
    assert rates == pytest.approx([0.01 * moment for moment in moments])


def test_every_training_row_is_seen_once_an_epoch_and_no_held_out_row_ever(small: SmallRuns) -> None:
    trainer = small.trainer(PLAIN | {"epochs": 3})
    seen: dict[bool, list[int]] = {True: [], False: []}
    plain_forward = trainer.model.forward

    def watched(tables: Tensor, **settings: Any) -> Any:
        indices = trainer.model.space.indices(tables.to(torch.int64).numpy())
        seen[trainer.model.training].extend(indices.tolist())
        return plain_forward(tables, **settings)

    trainer.model.forward = watched  # type: ignore[method-assign]
    small.finish(trainer)
    train = seen[True]
    assert [sorted(train[start : start + 21]) for start in (0, 21, 42)] == [sorted(trainer.split.train)] * 3
    assert train[:21] != train[21:42]  # another order
    assert sorted(set(seen[False])) == sorted(trainer.split.validation)
    assert not set(train + seen[False]) & set(trainer.split.held_out.tolist())


def test_the_validation_loss_by_hand(small: SmallRuns) -> None:
    changes = {"calibration": None, "transport": None, "batch_size": 1, "epochs": 1, "half_b.repulsion": 0.0}
    trainer = small.trainer(changes)
    record = next(trainer.epochs())
    recipe, model, rows = trainer.recipe, trainer.model, trainer._validation
    total = 0.0
    for start in range(len(rows)):  # batches of one row, like the training's
        x, classes = rows.tables[start : start + 1], rows.classes[start : start + 1]
        mu_a, logvar_a = model.vae_a.encode_gaussian(x)
        mu_b, logvar_b = model.vae_b.encode_gaussian(x)
        for half, name in ((model.vae_a, "a"), (model.vae_b, "b")):
            mu, logvar = (mu_a, logvar_a) if name == "a" else (mu_b, logvar_b)
            mixed = 0.9 * mu_a + 0.1 * mu_b if name == "a" else 0.9 * mu_b + 0.1 * mu_a
            logits = half.decode_logits(mixed)
            value = objective.distortion(logits, classes) - 0.05 * objective.output_entropy(logits)
            beta, weight = getattr(record, f"beta_{name}"), getattr(record, f"weight_{name}")
            value = value + beta * objective.rate(mu, logvar, free_bits=recipe.half_a.free_bits)
            total += weight * value.item()
        # the entropy of one latent's histogram is 0, so the alignment costs nothing here
    assert record.validation_loss == pytest.approx(total / len(rows), rel=1e-5)


def test_the_alignment_enters_the_validation_loss(small: SmallRuns) -> None:
    changes = {"controller": None, "calibration": None, "balance": None}
    low, high = (
        small.train(changes | {"alignment": {"kind": "constant", "value": value}}) for value in (0.2, 0.7)
    )
    assert low.same_weights(high)  # through which no gradient flows
    assert low.records[0]["validation_loss"] <= high.records[0]["validation_loss"]
    assert low.records[0]["loss"] < high.records[0]["loss"]


# --- the original's adaptive weights and controller ----------------------------------------------


def test_the_weights_follow_their_recursion() -> None:
    """Norms after clipping, momentum by the ratio at the epoch's start, weights from the second epoch on."""
    trainer = original(reach_of(10, 16), "controller=null", "epochs=6")
    norms: list[tuple[float, float]] = []
    plain = trainer._descent.gradient_norms

    def watched() -> tuple[float, float]:
        norms.append(plain())
        return norms[-1]

    trainer._descent.gradient_norms = watched  # type: ignore[method-assign]
    g_a = g_b = 1.0
    weight_a = weight_b = 0.7
    for number, record in enumerate(trainer.epochs()):
        ratio = g_b / g_a
        momentum = 0.95 if 0.8 < ratio < 1.2 else 0.5
        if number and ratio < 0.8:
            weight_a, weight_b = weight_a + 0.02, weight_b - 0.02
        elif number and ratio > 1.2:
            weight_a, weight_b = weight_a - 0.02, weight_b + 0.02
        elif number and 0.8 < ratio < 1.2:  # B reaches 1.6 times what A does
            weight_a, weight_b = weight_a * 1.05, weight_b * 0.95
        weight_a, weight_b = (min(max(weight, 0.5), 0.95) for weight in (weight_a, weight_b))
        for norm_a, norm_b in norms:
            g_a = momentum * g_a + (1 - momentum) * norm_a
            g_b = momentum * g_b + (1 - momentum) * norm_b
        assert len(norms) == 3
        assert all(math.hypot(*pair) <= 1.0 + 1e-4 for pair in norms)
        norms.clear()
        assert (record.weight_a, record.weight_b) == pytest.approx((weight_a, weight_b))
        buffers = trainer.model_tensors()
        assert buffers["grad_norm_A_ema"].item() == pytest.approx(g_a, rel=1e-5)
        assert buffers["grad_norm_B_ema"].item() == pytest.approx(g_b, rel=1e-5)


def test_the_controller_is_asked_once_an_epoch_with_what_it_should_see() -> None:
    trainer = original(reach_of(10, 10), "epochs=2")
    asked: list[list[float]] = []
    answers: list[list[float]] = []
    net = trainer.model.state_net
    plain = net.forward

    def watched(state: Tensor) -> Tensor:
        asked.append(state[0].tolist())
        answers.append(plain(state)[0].tolist())
        return plain(state)

    net.forward = watched  # type: ignore[method-assign]
    records = list(trainer.epochs())
    assert len(asked) == 2
    kl_a, kl_b, ratio, rho, weight_a, weight_b, alignment = asked[0][2:]
    # After free bits; 4 latents of a fresh network cost their floor of .5 each, or little more.
    assert 2.0 <= kl_a < 2.5
    assert 2.0 <= kl_b < 2.5
    assert (ratio, rho, weight_a, weight_b, alignment) == pytest.approx((1.0, 0.1, 0.7, 0.7, 0.3), rel=1e-6)
    entropies = asked[0][:2]
    assert all(1.0 < entropy < math.log(8) for entropy in entropies)  # 8 latents fill at most 8 bins
    first = records[0]
    delta_rate, delta_a, delta_b, delta_alignment = answers[0]
    assert first.learning_rate == pytest.approx(1e-3 * (1 + 0.05 * delta_rate))
    assert (first.weight_a, first.weight_b) == pytest.approx((0.7 + 0.01 * delta_a, 0.7 + 0.01 * delta_b))
    assert first.alignment == pytest.approx(0.3 + 0.01 * delta_alignment)
    # The rate and the alignment start anew from their schedules; the weights keep what was added.
    assert records[1].learning_rate == pytest.approx(1e-3 * (1 + 0.05 * answers[1][0]))


def test_every_step_of_an_epoch_has_the_corrected_rate() -> None:
    trainer = original(reach_of(10, 10), "epochs=1")
    with rates_of(trainer) as rates:
        (record,) = trainer.epochs()
    assert rates == [record.learning_rate] * 3
    assert record.learning_rate != 1e-3


def test_a_controller_without_gain_changes_nothing(small: SmallRuns) -> None:
    still = {"controller.rate_gain": 0.0, "controller.weight_gain": 0.0, "controller.rate_bounds": [0.0, 1.0]}
    with_it, without = small.train(still), small.train({"controller": None})
    assert with_it.same_weights(without)


def test_coupling_opens_by_the_balance_at_the_start_of_an_epoch(small: SmallRuns) -> None:
    rho = {"kind": "gated", "balanced": {"points": [[0, 0.7]]}, "unbalanced": {"points": [[0, 0.3]]}}
    open_, shut = (
        small.train({"rho": rho, "balance.band": band}).records for band in ([0.0, 1e3], [0.0, 1e-6])
    )
    assert {record["rho"] for record in open_} == {0.7}
    assert {record["rho"] for record in shut} == {0.3}
    trainer = small.trainer({"rho": rho, "balance.band": [0.0, 1e3]})
    next(trainer.epochs())
    assert trainer.rho == 0.7


# --- when it stops -------------------------------------------------------------------------------


def scripted(trainer: Trainer, losses: list[float]) -> list[Any]:
    """The records of a run whose validation losses are given."""
    script = iter(losses)
    trainer._validation_loss = lambda _: next(script)  # type: ignore[method-assign, assignment]
    return list(trainer.epochs())


def test_a_run_stops_when_patience_is_spent(small: SmallRuns) -> None:
    trainer = small.trainer(PLAIN | {"epochs": 20, "patience": 3})
    records = scripted(trainer, [5.0, 4.0, 4.0, 4.5, 3.9, 4.0, 3.9, 9.0, 1.0])
    assert [record.best_epoch for record in records] == [1, 2, 2, 2, 5, 5, 5, 5]
    assert trainer.progress.finished
    assert trainer.progress.best_loss == 3.9


def test_without_patience_a_run_makes_all_its_epochs(small: SmallRuns) -> None:
    assert len(scripted(small.trainer(PLAIN | {"epochs": 6}), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])) == 6


def test_calibration_is_the_last_step_and_no_other(small: SmallRuns) -> None:
    # The scripted run is stopped by patience, the plain one ends by itself.
    changes: dict[str, Any] = PLAIN | {"epochs": 3, "patience": 1}
    with_it = changes | {"calibration": {"draws": 1000, "sweeps": 5}}
    for losses in ([1.0, 2.0], [3.0, 2.0, 1.0]):
        one, two = small.trainer(changes), small.trainer(with_it)
        assert len(scripted(one, losses)) == len(scripted(two, losses)) == len(losses)
        plain, calibrated = one.model_tensors(), two.model_tensors()
        moved = {key for key in plain if not torch.equal(plain[key], calibrated[key])}
        assert moved == {"decoder_A.decoder.2.bias", "decoder_B.fc_out.bias"}


def test_reach_is_looked_at_as_told_and_at_the_end(small: SmallRuns) -> None:
    records = small.train({"epochs": 5, "reach.every": 2}).records
    assert [record["efficiency_a"] is not None for record in records] == [False, True, False, True, True]


def test_a_loss_that_is_no_longer_finite_ends_the_run(small: SmallRuns) -> None:
    trainer = small.trainer(PLAIN | {"epochs": 50, "optimizer.weight_decay": 1000.0})
    with refused(TrainingError, "loss_not_finite", "at a learning rate of 0.005: lower optimizer.rate"):
        list(trainer.epochs())


def test_transport_does_not_start_from_weights_that_are_no_longer_finite(small: SmallRuns) -> None:
    trainer = small.trainer({"transport.start": 1.0})
    next(running := trainer.epochs())
    with torch.no_grad():
        trainer.model.encoder_A.fc_mu.bias.fill_(math.nan)
    with refused(TrainingError, "loss_not_finite", "no longer finite at transport.start"):
        next(running)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("where", ["weights", "validation"])
def test_infinities_are_seen_in_the_epoch_in_which_they_arise(
    small: SmallRuns, value: float, where: str
) -> None:
    trainer = small.trainer({"epochs": 5})
    running = trainer.epochs()
    next(running)
    if where == "weights":
        with torch.no_grad():
            trainer.model.encoder_A.fc_mu.bias.fill_(value)
    else:
        trainer._validation_loss = lambda _: value  # type: ignore[method-assign, assignment]
    with refused(TrainingError, "loss_not_finite", "epoch 2"):
        next(running)


# --- spaces --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("base", "arity"), [(2, 2), (2, 3), (4, 1)])
def test_other_spaces_train(small: SmallRuns, base: int, arity: int) -> None:
    sizes = {"architecture.base": base, "architecture.arity": arity, "architecture.latent_dim": 8}
    outcome = small.train(sizes | {"batch_size": 64})
    assert all(math.isfinite(record["validation_loss"]) for record in outcome.records)


def test_a_space_too_small_to_split_is_refused(small: SmallRuns) -> None:
    with refused(SettingsError, "out_of_range", "too few to keep some for validation"):
        small.trainer({"architecture.base": 2})


STREAMED = [
    *('architecture.space="dna:16"', "architecture.encoder_widths=[8]"),
    "architecture.exploratory_widths=[8]",
    *("architecture.consolidating_width=8", "epochs=2", "batch_size=4096", "transport.draws.value=16"),
    *("transport.amortisation.epochs=1", "transport.amortisation.batch_size=8192"),
    *("calibration.draws=1000", "reach.draws=50"),
]
"""A run on a space that cannot be written out, of eight steps."""


def streamed() -> Trainer:
    return Trainer(load_recipe("standard", STREAMED), seed=0, observe=reach_of(50, 50))


def test_a_space_too_large_to_write_out_is_learnt_from_rows_of_its_training_part_alone() -> None:
    trainer = streamed()
    with patch.object(trainer, "_loss", wraps=trainer._loss) as loss:
        records = list(trainer.epochs())
    seen = [call.args[0].classes for call in loss.call_args_list if call.args[2] is not None]
    powers = torch.from_numpy(trainer.recipe.architecture.space.place_values())
    indices = (torch.cat(seen) @ powers).numpy()
    assert isinstance(trainer.split, HashedSplit)
    assert set(trainer.split.parts_of(indices).tolist()) == {0}
    assert len(set(indices.tolist())) == len(indices) == 2 * 16_384  # no row comes twice, and none is listed
    assert all(math.isfinite(record.validation_loss) for record in records)


def test_a_streamed_run_resumes_to_the_same_bits_and_another_seed_sees_other_rows() -> None:
    undisturbed = streamed()
    list(undisturbed.epochs())
    first = streamed()
    next(first.epochs())
    second = streamed()
    second.restore(*through_files(first))
    list(second.epochs())
    assert same_tensors(second.model_tensors(), undisturbed.model_tensors())
    rows = [undisturbed._train.shuffled(torch.Generator().manual_seed(seed)).classes for seed in (0, 0, 1)]
    assert torch.equal(rows[0], rows[1])
    assert not torch.equal(rows[0], rows[2])


def test_transport_without_enough_latents_is_refused(small: SmallRuns) -> None:
    with refused(SettingsError, "wrong_setting", "to 9 or more", "recipe small: transport gives each of the"):
        small.recipe({"architecture.arity": 2})
