"""The figures of a model card, read back and held against the result file that they were taken from.

Knows the card's shape, not its wording: front matter, and tables whose rows name the quantity they show.
Needs neither torch nor the measurement, so that checking a card is quick.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluxttice_core.errors import SettingsError
from fluxttice_core.training.plain_yaml import read_yaml

__all__ = ["FAILED", "card_contradictions", "environment_rows", "metric_metadata", "split_rows"]

_NUMBER = re.compile(r"(?P<number>-?\d[\d,]*(?:\.(?P<decimals>\d+))?)|(?P<sign>-?)∞")
_CODE = re.compile(r"`([^`]+)`")
_CELL = re.compile(r"(?<!\\)\|")
_OUTER = re.compile(r"^\s*\||(?<!\\)\|\s*$")
_RULE = re.compile(r"[\s|:-]+")
_FRONT = re.compile(r"---\n(?P<yaml>.*?\n)---\n(?P<body>.*)", re.DOTALL)
FAILED = "FAILED"


def card_contradictions(text: str, result: Mapping[str, Any]) -> Iterator[str]:
    """Everything that a card says otherwise than the result file beside it.

    Args:
        text: The card.
        result: The content of the result file, known to be complete.

    Yields:
        A sentence for each contradiction.
    """
    match = _FRONT.fullmatch(text)
    if match is None:
        yield "the card has no front matter"
        return
    yield from _in_front_matter(match["yaml"], result)
    asked = {gate["gate"]["quantity"] for gate in result["gates"]}
    known = {metric["quantity"] for metric in result["metrics"]} | asked
    facts = {**environment_rows(result), **split_rows(result)}
    failed = not all(gate["passed"] for gate in result["gates"])
    if match["body"].lstrip().startswith(f"# {FAILED}:") != failed:
        yield f"its heading {'hides' if failed else 'claims'} that the model fails its acceptance gates"
    for row in _rows(match["body"]):
        quantity = row.quantity(known)
        asked.discard(quantity or "")
        if quantity is not None:
            yield from _in_row(row, quantity, result)
        elif [cell for _, cell in row.cells] != [facts.get(row.name)]:
            yield f"its row “{row.name}” is not what the report holds"
    for quantity in sorted(asked):
        yield f"its tables leave out {quantity}, which a gate asks for"


def environment_rows(result: Mapping[str, Any]) -> dict[str, str]:
    """What a card says of the program, the machine and the run, by the words that it uses."""
    tool, model = result["tool"], result["model"]
    return {
        "program": f"{tool['name']} {tool['version']}",
        "commit": _known(tool["commit"]) + (", with changes" if tool["modified"] else ""),
        **{name: str(value) for name, value in sorted(result["environment"].items())},
        "parameters": f"{model['parameters']:,}",
        "recipe": _known(model["recipe"]),
        "seed of the run": _known(model["seed"]),
        "epoch": str(model["epoch"]),
        "seed of the measurement": str(result["sampler"]["seed"]),
        "tensors, SHA-256": f"`{model['tensor_sha256']}`",
        "measurement settings, SHA-256": f"`{result['settings_sha256']}`",
        "measured again by": f"`{result['command']}`",
    }


def split_rows(result: Mapping[str, Any]) -> dict[str, str]:
    """What a card says of the parts of the data, by the words that it uses; nothing if not recorded."""
    split = result["data"]["split"]
    if split is None:
        return {}
    sizes = {name.replace("_", "-"): f"{split[name]:,}" for name in ("train", "validation", "held_out")}
    return {**sizes, "seed of the split": str(split["seed"])}


@dataclass(frozen=True)
class _Row:
    """A row of a table: its name, and each cell beside the heading of its column."""

    name: str
    cells: tuple[tuple[str, str], ...]

    @property
    def of_gate(self) -> bool:
        """Whether the row is about an acceptance gate."""
        return any(column == "asks" for column, _ in self.cells)

    def quantity(self, known: Collection[str]) -> str | None:
        """The quantity that the row is about; none for a row about something else."""
        places = (self.name, *(cell for column, cell in self.cells if column == "quantity"))
        named = [quantity for place in places for quantity in _CODE.findall(place)]
        return named[0] if named and named[0] in known else None


def _known(value: object) -> str:
    return "not recorded" if value is None else str(value)


def metric_metadata(metric: Mapping[str, Any]) -> dict[str, Any]:
    """Value and context of a metric as the front matter has them.

    Args:
        metric: The metric as the result file has it.
    """
    args = {
        "half": metric["half"],
        "unit": metric["unit"],
        "ceiling": metric["ceiling"],
        "untrained": [metric["floor"]["low"], metric["floor"]["high"]],
    }
    if metric["interval"] is not None:
        args["interval"] = [metric["interval"]["lower"], metric["interval"]["upper"]]
        args["seed"] = metric["seed"]
    return {"value": metric["value"], "args": args}


def _in_front_matter(text: str, result: Mapping[str, Any]) -> Iterator[str]:
    try:
        (model,) = read_yaml(text, source="the card's front matter")["model-index"]
        (group,) = model["results"]
        entries = {(entry["type"], entry["args"]["half"]): entry for entry in group["metrics"]}
        complete = 0 < len(entries) == len(group["metrics"]) and model["name"] == result["title"]
    except (SettingsError, KeyError, TypeError, ValueError):
        yield "its front matter holds no results of one model"
        return
    if not complete:
        yield "its front matter names another model, no result, or one result twice"
    measured = {(metric["name"], metric["half"]): metric for metric in result["metrics"]}
    for key, entry in entries.items():
        given = {"value": entry.get("value"), "args": entry["args"]}
        if key not in measured or metric_metadata(measured[key]) != given:
            yield f"its front matter gives {key[0]} of half {str(key[1]).upper()} otherwise than the report"


def _rows(body: str) -> Iterator[_Row]:
    """Every row of every table below its heading."""
    columns: list[str] | None = None
    for line in body.splitlines():
        if not _CELL.search(line):
            columns = None
            continue
        if _RULE.fullmatch(line):
            continue
        # The outer bars may be left out, and the line is a row all the same.
        cells = [cell.strip().replace("\\|", "|") for cell in _CELL.split(_OUTER.sub("", line))]
        if columns is None:
            columns = cells
        else:
            # A cell that no column heads stands under none, where the report shows nothing.
            headings = [*columns[1:], *[""] * len(cells)]
            yield _Row(cells[0], tuple(zip(headings, cells[1:], strict=False)))


def _in_row(row: _Row, quantity: str, result: Mapping[str, Any]) -> Iterator[str]:
    expected = _gate(quantity, result) if row.of_gate else _figures(quantity, result)
    if not _names(row, quantity, result):
        yield f"it names {quantity} wrongly, as “{row.name}”"
    for column, cell in row.cells:
        if column != "quantity" and not any(_agrees(cell, values) for values in expected.get(column, ())):
            yield f"it shows {quantity} under “{column}” as “{cell}”, and the report does not"


def _names(row: _Row, quantity: str, result: Mapping[str, Any]) -> bool:
    """Whether a row's words name its gate, or give no other number than the quantity's budget."""
    if row.of_gate:
        return row.name in {g["gate"]["name"] for g in result["gates"] if g["gate"]["quantity"] == quantity}
    budget = quantity.rpartition("/")[2]
    words = _CODE.sub("", row.name)
    numbers = [match["number"].replace(",", "") for match in _NUMBER.finditer(words) if match["number"]]
    return numbers == ([budget] if budget.isdigit() else [])


_Shown = str | tuple[float, ...]
"""What a cell must hold: this text, or these numbers, as far as they were written out."""


def _figures(quantity: str, result: Mapping[str, Any]) -> dict[str, list[_Shown]]:
    """What each column of a row may show; both halves' references where they differ."""
    metrics = [metric for metric in result["metrics"] if metric["quantity"] == quantity]
    factor = 100.0 if metrics[0]["unit"] == "fraction" else 1.0
    found: dict[str, list[_Shown]] = {}
    for metric in metrics:
        found[metric["half"].upper()] = [_value_and_width(metric, factor)]
        found.setdefault("perfect", []).append((factor * _number(metric["ceiling"]),))
    for control in result["controls"]:
        scores = [_number(s["value"]) for run in control["runs"] for s in run if s["quantity"] == quantity]
        ends: _Shown = (factor * min(scores), factor * max(scores)) if scores else "–"
        found[control["name"].replace("_", " ")] = [ends]
    return found


