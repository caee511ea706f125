"""The fixed rule by which one checkpoint of a run is chosen, and the reason that each one has its place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from fluxttice_core.errors import CheckpointError
from fluxttice_core.evaluation.caveats import stray_number
from fluxttice_core.spaces.nouns import TERNARY, Nouns
from fluxttice_core.storage.checkpoint_record import Count, Record, Sha256

RULE = (
    "Among the checkpoints that return every held-out table from its posterior mean in both halves, the one "
    "whose worse half has the largest generative information G, measured with the same draws and seed; "
    "of equal ones the earlier epoch. Validation loss decides nothing."
)
RULE_BESIDE_TARGET = RULE.replace(
    "whose worse half has the largest generative information G",
    "whose worse half has the generative information G nearest to 1, what is above 1 being mass that the "
    "target has elsewhere",
)
"""Beside a target, where a generator that leaks has more information than the target."""


@dataclass(frozen=True)
class Candidate:
    """What was measured of one checkpoint.

    `table_accuracy` is the share of held-out tables that come back whole from the posterior mean in A and in
    B, `information` their generative information G, `tensor_digest` the SHA-256 of the weights.
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
    """A candidate in its place, counted from 1, and the reason why it stands there."""

    place: int
    candidate: Candidate
    reason: str

    @property
    def eligible(self) -> bool:
        """Whether the rule admits it."""
        return self.candidate.exact


def rank(
    candidates: Iterable[Candidate], nouns: Nouns = TERNARY, *, has_target: bool = False
) -> tuple[Ranked, ...]:
    """Put candidates in the order of the fixed rule; it chooses the first if that one is eligible, else none.

    Candidates that the rule does not admit come last, the most exact first, so that the nearest miss is seen.
    `has_target` says whether they were trained on a target.

    Raises:
        CheckpointError: If there is no candidate, or an epoch appears twice.

    Example:
        >>> early, late = Candidate(1, "", (1.0, 0.99), (0.9, 0.9)), Candidate(2, "", (1.0, 1.0), (0.8, 0.7))
        >>> [ranked.candidate.epoch for ranked in rank([early, late])]
        [2, 1]
    """
    ordered = sorted(candidates, key=partial(_key, has_target=has_target))
    if not ordered:
        raise CheckpointError(
            "there is no checkpoint to choose from: train a run first", "missing_checkpoint"
        )
    if len({candidate.epoch for candidate in ordered}) < len(ordered):
        raise CheckpointError(
            "two checkpoints are of the same epoch: give the checkpoints of one run", "contradictory"
        )
    return tuple(
        Ranked(place, candidate, nouns.own(_reason(candidate, better, has_target=has_target)))
        for place, (better, candidate) in enumerate(pairwise([None, *ordered]), start=1)
        if candidate is not None
    )


def ranking_record(
    ranking: Iterable[Ranked],
    *,
    draws: int,
    seed: int,
    nouns: Nouns = TERNARY,
    has_target: bool = False,
) -> dict[str, Any]:
    """A ranking as plain values, with all that it takes to repeat it."""
    return {
        "rule": nouns.own(RULE_BESIDE_TARGET if has_target else RULE),
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


_Share = Annotated[float, Field(ge=0, le=1)]
# Noise of the draws may carry G a little past either end; beside a target it may be any multiple of H(q).
_Information = Annotated[float, Field(ge=-0.1)]
_MOST_INFORMATION = 1.1
_Both = Field(min_length=2)


class _Entry(Record):
    place: int
    epoch: Count
    tensor_sha256: Sha256
    held_out_tables: Annotated[dict[Literal["a", "b"], _Share], _Both]
    generative_information: Annotated[dict[Literal["a", "b"], _Information], _Both]
    reason: str


class _Ranking(Record):
    rule: str
    draws: Count
    seed: Count
    ranking: Annotated[list[_Entry], Field(min_length=1)]


def read_ranking(record: Any, *, draws: int, seed: int, has_target: bool = False) -> tuple[Ranked, ...]:
    """Rank the candidates of a record again, and refuse a record that is not the one of that ranking."""
    try:
        found = _Ranking.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "its top level"
        wrong = "expected a table" if first["type"] == "model_type" else first["msg"]
        raise CheckpointError(
            f"selection.json is not the ranking of a run's checkpoints: {where}: {wrong}", "damaged_file"
        ) from None
    candidates = list(map(_candidate, found.ranking))
    most = max(max(candidate.information) for candidate in candidates)
    if most > _MOST_INFORMATION and not has_target:
        raise CheckpointError(
            f"selection.json is not the ranking of a run's checkpoints: a G in it is {most:g}, and 1 is all "
            "that there is",
            "damaged_file",
        )
    again = rank(candidates, has_target=has_target)
    due = ranking_record(again, draws=draws, seed=seed, has_target=has_target)
    for part in ("draws", "seed", "ranking"):
        if _without_reasons(record[part]) != _without_reasons(due[part]):
            raise CheckpointError(
                f"selection.json is not what the fixed rule makes of its candidates: its {part} differs",
                "contradictory_report",
            )
    stray = stray_number(_sentences(record), _sentences(due))
    if stray is not None:
        raise CheckpointError(
            f"selection.json is not a ranking: a sentence in it states the number {stray}", "damaged_file"
        )
    return again


def _without_reasons(part: Any) -> Any:
    """A part of a record without sentences, which may be worded otherwise."""
    return [{**entry, "reason": ""} for entry in part] if isinstance(part, list) else part


def _sentences(record: Mapping[str, Any]) -> list[str]:
    return [record["rule"], *(entry["reason"] for entry in record["ranking"])]


def _candidate(entry: _Entry) -> Candidate:
    accuracy, information = entry.held_out_tables, entry.generative_information
    of_halves = (accuracy["a"], accuracy["b"]), (information["a"], information["b"])
    return Candidate(entry.epoch, entry.tensor_sha256, *of_halves)


def _worth(candidate: Candidate, *, has_target: bool) -> tuple[float, float]:
    """What the rule compares of each half: G, or beside a target 1 less its distance from 1."""
    a, b = candidate.information
    return (1 - abs(1 - a), 1 - abs(1 - b)) if has_target else (a, b)


def _key(candidate: Candidate, *, has_target: bool) -> tuple[bool, float, float, int]:
    """Sorts the better candidate first; among those that are exact, exactness is the same."""
    return (
        not candidate.exact,
        -min(candidate.table_accuracy),
        -min(_worth(candidate, has_target=has_target)),
        candidate.epoch,
    )


def _reason(candidate: Candidate, better: Candidate | None, *, has_target: bool) -> str:
    worth = _worth(candidate, has_target=has_target)
    half = "AB"[worth.index(min(worth))]
    if not candidate.exact:
        missing = "AB"[candidate.table_accuracy.index(min(candidate.table_accuracy))]
        return f"not admitted: half {missing} loses held-out tables"
    if better is None:
        return f"exact; {'G nearest to 1' if has_target else 'most G'} in its worse half, {half}"
    less, after = min(_worth(better, has_target=has_target)) - min(worth), f"epoch {better.epoch}"
    if less == 0:
        return f"exact; as {'near' if has_target else 'much G'} as {after}, which is earlier"
    compared = f"{less:.6f} farther from 1" if has_target else f"{less:.6f} less G"
    return f"exact; {compared} than {after} in its worse half, {half}"
