"""Each page's text, its modules as one script and its styles as one sheet, made whenever they are needed."""

import re
from importlib import resources
from pathlib import Path
from string import Template
from typing import Literal

STYLES = ("theme", "layout", "parts", "print")
"""The style sheets in their order: of two rules that fit alike the later one holds."""
Page = Literal["index", "space"]
"""The page of the ternary operations, and the one of any other space."""
_STARTS = {"index": "main", "space": "elements"}
_WORDS = {
    "index": {
        "title": "fluxttice: all 19,683 ternary operations",
        "subtitle": "all 19,683 ternary operations",
        "description": "All 19,683 ternary operations, as the latent codes of a model: "
        "a map to search, edit and decode.",
        "early": "split",
        "report": "#view=report",
        "find": "Find operations",
        "map": "Map of all operations",
        "keys": "Enter chooses the operation at the centre, and Shift with an arrow key moves the choice to "
        "the next operation in that direction",
        "box": '<button type="button" id="box-tool" aria-label="Select with a box" aria-pressed="false">'
        "&#9633;</button>",
    },
    "space": {
        "title": "fluxttice",
        "subtitle": "",
        "description": "A whole space as the latent codes of a model: a map to search and decode.",
        "early": "points",
        "report": "#",
        "find": "Find",
        "map": "Map",
        "keys": "and Enter chooses what is at the centre",
        "box": "",
    },
}
"""What one page says and has that the other does not."""
_TABS = {
    "index": ("find", "operation", "sliders", "prior", "compare", "collections", "inputs"),
    "space": ("find", "element", "decode", "prior"),
}
_COMMENT = re.compile(r"^ *(?://[^\n]*|/\*(?:(?!\*/).)*\*/ *)?\n", re.MULTILINE | re.DOTALL)
_IMPORT = re.compile(r'^import (\{[^}]+\}) from "(?:\./|\.\./js/)(\w+)\.js";$', re.MULTILINE)
_IMPORT_LATER = re.compile(r"\bimport\(`\./(.+?)\.js`\)")
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.MULTILINE)


def page_texts() -> dict[str, str]:
    """The files that the page is written in, by their path."""
    folder = Path(str(resources.files("fluxttice_core") / "server" / "explorer" / "page"))
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".html", ".css", ".js", ".svg"))
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def page_text(files: dict[str, str], page: Page) -> str:
    """One of the pages, whose tabs have a panel each; that of the first, which finds, stands elsewhere."""
    tabs = [
        f'<button type="button" role="tab" id="tab-{tab}" data-tab="{tab}" aria-controls="{tab}">'
        f"{tab.capitalize()}</button>"
        for tab in _TABS[page]
    ]
    panels = [
        f'<section id="{tab}" class="panel" role="tabpanel" aria-labelledby="tab-{tab}"'
        f"{' hidden' if place else ''}></section>"
        for place, tab in enumerate(_TABS[page][1:])
    ]
    parts = {"tabs": "\n".join(tabs), "panels": "\n".join(panels)}
    return Template(files["index.html"]).substitute(_WORDS[page], **parts)


def joined_styles(files: dict[str, str]) -> str:
    """All styles in one sheet."""
    return "\n".join(files[f"css/{name}.css"] for name in STYLES)


def joined_script(files: dict[str, str], source: Literal["source", "embedded"], page: Page = "index") -> str:
    """Join modules to one classic script, which a page from a disk and a worker may run, too.

    Each becomes a function that returns what it exports, and is called when first needed; the module that is
    called `source` is the one that finds the data. The page of any other space has modules of its own.
    """
    folders = ("js", "space") if page == "space" else ("js",)
    paths = {name: Path(name) for name in files if name.endswith(".js")}
    modules = {path.stem: files[name] for name, path in paths.items() if path.parent.name in folders}
    found = modules[source]
    del modules["embedded"]
    modules["source"] = found
    joined = ",\n".join(f"{name}(need) {{\n{_function(text)}}}" for name, text in sorted(modules.items()))
    return f""""use strict";
{{
const makers = {{
{joined}
}};
const made = {{}};
const need = globalThis.fluxttice = (name) => made[name] ??= makers[name](need);
need("document" in globalThis ? "{_STARTS[page]}" : "worker");
}}
"""


def without_comments(text: str) -> str:
    """A module without the lines that only comments are on, or nothing: a seventh of what is sent."""
    return _COMMENT.sub("", text)


def _function(text: str) -> str:
    text = without_comments(text)
    body = _IMPORT.sub(r'const \1 = need("\2");', _EXPORT.sub("", text))
    body = _IMPORT_LATER.sub(r"Promise.resolve(need(`\1`))", body)
    return f"{body}return {{ {', '.join(_EXPORT.findall(text))} }};\n"
