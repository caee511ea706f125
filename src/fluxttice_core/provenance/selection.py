"""The fixed rule by which one checkpoint of a run is chosen, and the reason that each one has its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fluxttice_core.errors import CheckpointError

__all__ = ["RULE", "Candidate", "Ranked", "rank", "ranking_record"]

RULE = (
    "Among the checkpoints that return every held-out table from its posterior mean in both halves, the one "
    "whose worse half has the largest generative information G, measured with the same draws and seed; "
    "of equal ones the earlier epoch. Validation loss decides nothing."
)


@dataclass(frozen=True)
class Candidate:
    """What was measured of one checkpoint.

    Args:
        epoch: Its epoch.
        tensor_digest: SHA-256 of its weights.
        table_accuracy: Share of held-out tables that come back whole from the posterior mean, in A and B.
        information: Generative information G of A and B.
    """

    epoch: int
    tensor_digest: str
    table_accuracy: tuple[float, float]
    information: tuple[float, float]

    @property
    def exact(self) -> bool:
        """Whether both halves return every held-out table."""
        return min(self.table_accuracy) == 1.0

    @property
    def worse_information(self) -> float:
        """G of the worse half."""
        return min(self.information)


@dataclass(frozen=True)
class Ranked:
    """A candidate in its place.

    Args:
        place: Its place, from 1.
        candidate: What was measured of it.
        reason: Why it stands there.
    """

    place: int
    candidate: Candidate
    reason: str

    @property
    def eligible(self) -> bool:
        """Whether the rule admits it."""
        return self.candidate.exact


def rank(candidates: Iterable[Candidate]) -> tuple[Ranked, ...]:
    """Put candidates in the order of the fixed rule.

    Candidates that the rule does not admit come last, the most exact first, so that the nearest miss is seen.

    Args:
        candidates: The candidates, in any order, each epoch once.

    Returns:
        The ranking. The rule chooses its first member, if that one is eligible, and else none.

    Raises:
        CheckpointError: If there is no candidate, or an epoch appears twice.

    Example:
        >>> early, late = Candidate(1, "", (1.0, 0.99), (0.9, 0.9)), Candidate(2, "", (1.0, 1.0), (0.8, 0.7))
        >>> [ranked.candidate.epoch for ranked in rank([early, late])]
        [2, 1]
    """
    ordered = sorted(candidates, key=_key)
    if not ordered:
        raise CheckpointError("there is no checkpoint to choose from: train a run first")
    if len({candidate.epoch for candidate in ordered}) < len(ordered):
        raise CheckpointError("two checkpoints are of the same epoch: give the checkpoints of one run")
    return tuple(
        Ranked(place, candidate, _reason(candidate, ordered[place - 2] if place > 1 else None))
        for place, candidate in enumerate(ordered, start=1)
    )


def ranking_record(ranking: Iterable[Ranked], *, draws: int, seed: int) -> dict[str, Any]:
    """A ranking as plain values, with all that it takes to repeat it.

    Args:
        ranking: The ranking.
        draws: Prior draws behind every G.
        seed: Their seed.
    """
    return {
        "rule": RULE,
        "draws": draws,
        "seed": seed,
        "ranking": [
            {
                "place": ranked.place,
                "epoch": ranked.candidate.epoch,
                "tensor_sha256": ranked.candidate.tensor_digest,
                "held_out_tables": dict(zip("ab", ranked.candidate.table_accuracy, strict=True)),
                "generative_information": dict(zip("ab", ranked.candidate.information, strict=True)),
                "reason": ranked.reason,
            }
            for ranked in ranking
        ],
    }


def _key(candidate: Candidate) -> tuple[bool, float, float, int]:
    """Sorts the better candidate first; among those that are exact, exactness is the same."""
    return (
        not candidate.exact,
        -min(candidate.table_accuracy),
        -candidate.worse_information,
        candidate.epoch,
    )


def _reason(candidate: Candidate, better: Candidate | None) -> str:
    half = "AB"[candidate.information.index(candidate.worse_information)]
    if not candidate.exact:
        missing = "AB"[candidate.table_accuracy.index(min(candidate.table_accuracy))]
        return f"not admitted: half {missing} loses held-out tables"
    if better is None:
        return f"exact; most G in its worse half, {half}"
    less = better.worse_information - candidate.worse_information
    if less == 0:
        return f"exact; as much G as epoch {better.epoch}, which is earlier"
    return f"exact; {less:.6f} less G than epoch {better.epoch} in its worse half, {half}"
