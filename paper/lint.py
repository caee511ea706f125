"""Whether any number of the paper was typed.

The text of the paper is compiled with a square in the place of every number that a result file gave, and
without equations, references, and the numbers of pages, sections and figures. Then no digit may be left,
except in the names below, and no word of a number above ten.

The source may hold digits in lengths (`2.4cm`), as `digits:` and numbers of columns, as places in a list of a
result file, in quoted names (printed, they would be left in the text), in names of commands, in citations,
and as the constants 0, 1 and 2 of equations. `worked`, `show-number` and `noted` may be handed no digit.
"""

import io
import re

import pypdf

NAMES = ("GDB-13",)
_WORD = re.compile(
    r"\b(eleven|twelve|(thir|four|fif|six|seven|eigh|nine)teen|(twen|thir|for|fif|six|seven|eigh|nine)ty|"
    r"hundred|thousand|[mb]illion|dozen|dozens|hundreds|thousands|millions)\b",
    re.IGNORECASE,
)
_ENDED = re.compile(r"#[\w-]+\((?:[^()\n]|\([^()\n]*\))*\);")
_EQUATION = re.compile(r"\$[^$]*\$")
_CONSTANT = re.compile(r"(?<![\w.])[012](?![\w.])")
_HANDED = re.compile(r'(worked|show-number|noted)\("[^"]*", "[^"]*", *-?\d[^)]*\)')
_ALLOWED = re.compile(
    r'"[^"\n]*"'  # a quoted name
    r"|`[^`\n]*`"
    r"|(?<![\w.])\d+(\.\d+)?(pt|em|cm|%(?=[,)]))"  # a length
    r"|(digits|columns|year|month|day|level): \d+"
    r"|value \* 100|(?<=at\()\d+(?=\))"
    r"|[@<][a-z]+\d{4}[ab]?"  # a citation
    r"|, \d\b(?=[,)])"  # a place in a list of a result file
    r"|, \d, (true|false)\b"  # digits and percent of a row
    r"|^//.*$|\bupper\b|fr,|1fr|1\.35fr",
    re.MULTILINE,
)


def digits_left(pdf: bytes) -> list[str]:
    """What digits the blanked paper still shows, with the words around them."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    text = " ".join(page.extract_text() for page in pages)
    for name in NAMES:
        text = text.replace(name, "")
    hits = (*re.finditer(r"\d+", text), *_WORD.finditer(text))
    return [text[max(0, hit.start() - 30) : hit.end() + 30] for hit in hits]


def typed_numbers(source: str) -> list[str]:
    """Numbers that the source states itself, by its lines."""
    for name in NAMES:
        source = source.replace(name, "")
    handed = [hit.group() for hit in _HANDED.finditer(source)]
    left = _ALLOWED.sub("", _EQUATION.sub(_without_constants, source))
    return [*handed, *(line.strip() for line in left.splitlines() if re.search(r"\d", line))]


def swallowed_semicolons(source: str) -> list[str]:
    """Semicolons after a call, which end it and are not printed: a comma or a full stop is.

    Example:
        >>> swallowed_semicolons('at #m("a", digits: f(2)); and #m("b"), so')
        ['#m("a", digits: f(2));']
    """
    return [hit.group() for hit in _ENDED.finditer(source)]


def _without_constants(equation: re.Match[str]) -> str:
    return _CONSTANT.sub("", equation.group())
