"""Build the paper from its source and the result files: `make paper`, or `python -m paper.build [FILE]`."""

import json
import sys
from pathlib import Path
from typing import Any, Literal

import typst

from fluxttice_core.storage.atomic_write import write_bytes

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "paper" / "paper.typ"
PAPER = ROOT / "build" / "paper.pdf"
STANDARD: Literal["a-2b"] = "a-2b"
"""PDF/A, the part and level that the file promises and the compiler checks."""


def built(*, source: Path = SOURCE, root: Path = ROOT, blind: bool = False) -> bytes:
    """The paper as PDF/A; with `blind` a square stands in the place of every number that a file gave."""
    made = typst.compile(
        str(source),
        root=str(root),
        ignore_system_fonts=True,
        pdf_standards=[STANDARD],
        sys_inputs={"blind": "yes" if blind else "no"},
    )
    if not isinstance(made, bytes):
        raise TypeError(f"typst gave {type(made).__name__}, and the bytes of one PDF were expected")
    return made


def numbers(*, source: Path = SOURCE, root: Path = ROOT) -> list[dict[str, Any]]:
    """Every number of the paper: the result file it was read from, its name there, its value and its text."""
    found = typst.query(str(source), "<number>", field="value", root=str(root), ignore_system_fonts=True)
    listed: list[dict[str, Any]] = json.loads(found)
    return listed


def main(arguments: list[str]) -> None:
    target = Path(arguments[0]) if arguments else PAPER
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        content = built()
    except typst.TypstError as error:
        # Its `diagnostic` shows the line; the error itself is a few words.
        raise SystemExit(str(getattr(error, "diagnostic", error))) from error
    write_bytes(target, content)
    print(
        f"wrote {target.relative_to(ROOT) if target.is_relative_to(ROOT) else target}, {len(content):,} bytes"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
