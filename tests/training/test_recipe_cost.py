"""What recipes ask of a machine: counted as the network is, and refused beyond the limits."""

import pytest

from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.storage.checkpoint import MAXIMUM_MODEL
from fluxttice_core.training.recipe import load_recipe
from fluxttice_core.training.recipe_cost import LARGEST_MEMORY, LARGEST_WEIGHTS, memory, weights, work

SHAPES = (
    Architecture(),
    Architecture(
        arity=1, latent_dim=3, encoder_widths=(7,), exploratory_widths=(5, 6), consolidating_width=4
    ),
    Architecture(base=2, arity=3, consolidating_blocks=0),
    Architecture(space="dna:3", decoders="table"),
)


@pytest.mark.parametrize("architecture", SHAPES)
def test_weights_are_those_of_both_halves(architecture: Architecture) -> None:
    assert weights(architecture) == sum(t.numel() for t in DualVAE(architecture).state_dict().values())


def test_the_largest_network_is_one_whose_file_is_read_again() -> None:
    assert 4 * LARGEST_WEIGHTS <= MAXIMUM_MODEL


@pytest.mark.parametrize(
    "greedy",
    [
        "batch_size=4096",
        "transport.draws={kind: linear, points: [[0, 1.0], [9, 1000.0]]}",
        "calibration.draws=100000",
        "transport.amortisation.batch_size=60000",
        "architecture.consolidating_width=512",
        "architecture.exploratory_widths=[512, 512]",
    ],
)
def test_whatever_grows_asks_for_more_memory(greedy: str) -> None:
    smaller = ("calibration=null",) if greedy.startswith(("batch", "transport")) else ()
    assert memory(load_recipe("standard", [*smaller, greedy])) > memory(load_recipe("standard", smaller))


@pytest.mark.parametrize(
    "greedy", ["epochs=8", "batch_size=64", "reach.draws=60000", "transport.amortisation.epochs=9"]
)
def test_whatever_takes_longer_asks_for_more_work(greedy: str) -> None:
    assert work(load_recipe("standard", [greedy])) > work(load_recipe("standard"))


def test_calibration_beyond_enumeration_leaves_room_for_wider_networks_and_counts_every_symbol() -> None:
    wide = load_recipe("standard", {"architecture": {"space": "dna:16", "consolidating_width": 2048}})
    assert memory(wide) < LARGEST_MEMORY
    few, many = (
        memory(load_recipe("standard", [f"architecture.space={name}"])) for name in ("dna:14", "peptide:14")
    )
    assert many > few + 2**18 * 14 * 16


def test_pairs_of_a_batch_are_counted_where_they_repel() -> None:
    batch = "batch_size=20000"
    plain, repelled = (
        memory(load_recipe("standard", [batch, f"half_b.repulsion={weight}"])) for weight in (0, 0.5)
    )
    assert repelled - plain == 19_683**2
