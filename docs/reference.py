"""The reference of the public names, a page a room: read from the source, so every Python writes the same."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import fluxttice_core as fx

_SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises|Source|Example):\n((?:[ ].*\n|\n)+)", re.M)
_EXPORTS: dict[str, str] = vars(fx)["exports"]
_ENTRY = re.compile(r"^(\*{0,2}\w+):\s+", re.M)


def rooms() -> dict[str, ModuleType]:
    """The rooms that the package shows, by name."""
    return {name: import_module(f"{fx.__name__}.{name}") for name, module in _EXPORTS.items() if not module}


def reference_pages() -> dict[str, str]:
    """The Markdown of every room's page by its name, and of the index."""
    pages = {name: _page(room) for name, room in rooms().items()}
    lines = ["# Reference", "", "The verbs of `import fluxttice_core as fx`:", ""]
    lines += [f"- {_link(name)}: {sentence}" for name, sentence in _verbs()]
    lines += ["", "The rooms, each an attribute of `fx` and a page; everything loads on first use:", ""]
    lines += [
        f"- [`fx.{name}`]({name}.md): {purpose(_folder(room) / '__init__.py')}"
        for name, room in rooms().items()
    ]
    return {**pages, "index": "\n".join(lines) + "\n"}


def purpose(module: Path) -> str:
    """The first sentence of a module's docstring."""
    return _docstring(_tree(module)).partition("\n\n")[0].replace("\n", " ")


def _folder(room: ModuleType) -> Path:
    return Path(str(room.__file__)).parent


@cache
def _source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(_source(path))


def _docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> str:
    return ast.get_docstring(node) or ""


def _home(name: str) -> str:
    return _EXPORTS[name].partition(".")[0]


def _link(name: str) -> str:
    return f"[`{name}`]({_home(name)}.md#{name.lower()})" if _home(name) in rooms() else f"`{name}`"


def _verbs() -> Iterator[tuple[str, str]]:
    for name in sorted(set(vars(fx)["__all__"]) - rooms().keys(), key=str.lower):
        path = _folder(fx).joinpath(*_EXPORTS[name].split(".")).with_suffix(".py")
        _, _, text = _definition(path, name)
        yield name, text.partition("\n\n")[0].replace("\n", " ")


def _page(room: ModuleType) -> str:
    entries = []
    for name in sorted(room.exports, key=str.lower):
        path = _folder(room).joinpath(*room.exports[name].split(".")).with_suffix(".py")
        signature, methods, text = _definition(path, name)
        entries += [f"## `{name}`", f"```python\n{signature}\n```", _markdown(text), *methods]
    about = _docstring(_tree(_folder(room) / "__init__.py"))
    return "\n\n".join([f"# `{room.__name__}`", about, *entries]) + "\n"


def _definition(path: Path, name: str) -> tuple[str, list[str], str]:
    """How a name is written where it is defined, its methods if it is a class, and its docstring."""
    source, body = _source(path), _tree(path).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return _head(source, node), [], _docstring(node)
        if isinstance(node, ast.ClassDef) and node.name == name:
            methods = "\n".join(_methods(source, node))
            return _class_head(source, node), [f"Methods:\n\n{methods}"] if methods else [], _docstring(node)
        if isinstance(node, ast.Assign | ast.AnnAssign) and ast.unparse(node).startswith(
            (f"{name} =", f"{name}:")
        ):
            text = ast.literal_eval(after.value) if isinstance(after, ast.Expr) else ""
            return ast.get_source_segment(source, node) or "", [], cleandoc(text)
    raise LookupError(f"{path} defines no {name}: let the room's stub name the module that does")


def _head(source: str, node: ast.FunctionDef | ast.ClassDef) -> str:
    """The lines of a definition before its body."""
    lines = source.splitlines()[node.lineno - 1 : node.body[0].lineno - 1]
    return dedent("\n".join(lines)).rstrip().removesuffix(":")


def _class_head(source: str, node: ast.ClassDef) -> str:
    """A class's first line with its fields, and how it is made if it says so itself."""
    lines = []
    for part in node.body:
        if isinstance(part, ast.AnnAssign):
            lines += (ast.get_source_segment(source, part) or "").splitlines()
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            lines += _head(source, part).splitlines()
    return "\n".join([_head(source, node), *(f"    {line}" for line in lines if line.strip())])


def _methods(source: str, node: ast.ClassDef) -> Iterator[str]:
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and not part.name.startswith("_") and _docstring(part):
            signature = " ".join(_head(source, part).removeprefix("def ").split())
            signature = signature.replace("( ", "(").replace(", )", ")").replace(" )", ")")
            if any(ast.unparse(decorator).endswith("property") for decorator in part.decorator_list):
                signature = part.name
            sentence = _docstring(part).partition("\n\n")[0].replace("\n", " ")
            yield f"- `{signature}`: {sentence}"


def _markdown(docstring: str) -> str:
    """A docstring with its sections as lists, and its example as code."""

    def section(found: re.Match[str]) -> str:
        title, text = found[1], dedent(found[2]).strip("\n")
        if title == "Example":
            return f"\n```pycon\n{text}\n```\n\n"
        if title in ("Args", "Attributes", "Raises"):
            text = _ENTRY.sub(r"- `\1`: ", text)
        return f"\n{title}:\n\n{text}\n\n"

    return re.sub(r"\n{3,}", "\n\n", _SECTION.sub(section, docstring + "\n")).strip()
