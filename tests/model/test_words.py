"""Networks of words: one-hot letters in, as many logits as each position has letters out."""

import pytest
import torch
from pydantic import ValidationError

from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.encoder import one_hot
from fluxttice_core.model.forward import softmax
from fluxttice_core.model.halves import HALVES, HalfName
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.word_space import WordSpace

NAMES = ["dna:3", "01^4xACGT^2", "ACGT^1xAB^2"]


def network(name: str) -> DualVAE:
    return DualVAE.initialised(Architecture(space=name), torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", NAMES)
def test_tensors_have_the_shapes_that_are_known_without_building(name: str) -> None:
    shape = Architecture(space=name)
    found = {key: tuple(tensor.shape) for key, tensor in network(name).state_dict().items()}
    assert found == shape.tensor_shapes
    assert found["encoder_A.encoder.0.weight"][1] == sum(WordSpace(name).bases)


@pytest.mark.parametrize("half", HALVES)
def test_letters_that_a_position_has_not_are_never_taken(half: HalfName) -> None:
    model = network("01^4xACGT^2")
    z = 100 * torch.randn(500, 16, generator=torch.Generator().manual_seed(1))
    logits = model.vae(half).decode_logits(z)
    chances = softmax(logits.detach().double().numpy())
    assert chances[:, :4, 2:].max() == 0.0
    assert chances[:, 4:].min(axis=0).max() > 0.0
    assert (logits.argmax(-1)[:, :4] < 2).all()


def test_letters_are_read_one_hot() -> None:
    words = WordSpace("01^1xABC^1")
    found = one_hot(torch.from_numpy(words.all_tables().copy()).float(), words.bases)
    assert found.shape == (6, 5)
    assert found.sum(1).tolist() == [2.0] * 6
    assert len({tuple(row) for row in found.tolist()}) == 6


def test_a_space_is_named_or_described_and_recorded_once() -> None:
    assert Architecture(space="ternary:2") == Architecture()
    assert Architecture(space="boolean:4").space == OperationSpace(2, 4)
    assert Architecture(space="ternary:3").latent_dim == 27
    assert Architecture(space="dna:20").latent_dim == 20
    assert Architecture(space="dna:20", latent_dim=24).latent_dim == 24
    assert Architecture(space="dna:20", latent_dim=80).encoder_widths[-1] == 160
    for name, base, arity in (("ternary:3", 3, 3), ("quaternary:2", 4, 2), ("ternary:2", 3, 2)):
        assert Architecture(space=name) == Architecture(base=base, arity=arity)
    plain = Architecture(space="dna:3").model_dump(mode="json")
    assert plain["space"] == "dna:3"
    assert not {"base", "arity"} & set(plain)
    assert Architecture.model_validate(plain) == Architecture(space="dna:3")
    assert "space" not in Architecture().model_dump(mode="json")


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"space": "dna:3", "base": 4}, "by its name, or by base and arity"),
        ({"space": "dan:3"}, "no space is called"),
        ({"space": "ternary:9"}, "less than or equal to 4"),
        ({"space": "dna:40"}, "choose shorter words"),
    ],
)
def test_what_names_no_network_is_refused(given: dict[str, object], part: str) -> None:
    with pytest.raises(ValidationError, match=part):
        Architecture.model_validate(given)