def _gate(quantity: str, result: Mapping[str, Any]) -> dict[str, list[_Shown]]:
    results = [found for found in result["gates"] if found["gate"]["quantity"] == quantity]
    gate = results[0]["gate"]
    met = all(found["passed"] for found in results)
    return {
        "asks": [f"{gate['comparison']} {gate['threshold']:g}"],
        "verdict": ["met" if met else FAILED],
        **{
            found["half"].upper(): ["–" if found["value"] is None else (_number(found["value"]),)]
            for found in results
        },
    }


def _value_and_width(metric: Mapping[str, Any], factor: float) -> tuple[float, ...]:
    value, interval = _number(metric["value"]), metric["interval"]
    if interval is None:
        return (factor * value,)
    width = max(_number(interval["upper"]) - value, value - _number(interval["lower"]))
    return (factor * value, factor * width) if math.isfinite(width) else (factor * value,)


def _agrees(cell: str, values: _Shown) -> bool:
    """Whether a cell holds a text, or numbers that round to what is written there."""
    if isinstance(values, str):
        return cell == values
    written = [(_written(match), match["decimals"]) for match in _NUMBER.finditer(cell)]
    if len(written) == 1 and len(values) == 2 and "±" not in cell:
        written *= 2
    return len(written) == len(values) and all(
        number == value or abs(number - value) <= 0.5 * 10.0 ** -len(decimals or "") * (1 + 1e-9)
        for (number, decimals), value in zip(written, values, strict=True)
    )


def _written(match: re.Match[str]) -> float:
    if match["number"] is None:
        return -math.inf if match["sign"] else math.inf
    return float(match["number"].replace(",", ""))


def _number(value: float | str) -> float:
    """A number as the result file has it, where infinity is a word."""
    return float(value)
