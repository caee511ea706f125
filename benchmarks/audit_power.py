"""False alarms and power of the audit's tests: `python -m benchmarks.audit_power [PART ...]`.

Every part writes its rows into docs/results/audit.json in the place of those of an earlier run.
"""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from docs.robustness import content_of, origin
from fluxttice_core.statistics.anytime import log_mixture_evidence
from fluxttice_core.statistics.goodness_of_fit import fit_tests, visible_distance
from fluxttice_core.statistics.intervals import Interval
from fluxttice_core.statistics.tally import LawTally, Tally
from fluxttice_core.statistics.total_variation import Bracket, total_variation, unevenness
from fluxttice_core.storage.atomic_write import write_json

RESULT = Path(__file__).parent.parent / "docs" / "results" / "audit.json"
LEVELS = (0.001, 0.05)
RUNS = 10_000
LOOKS = 64
_GROWTH = 1.1
_POWER_RUNS = 300

SIZES = (
    *((2, 20), (2, 200), (6, 60), (8, 6_400), (18, 2_000), (100, 100), (1_000, 40), (1_000, 30_000)),
    *((19_683, 1_000), (19_683, 20_000), (19_683, 1_000_000), (10**6, 10_000), (10**6, 10**6)),
    *((10**9, 10_000), (10**9, 10**6)),
)

Law = np.ndarray


def uniform(size: int) -> Law:
    return np.full(size, 1 / size)


def scaled(weights: np.ndarray) -> Law:
    return np.asarray(weights / weights.sum())


def zipf(size: int, power: float = 1.0) -> Law:
    return scaled(np.arange(1.0, size + 1) ** -power)


LAWS = {
    "two kinds 9:1": (scaled(np.array([9.0, 1.0])), 500),
    "Zipf over 30": (zipf(30), 300),
    "Zipf over 1,000": (zipf(1_000), 1_000),
    "Zipf over 1,000, many draws": (zipf(1_000), 100_000),
    "Zipf over 5,000": (zipf(5_000), 3_000),
    "squared Zipf over 1,000": (zipf(1_000, 2), 10_000),
    "halves 10:1 of 2,000": (scaled(np.repeat([10.0, 1.0], 1_000)), 3_000),
    "geometric, 40 kinds": (scaled(0.8 ** np.arange(40)), 2_000),
    "Zipf of exponent 3 over 1,000": (zipf(1_000, 3), 1_000),
    "Zipf of exponent 4 over 1,000": (zipf(1_000, 4), 20),
    "one kind of .999999, another": (np.array([0.999999, 1e-6]), 100),
    "one kind, 20 that share 1e-6": (np.r_[1 - 1e-6, np.full(20, 5e-8)], 10_000),
    "two kinds, 5,000 that share .01": (np.r_[0.495, 0.495, np.full(5_000, 2e-6)], 50),
    "three kinds, .016 and .03 of them rare": (np.array([0.016, 0.02958, 0.95442]), 39),
    "two kinds, one of .04": (np.array([0.0428, 0.9572]), 31),
    "Zipf over 300, few draws": (zipf(300), 31),
    "Zipf over 20, few draws": (zipf(20), 60),
    "Poisson of mean 4": (scaled(4.0 ** np.arange(30) / special.factorial(np.arange(30))), 1_000),
}


def uniform_draws(size: int, draws: int, generator: np.random.Generator) -> Tally:
    """Draw from equally likely kinds, of which there may be many more than draws."""
    if size <= 10 * draws:
        counts = np.bincount(generator.integers(0, size, draws)) if size > draws / 10 else None
        return Tally.of_counts(generator.multinomial(draws, uniform(size)) if counts is None else counts)
    # A draw repeats one of the kinds before it with a chance of their number over the size.
    places, again = generator.random(draws) * size, list[int]()
    for draw in np.flatnonzero(places < np.arange(draws)):
        if places[draw] < draw - len(again):
            again.append(int(places[draw]))
    more = 1 + np.unique(again, return_counts=True)[1]
    return Tally.of_counts(np.append(more, np.ones(draws - int(more.sum()), dtype=np.int64)))


