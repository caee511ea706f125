"""The report of a space that cannot be written out: from samples, beside controls that checks must reject."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fluxttice_core.evaluation.gates import Gate, GateResult, accepted
from fluxttice_core.evaluation.terminal import as_text, plain_table
from fluxttice_core.metrics.sample_figures import CodeSample, PriorSample
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.statistics.intervals import Interval
from fluxttice_core.statistics.position_pairs import PAIR_ERROR

DRAWS, QUICK_DRAWS, LEAST_DRAWS, MOST_DRAWS = 1_000_000, 100_000, 10_000, 20_000_000
"""Prior draws of each half: unless told, for a first look, and the fewest and the most."""

ROWS = 20_000
"""Rows of either part of the split that are encoded."""

CONTROLS = ("even", "stuck", "coupled", "untrained")
"""The controls of every report: the first must pass, the others must not."""

_HASH, _REPEAT = "held-out rows", "rows of the training part"

CHECKS = {
    "mean": Gate("unseen rows come back whole from the mean", "whole_from_mean/held_out/lower", ">=", 0.99),
    "draw": Gate("and from a draw of the code", "whole_from_draw/held_out/lower", ">=", 0.99),
    "told": Gate("codes tell at least half of all", "information_share/lower", ">=", 0.5),
    "positions": Gate("every position is even", "positions/p_value", ">=", PAIR_ERROR),
    "pairs": Gate("every pair of positions is even", "pairs/p_value", ">=", PAIR_ERROR),
    "collisions": Gate("draws collide as uniform ones do", "collisions/p_value", ">=", PAIR_ERROR),
}
"""What is asked of a model, by name."""

_WORDS = {
    "mean": "unseen rows whole from mu, >= 99 %",
    "draw": "and from z ~ q, >= 99 %",
    "told": "(H - D) / H, >= .5",
    "positions": "every position even",
    "pairs": "every pair of positions even",
    "collisions": "as many collisions as uniform draws",
}

_COARSE = 0.025
"""Total variation of a position or a pair; where so much might not show, draws are too few to tell."""


@dataclass(frozen=True)
class Sampled:
    """What samples show of one generator: its draws, and its codes if it has an encoder.

    Those are on held-out rows and on rows of the training part, or on any where the split is not known.
    """

    name: str
    prior: PriorSample
    codes: CodeSample | None = None
    trained: CodeSample | None = None

    def figures(self, entropy: float | int) -> dict[str, float]:
        """What each check that can be made of it looks at."""
        prior, codes = self.prior, self.codes
        found = {
            "positions": prior.positions.p_value,
            "pairs": prior.pairs.p_value,
            "collisions": prior.collision_p,
        }
        if codes is None:
            return found
        told = codes.information(float(entropy))[0] / entropy
        return {
            "mean": float(codes.from_mean.lower),
            "draw": float(codes.from_draw.lower),
            "told": told,
            **found,
        }

    def checks(self, entropy: float | int) -> dict[str, bool]:
        """Each check that can be made of it, and whether it is met."""
        return {name: CHECKS[name].admits(value) for name, value in self.figures(entropy).items()}

    def untold(self) -> frozenset[str]:
        """The checks that would say nothing, by so few draws."""
        prior = self.prior
        few = {
            "positions": prior.positions.visible > _COARSE,
            "pairs": prior.pairs.visible > _COARSE,
            # A generator that a list would hold has to show.
            "collisions": prior.resolved < ENUMERATION_LIMIT,
        }
        return frozenset(name for name, told_nothing in few.items() if told_nothing)


@dataclass(frozen=True)
class SampledReport:
    """What samples show of a model of a space that cannot be written out, beside controls.

    Args:
        controls: A perfect sampler, which must pass, and others that must fail.
        split_known: Whether the rows that were trained on are known by a recorded split.
    """

    title: str
    space: ProductSpace
    seed: int
    halves: tuple[Sampled, ...]
    controls: tuple[Sampled, ...]
    split_known: bool

    @property
    def gates(self) -> tuple[GateResult, ...]:
        """Every check of every half as a gate: without a figure where these samples tell nothing."""

        def value(name: str, half: Sampled) -> float | None:
            unknown = name in half.untold() or (name in ("mean", "draw") and not self.split_known)
            return None if unknown else half.figures(self.space.log_size).get(name)

        return tuple(
            GateResult(gate, "a" if half.name == "A" else "b", value(name, half))
            for name, gate in CHECKS.items()
            for half in self.halves
        )

    def met(self, half: Sampled) -> str:
        """How many of the checks that can be told of a half are met, in words."""
        found = [result for result in self.gates if result.half == half.name.lower()]
        told = [result for result in found if result.value is not None]
        untold = f", {len(found) - len(told)} untold" if len(told) < len(found) else ""
        return f"{sum(result.passed for result in told)} of {len(told)}{untold}"

    @property
    def accepted(self) -> bool:
        """Whether every half meets every check, all of which these samples tell."""
        return accepted(self.gates)

    @property
    def limitations(self) -> tuple[str, ...]:
        """What these samples cannot see, in sentences."""
        prior = self.halves[0].prior
        untold = sorted(frozenset[str]().union(*(half.untold() for half in self.halves)))
        return (
            "Every figure is of a sample: what one draw in so many thousand does may not show.",
            f"A pair of positions is refused reliably from a total variation of {prior.pairs.visible:.4f}; "
            "laws of three positions and more are not looked at: a parity of three would pass.",
            f"Collisions refuse fewer than {prior.resolved:.3g} elements, equally likely, reliably: more may "
            f"look like all {self.space.size:,}.",
            "Chao's estimate is a lower bound: what is never made cannot show.",
            *([f"So few draws do not tell of {' and '.join(untold)}: draw more."] if untold else []),
            "What codes tell, I_q, is bounded and not estimated; efficiency, KL and G need every p(x).",
            *([] if self.split_known else ["Which rows were trained on is not recorded: rows are any."]),
        )

    def __repr__(self) -> str:
        met = ", ".join(f"{one.name} {self.met(one)}" for one in self.halves)
        return f"<report from samples: {self.title}; checks met: {met}>"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def __str__(self) -> str:
        return as_text(self)

    def __rich__(self) -> RenderableType:
        size = f"K = {self.space.size:,} {self.space.nouns.many}, H = {self.space.log_size:.4f} nats"
        draws = self.halves[0].prior.draws
        heading = f"{size}; {draws:,} draws, {ROWS:,} rows, seed {self.seed}; 95 % intervals\n"
        notes = "".join(f"  {sentence}\n" for sentence in self.limitations)
        return Group(
            Text(self.title, style="bold"),
            Text(heading),
            _table(("", *(one.name for one in self.halves), "perfect"), list(self.rows())),
            Text(),
            _table(("checks, with controls", *(one.name for one in self._all)), list(self._check_rows())),
            Text("\nWhat this cannot see\n", style="bold") + Text(notes, style="dim"),
        )

    def markdown(self) -> str:
        """The report as a Markdown section."""
        figures = _markdown(("", *(one.name for one in self.halves), "perfect"), list(self.rows()))
        checks = _markdown(("checks", *(one.name for one in self._all)), list(self._check_rows()))
        notes = "\n".join(f"- {sentence}" for sentence in self.limitations)
        return f"## {self.title}\n\n{figures}\n\n{checks}\n\n{notes}\n"

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values; what is infinite is none."""
        entropy = self.space.log_size

        def plain(one: Sampled) -> dict[str, Any]:
            return {**asdict(one), "checks": one.checks(entropy)}

        found = {
            "kind": "report from samples",
            "title": self.title,
            "space": self.space.name,
            "elements": self.space.size,
            "entropy_nats": entropy,
            "seed": self.seed,
            "split_known": self.split_known,
            "rows": ROWS,
            "accepted": self.accepted,
            "gates": [{**asdict(result), "passed": result.passed} for result in self.gates],
            "halves": [plain(one) for one in self.halves],
            "controls": [plain(one) for one in self.controls],
            "limitations": list(self.limitations),
        }
        finite: dict[str, Any] = _finite(found)
        return finite

    def to_json(self) -> str:
        """The report as JSON, keys sorted."""
        return json.dumps(self.as_dict(), sort_keys=True)

    @property
    def _all(self) -> tuple[Sampled, ...]:
        return (*self.halves, *self.controls)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """What was measured of the halves, a line of words each, with what a perfect generator shows."""
        entropy, halves = self.space.log_size, self.halves
        if all(one.codes is not None for one in halves):
            codes = [one.codes for one in halves if one.codes is not None]
            unseen = _HASH if self.split_known else "rows"
            yield (f"{unseen} whole from mu, %", *(_percent(c.from_mean) for c in codes), "100")
            yield (f"{unseen} whole from z ~ q, %", *(_percent(c.from_draw) for c in codes), "100")
            known = [one.trained for one in halves if one.trained is not None]
            if known:
                yield (f"{_REPEAT} from z ~ q, %", *(_percent(c.from_draw) for c in known), "100")
            yield ("rate R, nats", *(_shown(c.rate) for c in codes), f"{entropy:.4g}")
            yield ("distortion D, nats", *(_shown(c.distortion) for c in codes), "0")
            both = [c.information(entropy) for c in codes]
            yield ("I_q between H - D, nats", *(f"{low:.4f}" for low, _ in both), f"{entropy:.4f}")
            yield ("and min(R, H), nats", *(f"{high:.4f}" for _, high in both), f"{entropy:.4f}")
        priors = [one.prior for one in halves]
        for name, tests in (
            ("positions", [p.positions for p in priors]),
            ("pairs", [p.pairs for p in priors]),
        ):
            yield (f"{name}: least p, shared", *(f"{t.p_value:.3g}" for t in tests), "0.01 to 1")
            yield (f"{name}: the strangest", *(t.names[t.worst] for t in tests), "")
        yield ("collisions", *(f"{p.collisions:,}" for p in priors), f"{priors[0].expected:.4g}")
        # What grows with the draws is shown beside what the even control scores with as many.
        beside = [*priors, *(one.prior for one in self.controls if one.name == "even")]
        yield ("effective number at least", *(f"{p.effective.lower:.3g}" for p in beside))
        yield ("distinct", *(f"{p.distinct:,}" for p in beside))
        yield ("Chao's lower bound", *(f"{p.richness.lower:.3g}" for p in beside))

    def _check_rows(self) -> Iterator[tuple[str, ...]]:
        for name, words in _WORDS.items():
            verdicts = [self.verdict(name, one) for one in self._all]
            if any(found != "-" for found in verdicts):
                yield (words if self.split_known else words.removeprefix("unseen "), *verdicts)

    def verdict(self, check: str, one: Sampled) -> str:
        """What a check says of a half or a control."""
        found = one.checks(self.space.log_size).get(check)
        if one in self.halves and check in one.untold():
            return "untold"
        return {True: "pass", False: "FAIL", None: "-"}[found]


def _percent(interval: Interval) -> str:
    return f"{100 * interval.estimate:.2f} [{100 * interval.lower:.2f}, {100 * interval.upper:.2f}]"


def _shown(interval: Interval) -> str:
    return f"{interval.estimate:.4f} ±{(interval.upper - interval.lower) / 2:.4f}"


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = plain_table(apart=0)
    for place, heading in enumerate(headings):
        table.add_column(f" {heading}" if place else heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(row[0], *(f" {value}" for value in row[1:]))
    return table


def _markdown(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [headings, ("---", *["---:"] * (len(headings) - 1)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
