"""What `benchmarks.other_spaces` found, beside what was aimed at: kept, and shown as a table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

from docs.robustness import content_of, day_of, origin
from fluxttice_core.storage.atomic_write import write_json

MEASURED = Path(__file__).parent / "results" / "other-spaces.json"


@dataclass(frozen=True)
class Aim:
    """What a row was to reach, by its worst half and seed; none: nothing was asked.

    Args:
        seconds: Seconds of training on two cores.
        efficiency: Distinct elements of what a perfect generator finds in 3 K draws, at least.
        divergence: KL of argmax from the target, nats, at most.
        information: G, at least.
        held_out: Share of held-out elements given back whole from the mean, at least.
        outside: Argmax mass outside of the support, at most.
        pairs: p-value of the strangest pair of positions, shared over all pairs, at least.
        from_draw: As `held_out`, from a draw of the posterior.
    """

    seconds: float
    efficiency: float | None = None
    divergence: float | None = None
    information: float | None = None
    held_out: float | None = None
    outside: float | None = None
    pairs: float | None = None
    from_draw: float | None = None


_SMALL = Aim(20, 0.99, 0.01, 0.9, held_out=1.0)
_MIDDLE = Aim(60, 0.999, 0.002, 0.95, held_out=1.0)
_LARGE = Aim(300, 0.998, 0.004, 0.95, held_out=1.0)
_WEIGHTED = Aim(180, 0.98, 0.03, 0.9)
_SAMPLED = Aim(600, held_out=0.99, pairs=0.01, from_draw=0.99)
ROWS = {
    # Of so few elements there are hardly any held-out ones.
    **dict.fromkeys(("boolean:2", "ternary:1"), Aim(20, 0.99, 0.01, 0.9)),
    **dict.fromkeys(("codons", "boolean:3"), _SMALL),
    **dict.fromkeys(("peptide:3", "boolean:4", "dna:8"), _MIDDLE),
    "balanced functions of boolean:3": Aim(60, 0.99, 0.02, 0.9),
    "a random tenth of boolean:4": Aim(600, 0.95, 0.1, 0.85, outside=0.05),
    **dict.fromkeys(("codons as E. coli uses them", "Zipf's law over dna:6"), _WEIGHTED),
    **dict.fromkeys(("dna:16", "ternary:3"), _SAMPLED),
    **dict.fromkeys(("peptide:4", "dna:9"), _LARGE),
}
"""What is trained and measured, and what was asked of it."""

MASS, MASS_AIM = "p(x) of peptide:5", (120.0, 1000.0)
"""The row of a large space whose every p(x) is counted, untrained; seconds and megabytes at most."""

_AT_MOST = ("divergence", "outside")
_COLUMNS = {
    "efficiency": ("efficiency", 4),
    "divergence": ("KL, nats", 4),
    "information": ("G", 3),
    "held_out": ("held-out from the mean", 4),
    "from_draw": ("from z ~ q", 4),
    "outside": ("mass outside", 4),
    "pairs": ("pairs, least p", 3),
}
_CONTROLS = {"untrained": "untrained", "half_support": "half of it"}


def recorded(path: Path = MEASURED) -> dict[str, list[dict[str, Any]]]:
    """What is kept of every row, a seed after the other."""
    parts = content_of(path)["parts"] if path.exists() else {}
    found: dict[str, list[dict[str, Any]]] = {row: [] for row in (*ROWS, MASS)}
    for name in sorted(parts):
        found[parts[name]["row"]].append(parts[name])
    return found


def record_row(row: str, seed: int, found: Mapping[str, Any], path: Path = MEASURED) -> None:
    """Keep what one seed of a row gave, beside all that is kept."""
    parts = content_of(path)["parts"] if path.exists() else {}
    part = {**origin(), "row": row, "seed": seed, **found}
    write_json(path, {"parts": {**parts, f"{row}, seed {seed}": part}})


def worst(seeds: Sequence[Mapping[str, Any]], key: str) -> float | None:
    """The worst of all halves and seeds in one figure; none where it was not measured, or not finite."""
    found: list[float | None] = [value for seed in seeds for value in seed.get(key, ())]
    finite = [value for value in found if value is not None]
    if not finite or len(finite) < len(found):
        return None
    return max(finite) if key in _AT_MOST else min(finite)


def missed(aim: Aim, seeds: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The figures that were asked and not reached."""
    for key, (name, _) in _COLUMNS.items():
        asked = getattr(aim, key)
        if asked is None:
            continue
        found = worst(seeds, key)
        if found is None or (found > asked if key in _AT_MOST else found < asked):
            yield name
    if max(seed["training"] for seed in seeds) > aim.seconds:
        yield "time"


