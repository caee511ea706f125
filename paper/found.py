"""What a claim says and what was found: an interval, a value in it or not, and a row of a table."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """One figure, made again.

    Args:
        name: What it is.
        low: The least that the claim allows.
        high: The most.
        value: What was found.
    """

    name: str
    low: float
    high: float
    value: float

    @property
    def holds(self) -> bool:
        return self.low <= self.value <= self.high


def near(name: str, stated: float, value: float, tolerance: float) -> Found:
    """A figure that has to be what was stated, give or take so much."""
    return Found(name, stated - tolerance, stated + tolerance, value)


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, the command that makes it again, and the check.

    Args:
        says: The claim in words.
        command: What a user types to see more of it.
        files: The result files whose numbers it stands for, as the paper calls them.
        check: Makes its figures again.
        quick: Whether it belongs to the check of four minutes.
        part: What of it is made again, where not all is.
    """

    says: str
    command: str
    files: tuple[str, ...]
    check: Callable[[], Iterable[Found]]
    quick: bool = False
    part: str = "all"


HEAD = (
    "| claim | command | made again | figure | expected | found | verdict |\n|---|---|---|---|---:|---:|---|"
)


def rows(claim: Claim, found: Sequence[Found]) -> list[str]:
    """A claim as rows of the table: one for each figure."""
    lines = []
    for at, each in enumerate(found):
        first = [claim.says, f"`{claim.command}`", claim.part] if at == 0 else ["", "", ""]
        expected = f"{each.low:.5g}" if each.low == each.high else f"{each.low:.5g} to {each.high:.5g}"
        verdict = "holds" if each.holds else "**outside**"
        cells = (*first, each.name, expected, f"{each.value:.5g}", verdict)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines
