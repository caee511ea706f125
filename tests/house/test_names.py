"""Names of files and folders: from the domain, without versions; tests mirror the package."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.conftest import Plant

EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "stuff", "lib"}
VERSIONED = re.compile(
    r"(?i)(^|[_\-.])v\d+(?=[_\-.]|$)|[_-](old|new|final|copy|backup|bak|orig|fixed)(?=\.|$)"
)
FOLDERS = ("src", "tests", "docs", "examples", "benchmarks", "paper")
TEST_FOLDERS_BESIDE_LAYERS = {
    *("contracts", "known_answers", "goldens", "planted_lies", "faults", "attacks", "core", "fuzz", "house"),
    *("installation", "portable", "acceptance", "compatibility", "docs", "examples", "benchmarks", "paper"),
}


def files(root: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def empty_names(root: Path) -> list[str]:
    return [
        str(path.relative_to(root))
        for path in files(root)
        if EMPTY_NAMES & {part.lower() for part in path.relative_to(root).with_suffix("").parts}
    ]


def versioned_names(root: Path) -> list[str]:
    return [str(path.relative_to(root)) for path in files(root) if VERSIONED.search(path.name)]


def stray_test_folders(root: Path) -> list[str]:
    layers = {folder.name for folder in (root / "src/fluxttice_core").iterdir() if folder.is_dir()}
    return [
        f"tests/{folder.name} mirrors nothing"
        for folder in sorted((root / "tests").iterdir())
        if folder.is_dir()
        and folder.name != "__pycache__"
        and folder.name not in layers | TEST_FOLDERS_BESIDE_LAYERS
    ]


def untested_modules(root: Path) -> list[str]:
    """Modules with public names that no test imports, be it through other modules of the same room."""
    source = root / "src"
    modules = {
        ".".join(path.relative_to(source).with_suffix("").parts): path.read_text()
        for path in sorted(source.rglob("*.py"))
        if path.name != "__init__.py"
    }
    tests = "\n".join(_import_statements(path.read_text()) for path in sorted((root / "tests").rglob("*.py")))
    imports = {name: _import_statements(text) for name, text in modules.items()}
    tested = {name for name in modules if _imports(tests, name) or _has_test_file(root, name)}
    grown = True
    while grown:
        near = {
            name
            for name in modules.keys() - tested
            if any(_room(other) == _room(name) and _imports(imports[other], name) for other in tested)
        }
        tested |= near
        grown = bool(near)
    return [
        f"{name} is imported by no test"
        for name, text in modules.items()
        if name not in tested and _has_public_names(text)
    ]


def _import_statements(text: str) -> str:
    return "\n".join(re.findall(r"^ *(?:from [\w.]+ import (?:\([^)]*\)|.*)|import .*)", text, re.MULTILINE))


def _imports(text: str, module: str) -> bool:
    folder, _, name = module.rpartition(".")
    direct = rf"(from|import) {re.escape(module)}\b"
    gathered = rf"from {re.escape(folder)} import (\([^)]*|[^(\n]*)\b{name}\b"
    return re.search(f"{direct}|{gathered}", text) is not None


def _room(module: str) -> list[str]:
    return module.split(".")[:2]


def _has_test_file(root: Path, module: str) -> bool:
    *folders, name = module.split(".")[1:]
    return (root / "tests" / Path(*folders) / f"test_{name}.py").is_file()


def _has_public_names(text: str) -> bool:
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        for node in ast.parse(text).body
    )


def test_no_module_is_named_after_nothing(repository: Path) -> None:
    assert empty_names(repository) == []


def test_no_file_name_carries_a_version(repository: Path) -> None:
    assert versioned_names(repository) == []


def test_test_folders_mirror_the_package(repository: Path) -> None:
    assert stray_test_folders(repository) == []


def test_every_module_is_imported_by_a_test(repository: Path) -> None:
    assert untested_modules(repository) == []


@pytest.mark.parametrize(
    "name", ["src/p/utils.py", "src/p/helpers/x.py", "tests/common.py", "docs/misc.md", "src/p/Utils.py"]
)
def test_an_empty_name_is_found(plant: Plant, name: str) -> None:
    assert empty_names(plant({name: ""})) == [name]


@pytest.mark.parametrize(
    "name",
    [
        *("src/p/model_v2.py", "docs/v5.5.md", "src/p/loop_old.py", "docs/report-final.md", "src/p/v3.py"),
        "docs/a.v12.md",
    ],
)
def test_a_version_in_a_name_is_found(plant: Plant, name: str) -> None:
    assert versioned_names(plant({name: ""})) == [name]


@pytest.mark.parametrize(
    "name", ["src/p/vae.py", "src/p/covering.py", "docs/renewal.md", "tests/test_valve9.py"]
)
def test_an_honest_name_is_let_through(plant: Plant, name: str) -> None:
    assert versioned_names(plant({name: ""})) == []
    assert empty_names(plant({name: ""})) == []


def test_a_folder_of_tests_that_mirrors_nothing_is_found(plant: Plant) -> None:
    root = plant(
        {"src/fluxttice_core/model/encoder.py": "", "tests/model/test_a.py": "", "tests/others/t.py": ""}
    )
    assert stray_test_folders(root) == ["tests/others mirrors nothing"]


def test_a_module_without_a_test_is_found(plant: Plant) -> None:
    function = "def f(): ..."
    root = plant(
        {
            "src/p/model/tested.py": "from p.model import (\n    behind,\n)\nfrom p.cli import elsewhere\n"
            + function,
            "src/p/model/gathered.py": function,
            "src/p/model/beside.py": "class C: ...",
            "src/p/model/private.py": "def _f(): ...",
            "src/p/model/lonely.py": function,
            "src/p/model/behind.py": function,
            "src/p/cli/elsewhere.py": function,
            "tests/model/test_many.py": "from p.model.tested import f\nfrom p.model import gathered\n",
            "tests/model/test_beside.py": "",
        }
    )
    assert untested_modules(root) == [
        "p.cli.elsewhere is imported by no test",
        "p.model.lonely is imported by no test",
    ]