def other_spaces_table(path: Path = MEASURED) -> str:
    """Every row by its worst half and seed, with its aims in brackets, its cost and its controls."""
    kept = {row: seeds for row, seeds in recorded(path).items() if seeds and row != MASS}
    heads = ("space or target", "elements", "seeds", *(name for name, _ in _COLUMNS.values()))
    heads = (*heads, "training, s", "measuring, s", "MB")
    heads = (*heads, *_CONTROLS.values(), "not reached")
    lines = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * (len(heads) - 2)}---|"]
    lines += [_line(row, ROWS[row], seeds) for row, seeds in kept.items()]
    days = sorted({day_of(seed) for seeds in kept.values() for seed in seeds})
    through = {
        name
        for seeds in kept.values()
        for seed in seeds
        for name, passed in seed["controls"].items()
        if "pairs" in seed and passed and name != "even"
    }
    refused = f"{', '.join(sorted(through))} passed" if through else "every control that must be refused was"
    sentences = (
        f"Measured until {days[-1]} by `python -m benchmarks.other_spaces`, by one thread, in",
        "seconds of the processor; MB is the most memory that training and measuring took. Each figure is",
        "the worst of both halves and all seeds, and what was aimed at stands in brackets. Efficiency is",
        "that of argmax at three draws an element of the support; beside it stand the best of networks that",
        "were never trained and a sampler that makes every second element. Of what is measured from samples,",
        f"{refused}.",
    )
    return "\n".join([*lines, "", fill(" ".join(sentences), width=118)])


def mass_sentences(path: Path = MEASURED) -> str:
    """What counting every p(x) of a large space took."""
    found = recorded(path)[MASS][0]
    seconds, megabytes = MASS_AIM
    met = found["measuring"] <= seconds and found["megabytes"] <= megabytes
    sentences = (
        f"p(x) of all {found['elements']:,} peptides of five letters, from {found['draws']:,} prior draws of",
        "half A of an untrained network by `estimate_mass`, took one thread",
        f"{found['measuring']:.0f} seconds of the processor and {found['megabytes']:,.0f} MB",
        f"({'within' if met else 'beyond'} {seconds:g} s and {megabytes:g} MB, as was",
        f"{'' if met else 'not '}aimed at); it added up to {found['total']:.6f}. Measured on",
        f'{day_of(found)} by `python -m benchmarks.other_spaces "{MASS}"`.',
    )
    return fill(" ".join(sentences), width=118)


def _line(row: str, aim: Aim, seeds: Sequence[Mapping[str, Any]]) -> str:
    cells = [row, f"{seeds[0]['elements']:,}", str(len(seeds))]
    for key, (_, digits) in _COLUMNS.items():
        found, asked = worst(seeds, key), getattr(aim, key)
        shown = "–" if found is None else f"{round(found, digits) + 0.0:.{digits}f}"  # no -0
        cells.append(shown if asked is None else f"{shown} ({'<=' if key in _AT_MOST else '>='} {asked:g})")
    cost = {key: max(seed[key] for seed in seeds) for key in ("training", "measuring", "megabytes")}
    cells += [f"{cost['training']:.0f} (<= {aim.seconds:g})", f"{cost['measuring']:.0f}"]
    cells.append(f"{cost['megabytes']:,.0f}")
    for name in _CONTROLS:
        scores = [
            seed["controls"][name] for seed in seeds if name in seed["controls"] and "efficiency" in seed
        ]
        cells.append(f"{max(scores):.3f}" if scores else "–")
    return f"| {' | '.join([*cells, ', '.join(missed(aim, seeds)) or 'none'])} |"