def beside(law: Law, counts: np.ndarray) -> LawTally:
    return LawTally(law, counts.astype(np.int64), np.ones(len(law), dtype=np.int64))


def refused(tally: Tally | LawTally, size: int | None) -> float:
    """The p-value of all tests together."""
    return min((test.shared for test in fit_tests(tally, size)), default=1.0)


def shares_below(p_values: list[float]) -> dict[str, float]:
    return {str(level): float(np.mean(np.array(p_values) < level)) for level in LEVELS}


def alarms() -> Iterator[dict[str, Any]]:
    """How often uniform draws are refused."""
    for size, draws in SIZES:
        generator = np.random.default_rng([size, draws])
        found = [refused(uniform_draws(size, draws, generator), size) for _ in range(RUNS)]
        yield {"kinds": size, "draws": draws, "runs": RUNS, **shares_below(found)}


def law_alarms() -> Iterator[dict[str, Any]]:
    """How often draws of a stated law are refused."""
    for name, (law, draws) in LAWS.items():
        generator = np.random.default_rng(draws)
        found = [refused(beside(law, generator.multinomial(draws, law)), None) for _ in range(RUNS)]
        yield {"law": name, "draws": draws, "runs": RUNS, **shares_below(found)}


def monitored() -> Iterator[dict[str, Any]]:
    """How often a monitor alarms that looks at draws of its law after each of 64 batches."""
    cases = {
        "2 kinds": (uniform(2), 6_400),
        "18 kinds": (uniform(18), 6_400),
        "256 kinds": (uniform(256), 64_000),
        "19,683 kinds": (uniform(19_683), 64_000),
        "Zipf over 30": (zipf(30), 6_400),
        "Zipf over 1,000": (zipf(1_000), 64_000),
    }
    for name, (law, draws) in cases.items():
        runs = RUNS if len(law) < 10_000 else RUNS // 5
        generator, greatest = np.random.default_rng(draws), []
        for _ in range(runs):
            counts, most = np.zeros(len(law), dtype=np.int64), -np.inf
            for batch in generator.multinomial(draws // LOOKS, law, size=LOOKS):
                counts += batch
                even = law[0] == law[-1]
                evidence = log_mixture_evidence(
                    Tally.of_counts(counts) if even else beside(law, counts), len(law) if even else None
                )
                most = max(most, evidence)
            greatest.append(float(np.exp(-max(most, 0.0))))
        yield {"law": name, "draws": draws, "looks": LOOKS, "runs": runs, **shares_below(greatest)}


Draw = Callable[[int, np.random.Generator], Tally | LawTally]


def from_law(law: Law) -> Draw:
    return lambda draws, generator: Tally.of_counts(generator.multinomial(draws, law))


def without_repeats(size: int) -> Draw:
    return lambda draws, _: Tally.of_counts(np.ones(min(draws, size), dtype=np.int64))


def in_turn(size: int) -> Draw:
    """Every second draw takes the kinds in turn, the others are random."""

    def draw(draws: int, generator: np.random.Generator) -> Tally:
        turns = np.bincount(np.arange(draws // 2) % size, minlength=size)
        return Tally.of_counts(turns + generator.multinomial(draws - draws // 2, uniform(size)))

    return draw


def of_another(law: Law, made: Law) -> Draw:
    return lambda draws, generator: beside(law, generator.multinomial(draws, made))


def heavier(size: int, factor: float, kinds: int = 1) -> Law:
    return scaled(np.where(np.arange(size) < kinds, factor, 1.0))


DEFECTS: dict[str, tuple[Draw, int | None, int]] = {
    "half of 19,683 kinds 1.5, half .5 times": (
        from_law(scaled(np.repeat([1.5, 0.5], [9_842, 9_841]))),
        19_683,
        1_500,
    ),
    "two kinds, .55 and .45": (from_law(np.array([0.55, 0.45])), 2, 300),
    "one of 18 kinds twice as likely": (from_law(heavier(18, 2)), 18, 100),
    "one of 19,683 kinds with .0075 of the mass": (from_law(heavier(19_683, 0.0075 * 19_683)), 19_683, 200),
    "half of 19,683 kinds never made": (from_law(scaled(np.repeat([1.0, 0.0], [9_842, 9_841]))), 19_683, 300),
    "50 of 19,683 kinds never made": (from_law(heavier(19_683, 0, 50)), 19_683, 20_000),
    "one of 100 kinds never made": (from_law(heavier(100, 0)), 100, 300),
    "no kind of 19,683 twice": (without_repeats(19_683), 19_683, 100),
    "every second draw of 100 kinds in turn": (in_turn(100), 100, 100),
    "Zipf over 1,000, of exponent 1.1": (of_another(zipf(1_000), zipf(1_000, 1.1)), None, 300),
    "Zipf over 1,000, its rarer half never made": (
        of_another(zipf(1_000), scaled(zipf(1_000) * (np.arange(1_000) < 500))),
        None,
        30,
    ),
    "Zipf over 1,000, the first kind 1.3 times": (
        of_another(zipf(1_000), scaled(zipf(1_000) * np.where(np.arange(1_000) < 1, 1.3, 1))),
        None,
        200,
    ),
    "Zipf over 1,000, every second kind half as often": (
        of_another(zipf(1_000), scaled(zipf(1_000) * (1 + np.arange(1_000) % 2))),
        None,
        100,
    ),
}


def power() -> Iterator[dict[str, Any]]:
    """From how many draws on nine of ten runs are refused at .001: by all tests and by the best alone."""
    for defect, (draw, size, start) in DEFECTS.items():
        generator, needed, draws = np.random.default_rng(start), dict[str, int](), float(start)
        while "all" not in needed:
            counted = dict[str, int]()
            for _ in range(_POWER_RUNS):
                tests = fit_tests(draw(round(draws), generator), size)
                alone = [test.name for test in tests if test.p_value < LEVELS[0]]
                for name in [*alone, *(["all"] if any(test.shared < LEVELS[0] for test in tests) else [])]:
                    counted[name] = counted.get(name, 0) + 1
            for test, count in counted.items():
                if count >= 0.9 * _POWER_RUNS:
                    needed.setdefault(test, round(draws))
            draws *= _GROWTH
        best = min((test for test in needed if test != "all"), key=lambda test: needed[test])
        yield {"defect": defect, "draws": needed["all"], "best": best, "alone": needed[best]}


def away(size: int, distance: float) -> dict[str, Law]:
    """Generators of one total variation from equally likely kinds, or more where kinds are left out."""
    spread = uniform(size) * (1 + 2 * distance * np.where(np.arange(size) % 2, -1, 1))
    one, few = uniform(size) * (1 - distance / (1 - 1 / size)), uniform(size).copy()
    one[0] = 1 / size + distance
    few[: math.ceil(distance * size)] = 0
    tilted = np.linspace(1 - 2 * distance, 1 + 2 * distance, size) / size
    tilted = uniform(size) + (tilted - uniform(size)) * distance / (np.abs(tilted - uniform(size)).sum() / 2)
    found = {"spread": spread, "one kind": one, "never made": scaled(few), "tilted": np.maximum(tilted, 0)}
    return {name: scaled(law) for name, law in found.items()}


def visible() -> Iterator[dict[str, Any]]:
    """How often a generator is refused that is as far from uniform as a pass says would have shown."""
    for size, draws in (
        (2, 200),
        (18, 2_000),
        (100, 3_000),
        (1_000, 1_000),
        (19_683, 20_000),
        (19_683, 10**6),
    ):
        generator = np.random.default_rng(size)
        distance = visible_distance(uniform_draws(size, draws, generator), size) or 1.0
        for name, law in away(size, distance).items():
            runs = [refused(from_law(law)(draws, generator), size) < LEVELS[0] for _ in range(1_000)]
            row = {"kinds": size, "draws": draws, "distance": distance, "generator": name}
            yield {**row, "refused": float(np.mean(runs))}


def intervals() -> Iterator[dict[str, Any]]:
    """How often the limits of unevenness and of the total variation hold."""
    for size, draws in ((2, 1_000), (18, 200), (100, 30), (300, 100), (2_000, 300), (2_000, 5_000)):
        half = np.arange(size) < size // 2
        made = {"uniform": uniform(size), "halves 3:1": scaled(np.where(half, 1.5, 0.5))}
        made |= {"one kind": heavier(size, max(2.0, 0.05 * size)), "Zipf": zipf(size)}
        made |= {"half never made": scaled(half * 1.0)}
        for name, law in made.items():
            generator = np.random.default_rng([size, draws])
            true = (size * float(law @ law), float(np.abs(law - 1 / size).sum() / 2))
            found = [_limits(Tally.of_counts(generator.multinomial(draws, law)), size) for _ in range(1_000)]
            row = {"kinds": size, "draws": draws, "generator": name}
            yield {**row, **_held([(sums, true[0], both, true[1]) for sums, both in found])}


def law_intervals() -> Iterator[dict[str, Any]]:
    """How often they hold beside stated laws, of draws of the law and of another near it."""
    for name, (law, draws) in LAWS.items():
        generator = np.random.default_rng(draws)
        near = scaled(law * np.exp(0.3 * generator.normal(size=len(law))))
        for said, made in (("the law", law), ("near it", near)):
            plain, away = float((made**2 / law).sum()), float(np.abs(made - law).sum() / 2)
            found = [_limits(beside(law, generator.multinomial(draws, made)), None) for _ in range(500)]
            pooled = _rare_as_one(law, made, draws)
            cases = [
                (sums, plain if sums is None or sums.method == "matched moments" else pooled, both, away)
                for sums, both in found
            ]
            yield {"law": name, "draws": draws, "generator": said, **_held(cases)}


def _limits(tally: Tally | LawTally, size: int | None) -> tuple[Interval | None, Bracket]:
    return unevenness(tally, size), total_variation(tally, size)


def _held(cases: Sequence[tuple[Interval | None, float, Bracket, float]]) -> dict[str, Any]:
    """The shares of limits that hold a true sum, where one is told, and a true total variation."""
    told = [_within(sums, true) for sums, true, _, _ in cases if sums is not None]
    away = [_within(both, true) for _, _, both, true in cases]
    return {"unevenness": float(np.mean(told)) if told else None, "total variation": float(np.mean(away))}


def _within(limits: Interval | Bracket, true: float) -> bool:
    return limits.lower <= true + 1e-9 and true <= limits.upper + 1e-9


def _rare_as_one(law: Law, made: Law, draws: int) -> float:
    """The sum of p^2/q with kinds of less than five expected draws as one."""
    rare = draws * law < 5
    if draws * law[rare].sum() < 5 and not rare.all():
        rare |= law == law[~rare].min()
    return float((made[~rare] ** 2 / law[~rare]).sum() + made[rare].sum() ** 2 / law[rare].sum())


PARTS = {
    part.__name__: part for part in (alarms, law_alarms, monitored, power, visible, intervals, law_intervals)
}


def main(names: list[str]) -> None:
    """Run every part, or those named."""
    for name in names or PARTS:
        rows = []
        for row in PARTS[name]():
            print(name, row, flush=True)
            rows.append(row)
            kept = content_of(RESULT)["parts"] if RESULT.exists() else {}
            write_json(RESULT, {"parts": {**kept, name: {**origin(), "rows": rows}}})


if __name__ == "__main__":
    main(sys.argv[1:])
