"""The verbs that a program calls first."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import fluxttice_core as fx
from fluxttice_core.errors import CheckpointError, ErrorCode, OperationError, SettingsError, StorageError
from fluxttice_core.model.halves import HalfName
from fluxttice_core.storage.pretrained import decode, encode
from fluxttice_core.training.history import EpochRecord
from fluxttice_core.training.train import train
from tests.refusals import refused
from tests.small import RECIPE

MINIMUM = [-1, -1, -1, -1, 0, 0, -1, 0, 1]
SMALL = (*RECIPE, "transport.amortisation=null")


def test_the_package_offers_the_same_verbs() -> None:
    assert (fx.encode, fx.decode, fx.train) == (encode, decode, train)
    with pytest.raises(AttributeError, match="no attribute 'ecnode'"):
        getattr(fx, "ecnode")  # noqa: B009 - type checkers would refuse the plain one


@pytest.mark.parametrize(
    "operation",
    [15633, "----00-0+", [-1, -1, -1, -1, 0, 0, -1, 0, 1], [[-1, -1, -1], [-1, 0, 0], [-1, 0, 1]]],
)
@pytest.mark.parametrize("vae", ["a", "b"])
def test_every_notation_has_the_same_code_and_comes_back(operation: object, vae: HalfName) -> None:
    code = encode(operation, vae=vae)
    assert code.shape == (1, 16)
    assert np.array_equal(code, encode(15633, vae=vae))
    assert decode(code, vae=vae).tolist() == [MINIMUM]


def test_probabilities_are_distributions() -> None:
    p = decode(encode([0, 1, 2]), probabilities=True)
    assert p.shape == (3, 9, 3)
    assert np.allclose(p.sum(-1), 1.0, atol=1e-6)


@pytest.mark.parametrize(
    ("latents", "code", "message"),
    [
        ([1.0], "wrong_shape", "do not fit"),
        ([[float("nan")] * 16], "not_finite", "finite"),
        ("sixteen", "wrong_type", "must be numbers"),
        ([[1.0] * 16, [1.0]], "wrong_type", "must be numbers"),
        (np.zeros((2, 2, 16)), "wrong_shape", "do not fit"),
        ([1j] * 16, "wrong_type", "numbers"),
    ],
)
def test_what_is_no_latent_is_refused(latents: object, code: ErrorCode, message: str) -> None:
    with refused(OperationError, code, message):
        decode(latents)


def test_training_in_memory_and_in_a_folder_give_the_same_weights(tmp_path: Path) -> None:
    inside = train(seed=5, overrides=SMALL)
    stored = train(seed=5, overrides=SMALL, out=tmp_path / "run")
    assert inside.tensor_digest == stored.tensor_digest
    assert inside.source == "memory"
    assert stored.seed == 5
    with refused(StorageError, "already_exists", "--resume"):
        train(seed=5, overrides=SMALL, out=tmp_path / "run", resume=False)


@pytest.mark.parametrize("stop", [1, 2])
def test_a_call_that_was_stopped_is_made_again_and_ends_with_the_same_weights(
    tmp_path: Path, stop: int
) -> None:
    def interrupt(record: EpochRecord) -> None:
        if record.epoch == stop:
            raise KeyboardInterrupt

    seen: list[int] = []
    whole = train(seed=5, overrides=SMALL, threads=2)
    with pytest.raises(KeyboardInterrupt):
        train(seed=5, overrides=SMALL, threads=2, out=tmp_path / "run", progress=interrupt)
    again = train(
        seed=5,
        overrides=SMALL,
        threads=2,
        out=tmp_path / "run",
        progress=lambda record: seen.append(record.epoch),
    )
    assert again.tensor_digest == whole.tensor_digest
    assert seen == list(range(stop + 1, whole.epoch + 1))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"seed": 6}, "seed = 5, and 6"),
        ({"threads": 2}, "threads = 1, and 2"),
        ({"overrides": (*SMALL, "epochs=3")}, "and 3 is asked for"),
    ],
)
def test_a_run_of_other_settings_is_not_gone_on_with(
    tmp_path: Path, other: dict[str, Any], words: str
) -> None:
    asked: dict[str, Any] = {"seed": 5, "overrides": SMALL, "out": tmp_path / "run"}
    before = train(**asked).tensor_digest
    with refused(SettingsError, "settings_mismatch", words):
        train(**{**asked, **other})
    assert train(**asked).tensor_digest == before


@pytest.mark.parametrize(
    ("device", "code", "words"),
    [
        ("cuda", "missing_device", "torch finds no CUDA device here; compute on cpu"),
        ("cuda:7", "missing_device", "the device cuda:7 is not there"),
        ("mps", "out_of_range", "double precision"),
        ("tpu", "out_of_range", "names no device"),
        ("", "out_of_range", "names no device"),
    ],
)
@pytest.mark.parametrize("folder", [True, False])
def test_a_device_that_is_not_there_is_refused_in_a_sentence(
    tmp_path: Path, device: str, code: ErrorCode, words: str, folder: bool
) -> None:
    out = tmp_path / "run" if folder else None
    with refused(SettingsError, code, words):
        train(overrides=SMALL, device=device, out=out)
    assert list(tmp_path.iterdir()) == []


def test_a_bar_is_shown_in_a_terminal_alone(capsys: pytest.CaptureFixture[str]) -> None:
    train(overrides=SMALL, progress=True)
    assert capsys.readouterr() == ("", "")


def test_progress_is_a_switch_or_a_function(unchecked_types: None) -> None:
    with refused(SettingsError, "wrong_type", "a function of an epoch's record, not 5"):
        train(overrides=SMALL, progress=5)  # type: ignore[arg-type]


@pytest.mark.parametrize("threads", [1, 2])
def test_weights_do_not_depend_on_what_torch_was_set_to(tmp_path: Path, threads: int) -> None:
    digests = set()
    for before in (1, 3):
        torch.set_num_threads(before)
        try:
            inside = train(seed=5, overrides=SMALL, threads=threads)
            stored = train(seed=5, overrides=SMALL, threads=threads, out=tmp_path / f"{before}")
            assert torch.get_num_threads() == before
        finally:
            torch.set_num_threads(1)
        assert inside.settings == stored.settings
        assert inside.settings is not None
        assert inside.settings["threads"] == threads
        digests |= {inside.tensor_digest, stored.tensor_digest}
    assert len(digests) == 1


def test_threads_are_a_setting() -> None:
    with refused(SettingsError, "out_of_range", "threads = 0"):
        train(overrides=SMALL, threads=0)


def test_a_wrong_setting_is_named() -> None:
    with refused(SettingsError, "unknown_setting", "unknown setting colour"):
        train(overrides=("colour=red",))


def test_sampling_is_seeded_and_bounded() -> None:
    model = fx.certified()
    assert np.array_equal(model.sample(50, seed=1), model.sample(50, seed=1))
    assert not np.array_equal(model.sample(50, seed=1), model.sample(50, seed=2))
    assert model.sample(0).size == 0


@pytest.mark.parametrize(("n", "seed"), [(-1, 0), (5.5, 0), ("5", 0), (5, -1), (5, 1.0)])
def test_draws_that_are_no_whole_numbers_are_refused(unchecked_types: None, n: int, seed: int) -> None:
    with refused(OperationError, "out_of_range", f"cannot draw {n}", "give whole numbers from 0"):
        fx.certified().sample(n, seed=seed)


def test_tensors_of_every_kind_are_latents() -> None:
    code = torch.from_numpy(encode(15633))
    for tensor in (code.requires_grad_(), code.detach().double()):
        assert decode(tensor).tolist() == [MINIMUM]
    with refused(OperationError, "not_finite", "must be finite"):
        decode([[1e39] * 16])


def test_a_file_of_another_kind_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("a model")
    with refused(CheckpointError, "alien_file", "is no model: give a .safetensors file"):
        fx.load(tmp_path / "notes.txt")
