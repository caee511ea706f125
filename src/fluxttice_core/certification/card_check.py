"""Hold the figures of a model card against the card that its folder's files give; its wording is free.

A card's facts are its front matter, the cells of its tables and the places that it links to. Everything else
is a sentence: whoever improves one voids no certificate, and whoever signs the folder answers for it. What a
sentence may not do is to state a number of its own.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fluxttice_core.certification.card_parts import FAILED
from fluxttice_core.certification.folder_names import CARD
from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.caveats import DESCRIPTIONS, stray_number
from fluxttice_core.training.recipe_yaml import read_yaml

_CELLS = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`[^`]*`")
_HTML = re.compile(r"<[A-Za-z!/?]")
_LINK = re.compile(r"\][ \t]*[(\[:][^)\]]*|\w+://\S+|\bwww\.\S+")
_NAMED = {"A", "B", *(name.replace("_", " ") for name in DESCRIPTIONS)} - {"untrained"}
"""Headings that say whose figures a column holds; others are words."""
_RULE = re.compile(r"\|(?:---:?\|)+")
_LONGEST, _SHOWN = 1_000, 100


def require_card(stated: str, due: str) -> int:
    """Refuse a card that states other figures than the one that is due, and count the facts compared."""
    expected = _Card.read(due)
    card = expected if stated == due else _Card.read(stated)  # YAML is slow to read
    added, missing = card.facts - expected.facts, expected.facts - card.facts
    if added or missing:
        here, there = (next(iter(facts), "nothing")[:_SHOWN] for facts in (added, missing))
        raise _misfit(f"it states {here}, where they give {there}")
    stray = stray_number(card.sentences, expected.sentences)
    if stray is not None:
        raise _misfit(f"a sentence of it states the number {stray}, which is none of theirs")
    return card.facts.total()


def _misfit(what: str) -> MeasurementError:
    return MeasurementError(f"{CARD} is not the card of these files: {what}", "contradictory_report")


@dataclass
class _Card:
    facts: Counter[str] = field(default_factory=Counter)
    sentences: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, text: str) -> "_Card":
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.isprintable() or _HTML.search(line):
                raise _misfit(f"its line {number} holds HTML, or what is not shown")
        opening, *rest = text.split("---\n", 2)
        if opening or len(rest) != 2:
            raise _misfit("it has no front matter")
        if len(max(rest[0].split("\n"), key=len)) > _LONGEST:
            raise _misfit(f"its front matter holds a line of more than {_LONGEST} characters")
        card = cls()
        card.facts.update(card.front_matter(read_yaml(rest[0], source=CARD)))
        card.facts.update(f"the link {link}" for link in _LINK.findall(rest[1]))
        card.facts.update(card.cells(rest[1]))
        card.facts.update([f"the word {FAILED}"] if FAILED in rest[1] else [])
        return card

    def front_matter(self, value: Any, place: str = "front matter") -> Iterator[str]:
        """Its values by their places, those of a metric by its name and half."""
        if isinstance(value, dict):
            if "type" in value and isinstance(value.get("name"), str):
                self.label(value["name"], str(value["type"]) if "args" in value else value["name"])
                value = {key: item for key, item in value.items() if key != "name"}
            for key, item in value.items():
                yield from self.front_matter(item, f"{place}, {key}")
        elif isinstance(value, list):
            for number, item in enumerate(value):
                yield from self.front_matter(item, f"{place} {_identity(item) or number}")
        else:
            yield f"{place}: {value!r}"

    def cells(self, body: str) -> Iterator[str]:
        """The cells of every table, row by row; whatever is no table is kept as a sentence."""
        table, row = 0, 0
        for line in body.split("\n"):
            if not (line.startswith("| ") and line.endswith(" |")):
                if not _RULE.fullmatch(line):
                    table, row = table + (row > 0), 0
                    self.sentences.append(line)
                continue
            label, *values = (cell.strip() for cell in _CELLS.split(line)[1:-1])
            name = "".join(_CODE.findall(label))
            self.label(_CODE.sub("", label), "".join(_CODE.findall(line)))
            if row == 0:
                values = [value if value in _NAMED or _CODE.fullmatch(value) else "" for value in values]
            yield f"in table {table}, {name or f'row {row}'}: {' | '.join(values)}"
            row += 1

    def label(self, words: str, name: str) -> None:
        """Keep a label as a sentence, which may hold the numbers of what it labels and no others."""
        stray = stray_number([words], [name])
        if stray is not None:
            raise _misfit(f"it calls {name} “{words[:_SHOWN]}”")
        self.sentences.append(words)


def _identity(item: Any) -> str:
    """What tells a metric of the front matter from others, wherever it stands."""
    args = item.get("args") if isinstance(item, dict) else None
    return f"{item['type']} of half {args.get('half')}" if isinstance(args, dict) and "type" in item else ""
