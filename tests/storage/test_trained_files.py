"""Models under the names that users of the Hub expect: saved, loaded and read about without a network."""

import json
import shutil
from pathlib import Path

import pytest

from fluxttice_core.certification.candidates import deposit_of
from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.pretrained import TrainedModel, certified, load
from tests.refusals import refused


def test_what_is_saved_loads_as_it_was(small_certificate: Path, tmp_path: Path) -> None:
    model = TrainedModel.from_pretrained(small_certificate)
    model.save_pretrained(tmp_path / "saved")
    again = TrainedModel.from_pretrained(tmp_path / "saved")
    for name in ("tensor_digest", "epoch", "seed", "recipe_name", "rho", "settings", "trained"):
        assert getattr(again, name) == getattr(model, name)
    assert again.split is not None
    assert model.split is not None
    assert again.split.digest == model.split.digest
    assert sorted(path.name for path in (tmp_path / "saved").iterdir()) == [
        "model.safetensors",
        "settings.json",
    ]


def test_a_saved_model_can_be_certified(small_certificate: Path, tmp_path: Path) -> None:
    load(small_certificate).save_pretrained(tmp_path)
    assert deposit_of(tmp_path).settings == json.loads((small_certificate / "settings.json").read_text())


def test_a_model_without_settings_is_saved_without(small_checkpoint: Path, tmp_path: Path) -> None:
    load(small_checkpoint).save_pretrained(tmp_path / "saved")
    assert [path.name for path in (tmp_path / "saved").iterdir()] == ["model.safetensors"]
    load(tmp_path / "saved").save_pretrained(tmp_path / "saved")


def test_nothing_is_downloaded() -> None:
    with refused(CheckpointError, "missing_checkpoint", "no checkpoint at somebody/model"):
        TrainedModel.from_pretrained("somebody/model")


def test_a_card_that_is_a_link_is_refused(small_certificate: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(small_certificate, tmp_path / "model")
    (tmp_path / "private").write_text("a year of work")
    (folder / "MODEL_CARD.md").unlink()
    model = load(folder)
    assert model.card is None
    for target in ("private", "nothing"):
        (folder / "MODEL_CARD.md").symlink_to(tmp_path / target)
        with refused(CheckpointError, "not_a_file", "symbolic link, which may show any file"):
            str(model.card)
        (folder / "MODEL_CARD.md").unlink()
    shutil.copy(tmp_path / "private", folder / "MODEL_CARD.md")
    assert model.card == "a year of work"


def test_the_card_is_the_one_beside_the_weights(small_certificate: Path, small_checkpoint: Path) -> None:
    card = load(small_certificate).card
    assert card == (small_certificate / "MODEL_CARD.md").read_text()
    assert load(small_checkpoint).card is None
    shipped = certified().card
    assert shipped is not None
    assert "## Results" in shipped


@pytest.mark.parametrize("name", ["checkpoints/epoch_0001", "checkpoint.json"])
@pytest.mark.parametrize("vouching", ["SHA256SUMS", "model.sig"])
def test_a_certified_folder_with_checkpoints_is_ambiguous(
    small_certificate: Path, small_checkpoint: Path, tmp_path: Path, name: str, vouching: str
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(small_checkpoint, folder / "checkpoints" / "epoch_0001")
    if name == "checkpoint.json":
        shutil.rmtree(folder / "checkpoints")
        (folder / name).write_bytes((small_checkpoint / name).read_bytes())
    (folder / "model.safetensors").write_bytes((small_certificate / "model.safetensors").read_bytes())
    (folder / vouching).write_text("")
    with refused(CheckpointError, "ambiguous", "which weights were certified"):
        load(folder)
    alone = load(folder / "model.safetensors")
    assert alone.tensor_digest == load(small_certificate).tensor_digest


def test_a_run_without_sums_loads_its_last_checkpoint(small_run: Path) -> None:
    assert load(small_run).epoch == 3
