"""The page's modules as one script and its styles as one sheet, joined anew whenever they are needed."""

import re
from importlib import resources
from pathlib import Path
from typing import Literal

STYLES = ("theme", "layout", "parts", "print")
"""The style sheets in their order: of two rules that fit alike the later one holds."""
Page = Literal["index", "space"]
"""The page of the ternary operations, and the one of any other space."""
_STARTS = {"index": "main", "space": "elements"}
_COMMENT = re.compile(r"^ *(?://[^\n]*|/\*(?:(?!\*/).)*\*/ *)?\n", re.MULTILINE | re.DOTALL)
_IMPORT = re.compile(r'^import (\{[^}]+\}) from "(?:\./|\.\./js/)(\w+)\.js";$', re.MULTILINE)
_IMPORT_LATER = re.compile(r"\bimport\(`\./(.+?)\.js`\)")
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.MULTILINE)


def page_texts() -> dict[str, str]:
    """The files that the page is written in, by their path."""
    folder = Path(str(resources.files("fluxttice_core") / "server" / "explorer" / "page"))
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".html", ".css", ".js", ".svg"))
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


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
