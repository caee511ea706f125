"""The rooms and what they import of one another, read from the source: a table and a picture."""

import ast
from pathlib import Path

from docs.reference import purpose
from tests.house.test_layers import BELOW_ALL, LAYERS, PACKAGE, imported_names, layer_of, module_name

SOURCE = Path(__file__).resolve().parent.parent / "src" / PACKAGE


def imported_rooms() -> dict[str, set[str]]:
    """The rooms that each room imports anything of, late imports and those for types, too."""
    return {room: _imported_by(room) for room in LAYERS}


def _imported_by(room: str) -> set[str]:
    found = set()
    for path in (SOURCE / room).rglob("*.py"):
        for name in imported_names(ast.parse(path.read_text()), module_name(path, SOURCE)):
            place = layer_of(name)
            if place is not None and place[0] in LAYERS.keys() - {room}:
                found.add(place[0])
    return found


def rooms_table() -> str:
    """Every room with its floor, what it is for, and what it imports."""
    lines = ["| floor | room | what it is for | imports |", "|---|---|---|---|"]
    ground = ", ".join(f"`{name}.py`" for name in sorted(BELOW_ALL))
    lines.append(f"| 1 | {ground} | {purpose(SOURCE / 'errors.py')} | |")
    for room, below in imported_rooms().items():
        names = ", ".join(f"`{name}`" for name in LAYERS if name in below)
        about = purpose(SOURCE / room / "__init__.py")
        lines.append(f"| {LAYERS[room] + 2} | `{room}/` | {about} | {names} |")
    return "\n".join(lines)


def rooms_picture() -> str:
    """The rooms by floor; an arrow is left out where a longer way shows the same."""
    rooms = imported_rooms()
    lines = ["```mermaid", "flowchart TD"]
    for floor in sorted(set(LAYERS.values()), reverse=True):
        names = "; ".join(room for room in rooms if LAYERS[room] == floor)
        lines.append(f"  subgraph floor{floor + 2}[floor {floor + 2}]\n    {names}\n  end")
    for room, below in rooms.items():
        shown = below - {deeper for name in below for deeper in _all_below(name, rooms)}
        lines += [f"  {room} --> {name}" for name in LAYERS if name in shown]
    return "\n".join([*lines, "```"])


def _all_below(room: str, rooms: dict[str, set[str]]) -> set[str]:
    return rooms[room].union(*(_all_below(name, rooms) for name in rooms[room]))
