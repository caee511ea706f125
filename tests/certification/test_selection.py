"""The fixed rule: exact first, then the worse half's information, then the earlier epoch; nothing else."""

import random

from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.certification.selection import Candidate, Ranked, rank, ranking_record, read_ranking
from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.canonical_json import canonical_json
from tests.refusals import refused

shares = st.sampled_from([0.0, 0.5, 0.998, 1.0])
informations = st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.8125])


@st.composite
def runs(draw: st.DrawFn) -> list[Candidate]:
    epochs = draw(st.lists(st.integers(1, 40), min_size=1, max_size=12, unique=True))
    return [
        Candidate(e, f"{e:064x}", (draw(shares), draw(shares)), (draw(informations), draw(informations)))
        for e in epochs
    ]


def candidate(epoch: int, accuracy: tuple[float, float], information: tuple[float, float]) -> Candidate:
    return Candidate(epoch, "00" * 32, accuracy, information)


def first(*candidates: Candidate) -> Ranked:
    return rank(candidates)[0]


def test_the_worse_half_decides() -> None:
    lopsided, even = candidate(1, (1.0, 1.0), (0.99, 0.5)), candidate(2, (1.0, 1.0), (0.6, 0.6))
    assert first(lopsided, even).candidate is even
    assert (
        "B" not in first(lopsided, even).reason.split(", ")[-1] or even.information[0] > even.information[1]
    )


def test_one_lost_table_in_one_half_costs_the_place() -> None:
    better, exact = candidate(1, (1.0, 0.9999), (0.9, 0.9)), candidate(2, (1.0, 1.0), (0.1, 0.1))
    ranking = rank([better, exact])
    assert [ranked.candidate.epoch for ranked in ranking] == [2, 1]
    assert ranking[1].reason == "not admitted: half B loses held-out tables"


def test_of_equal_ones_the_earlier_epoch_is_first() -> None:
    later, earlier = candidate(9, (1.0, 1.0), (0.5, 0.7)), candidate(3, (1.0, 1.0), (0.8, 0.5))
    ranking = rank([later, earlier])
    assert [ranked.candidate.epoch for ranked in ranking] == [3, 9]
    assert "as much G as epoch 3" in ranking[1].reason


def test_a_run_without_an_exact_checkpoint_has_no_eligible_one() -> None:
    ranking = rank([candidate(1, (0.5, 0.5), (0.9, 0.9)), candidate(2, (0.9, 0.8), (0.1, 0.1))])
    assert not any(ranked.eligible for ranked in ranking)
    assert ranking[0].candidate.epoch == 2


def test_nothing_and_two_of_one_epoch_are_refused() -> None:
    with refused(CheckpointError, "missing_checkpoint", "no checkpoint"):
        rank([])
    with refused(CheckpointError, "contradictory", "same epoch"):
        rank([candidate(1, (1.0, 1.0), (0.5, 0.5)), candidate(1, (1.0, 1.0), (0.6, 0.6))])


@given(runs())
def test_the_first_is_eligible_if_any_is_and_no_eligible_one_beats_it(candidates: list[Candidate]) -> None:
    ranking = rank(candidates)
    exact = [c for c in candidates if c.table_accuracy == (1.0, 1.0)]
    assert ranking[0].eligible == bool(exact)
    if exact:
        best = max(min(c.information) for c in exact)
        assert min(ranking[0].candidate.information) == best
        assert ranking[0].candidate.epoch == min(c.epoch for c in exact if min(c.information) == best)


@given(runs(), st.randoms())
def test_the_order_in_which_candidates_come_does_not_matter(
    candidates: list[Candidate], shuffler: random.Random
) -> None:
    before = rank(candidates)
    shuffled = candidates.copy()
    shuffler.shuffle(shuffled)
    assert rank(shuffled) == before
    assert [ranked.place for ranked in before] == list(range(1, len(candidates) + 1))


def test_the_record_holds_all_that_the_rule_looked_at() -> None:
    ranking = rank([candidate(4, (1.0, 1.0), (0.5, 0.75)), candidate(5, (0.5, 1.0), (0.5, 0.5))])
    record = ranking_record(ranking, draws=1024, seed=3)
    canonical_json(record)
    assert record["draws"] == 1024
    assert record["seed"] == 3
    assert "Validation loss decides nothing" in record["rule"]
    assert [entry["epoch"] for entry in record["ranking"]] == [4, 5]
    assert record["ranking"][0]["generative_information"] == {"a": 0.5, "b": 0.75}
    assert record["ranking"][1]["held_out_tables"] == {"a": 0.5, "b": 1.0}


def test_beside_a_target_information_beyond_its_own_is_no_gain() -> None:
    leaking, near = candidate(1, (1.0, 1.0), (1.3, 1.3)), candidate(2, (1.0, 1.0), (0.95, 1.0))
    assert rank([leaking, near])[0].candidate is leaking
    ranking = rank([leaking, near], has_target=True)
    assert [ranked.candidate for ranked in ranking] == [near, leaking]
    assert ranking[0].reason == "exact; G nearest to 1 in its worse half, A"
    assert ranking[1].reason == "exact; 0.250000 farther from 1 than epoch 2 in its worse half, A"


def test_information_beyond_all_that_there_is_is_of_targets_alone() -> None:
    ranking = rank([candidate(1, (1.0, 1.0), (1.3, 1.25))], has_target=True)
    record = ranking_record(ranking, draws=1024, seed=3, has_target=True)
    assert read_ranking(record, draws=1024, seed=3, has_target=True) == ranking
    with refused(CheckpointError, "damaged_file", "a G in it is 1.3"):
        read_ranking(record, draws=1024, seed=3)
