"""Every public name says what it is, and every example in a docstring runs as a test."""

import ast
import doctest
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.conftest import Plant

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def documented(tree: ast.Module) -> Iterator[tuple[str, Documented]]:
    """The module, and its public functions, classes and methods."""
    yield "module", tree
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("_"):
                continue
            yield node.name, node
            for inner in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and not inner.name.startswith(
                    "_"
                ):
                    yield f"{node.name}.{inner.name}", inner


def undocumented(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)}: {name}"
        for path, name, node in _everything(root)
        if not (ast.get_docstring(node) or "").strip() and not _is_overload(node)
    ]


def examples_that_do_not_run(root: Path) -> list[str]:
    """Examples without a prompt, without an expected value to compare, or told to be skipped."""
    found = []
    for path, name, node in _everything(root):
        text = ast.get_docstring(node) or ""
        if "Example:" not in text and ">>>" not in text:
            continue
        examples = doctest.DocTestParser().get_examples(text)
        if not examples:
            found.append(f"{path.relative_to(root)}: {name} has an example without a prompt")
        elif not any(example.want for example in examples):
            found.append(f"{path.relative_to(root)}: {name} has an example that shows nothing")
        if any(doctest.SKIP in example.options for example in examples):
            found.append(f"{path.relative_to(root)}: {name} skips its example")
    return found


def _is_overload(node: Documented) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(ast.unparse(decorator).endswith(("overload", ".setter")) for decorator in decorators)


def _everything(root: Path) -> Iterator[tuple[Path, str, Documented]]:
    for path in sorted((root / "src").rglob("*.py")):
        for name, node in documented(ast.parse(path.read_text())):
            yield path, name, node


def test_every_public_name_is_documented(repository: Path) -> None:
    assert undocumented(repository) == []


def test_every_example_can_run(repository: Path) -> None:
    assert examples_that_do_not_run(repository) == []


def test_examples_are_collected_by_the_test_command(repository: Path) -> None:
    options = tomllib.loads((repository / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert "--doctest-modules" in options["addopts"]
    assert "src" in options["testpaths"]
    assert options["filterwarnings"][0] == "error"


@pytest.mark.parametrize(
    "code",
    [
        "x = 1",
        '"""Doc."""\ndef f(): ...',
        '"""Doc."""\nclass C: ...',
        '"""Doc."""\nclass C:\n    """Doc."""\n    def m(self): ...',
    ],
)
def test_a_missing_docstring_is_found(plant: Plant, code: str) -> None:
    assert len(undocumented(plant({"src/p/m.py": code + "\n"}))) == 1


def test_private_names_need_no_docstring(plant: Plant) -> None:
    code = '"""Doc."""\ndef _f(): ...\nclass _C:\n    def m(self): ...\n'
    assert undocumented(plant({"src/p/m.py": code})) == []


@pytest.mark.parametrize(
    "docstring",
    [
        "Do.\n\n    Example:\n        f(1) gives 2\n    ",
        "Do.\n\n    Example:\n        >>> f(1)\n    ",
        "Do.\n\n    Example:\n        >>> f(1)  # doctest: +SKIP\n        2\n    ",
    ],
)
def test_an_example_that_does_not_run_is_found(plant: Plant, docstring: str) -> None:
    code = f'"""Doc."""\n\n\ndef f(x):\n    """{docstring}"""\n'
    assert examples_that_do_not_run(plant({"src/p/m.py": code}))


def test_an_example_that_runs_is_let_through(plant: Plant) -> None:
    code = '"""Doc."""\n\n\ndef f(x):\n    """Do.\n\n    Example:\n        >>> f(1)\n        2\n    """\n'
    assert examples_that_do_not_run(plant({"src/p/m.py": code})) == []
