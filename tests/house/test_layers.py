"""Imports point down only: read from the syntax trees, so that no import has to run."""

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.house.conftest import Plant

PACKAGE = "fluxttice_core"
LAYERS = {
    "spaces": 0,
    "statistics": 0,
    "operations": 1,
    "model": 1,
    "audit": 1,
    "storage": 2,
    "metrics": 2,
    "training": 3,
    "evaluation": 3,
    "experiments": 4,
    "certification": 4,
    "server": 4,
    "cli": 5,
}
"""The floor of every room; imports point down only, and two rooms of one floor never import each other."""

BESIDE_THE_PACKAGE = {"docs", "tests", "benchmarks", "examples"}
BELOW_ALL = {"errors": -2, "rooms": -2, "shapes": -2, "version": -2, "extras": -1, "ray_cluster": 0}
_EVERYWHERE = {"numpy", PACKAGE} | set(sys.stdlib_module_names)
MAY_IMPORT = {"spaces": _EVERYWHERE, "operations": _EVERYWHERE, "statistics": _EVERYWHERE | {"scipy"}}
"""What rooms that are little else than arithmetic know of other packages."""
ABOVE_ALL = max(LAYERS.values()) + 1


def imported_names(tree: ast.Module, module: str) -> Iterator[str]:
    """Dotted names of everything a module imports, wherever in it, relative imports resolved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")[: -node.level] if node.level else []
            start = ".".join([*parents, *([node.module] if node.module else [])])
            yield start
            yield from (f"{start}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (str(arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant))


def layer_of(name: str) -> tuple[str, int] | None:
    """The part of the package that a dotted name belongs to and its layer; none for other packages."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return None
    part = parts[1] if len(parts) > 1 else ""
    if part in BELOW_ALL:
        return part, BELOW_ALL[part]
    return (part, LAYERS[part]) if part in LAYERS else ("", ABOVE_ALL)


def layering_violations(root: Path) -> list[str]:
    source = root / "src" / PACKAGE
    found = []
    for path in sorted(source.rglob("*.py")):
        module = module_name(path, source)
        place = layer_of(module)
        if place is None or place[0] == "":
            continue  # the package's own __init__ gathers the public names of every layer
        part, layer = place
        for name in imported_names(ast.parse(path.read_text()), module):
            target = layer_of(name)
            if name.split(".")[0] in BESIDE_THE_PACKAGE:
                found.append(f"{module} imports {name}, which no wheel holds")
            if name.split(".")[0] not in MAY_IMPORT.get(part, {name.split(".")[0]}):
                found.append(f"{module} imports {name}, which {part} does not know")
            if target is None or target[0] == part or name == PACKAGE:
                continue
            if target[1] >= layer:
                found.append(f"{module} imports {name}, which is not below it")
            if re.search(r"\._(?!_)", name):
                found.append(f"{module} imports {name}, which is private to its room")
    return found


def circle(root: Path) -> list[str]:
    """Modules that import one another in a circle, late imports too; those for types alone load nothing."""
    source = root / "src" / PACKAGE
    paths = {module_name(path, source): path for path in source.rglob("*.py") if path.name != "__init__.py"}
    trees = {module: without_types(ast.parse(path.read_text())) for module, path in paths.items()}
    graph = {module: paths.keys() & {*imported_names(tree, module)} for module, tree in trees.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def without_types(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    return tree


def foreign_exports(root: Path) -> list[str]:
    """Lines of a room's list of public names that are not names of the room's own modules."""
    rooms = (root / "src" / PACKAGE).glob("*/__init__.pyi")
    return [
        f"{path.parent.name} shows {line!r}"
        for path in sorted(rooms)
        for line in path.read_text().splitlines()
        if not re.fullmatch(r"from \.[a-z]\S* import ([A-Za-z]\w*) as \1", line)
    ]


def module_name(path: Path, source: Path) -> str:
    return ".".join([PACKAGE, *path.relative_to(source).with_suffix("").parts])


def unlisted_folders(root: Path) -> list[str]:
    source = root / "src" / PACKAGE
    return [
        f"{folder.name} is in no layer"
        for folder in sorted(source.iterdir())
        if folder.is_dir() and any(folder.glob("*.py")) and folder.name not in LAYERS
    ]


def test_imports_point_down(repository: Path) -> None:
    assert layering_violations(repository) == []


def test_no_module_imports_itself_by_others(repository: Path) -> None:
    assert circle(repository) == []


def test_every_room_shows_names_of_its_own(repository: Path) -> None:
    assert foreign_exports(repository) == []


def test_every_folder_is_a_layer(repository: Path) -> None:
    assert unlisted_folders(repository) == []


def test_the_tree_under_test_is_the_real_one(repository: Path) -> None:
    assert {folder for folder in LAYERS if (repository / "src" / PACKAGE / folder).is_dir()} == set(LAYERS)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("spaces/split.py", "import torch"),
        ("cli/run.py", "from docs.documents import report_card"),
        ("operations/algebra.py", "import scipy.special"),
        ("statistics/counts.py", "import pydantic"),
        ("operations/algebra.py", "from fluxttice_core.model import encoder"),
        ("operations/algebra.py", "from ..model.encoder import Encoder"),
        ("spaces/split.py", "from fluxttice_core.statistics.counts import counts_of"),
        ("model/encoder.py", "from fluxttice_core.training.trainer import Trainer"),
        ("training/trainer.py", "from fluxttice_core.evaluation import gates"),
        ("metrics/coverage.py", "import fluxttice_core.storage.tensors"),
        ("metrics/coverage.py", "def late():\n    from fluxttice_core.training import run"),
        ("storage/checkpoint.py", "from fluxttice_core import cli"),
        ("server/app.py", "from fluxttice_core.certification import verify"),
        ("server/api/models.py", "import importlib\nimportlib.import_module('fluxttice_core.cli.main')"),
        ("training/run.py", "from fluxttice_core import load"),
        ("storage/environment.py", "from fluxttice_core import __version__"),
        ("training/trainer.py", "from fluxttice_core.model.encoder import _hidden"),
        ("errors.py", "from fluxttice_core.extras import require_extra"),
        ("errors.py", "from fluxttice_core.spaces.operation_space import OperationSpace"),
    ],
)
def test_an_import_that_points_up_is_found(plant: Plant, module: str, line: str) -> None:
    assert layering_violations(plant({f"src/{PACKAGE}/{module}": line + "\n"}))


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("spaces/split.py", "import numpy as np\nimport math\nfrom fluxttice_core.shapes import Int64"),
        ("statistics/counts.py", "from scipy import special"),
        ("operations/algebra.py", "from fluxttice_core.errors import OperationError"),
        ("training/trainer.py", "from fluxttice_core.model.encoder import Encoder"),
        ("training/trainer.py", "from fluxttice_core.training import schedules"),
        ("training/trainer.py", "from . import schedules\nfrom ..model import encoder"),
        ("cli/main.py", "from fluxttice_core.version import __version__"),
        ("__init__.py", "from fluxttice_core.cli.main import run"),
    ],
)
def test_an_import_that_points_down_is_let_through(plant: Plant, module: str, line: str) -> None:
    assert layering_violations(plant({f"src/{PACKAGE}/{module}": line + "\n"})) == []


def test_a_folder_outside_the_layers_is_found(plant: Plant) -> None:
    assert unlisted_folders(plant({f"src/{PACKAGE}/attic/thing.py": ""}))


@pytest.mark.parametrize(
    "back",
    ["from fluxttice_core.audit.first import f", "def late():\n    from fluxttice_core.audit import first"],
)
def test_a_circle_of_modules_is_found(plant: Plant, back: str) -> None:
    names = ("first", "second", "third", "fourth")
    lines = ("from .second import g", "from .third import h", back, "from .first import f")
    files = {f"src/{PACKAGE}/audit/{name}.py": line + "\n" for name, line in zip(names, lines, strict=True)}
    found = circle(plant(files))
    assert {name.rpartition(".")[2] for name in found} == {"first", "second", "third"}
    types_alone = "if TYPE_CHECKING:\n    from .first import F\n"
    assert circle(plant({**files, f"src/{PACKAGE}/audit/third.py": types_alone})) == []


@pytest.mark.parametrize(
    "line",
    [
        "from ..spaces.split import split as split",
        "from .verdicts import _p as _p",
        "from .verdicts import judge",
    ],
)
def test_a_name_that_is_not_the_rooms_own_is_found(plant: Plant, line: str) -> None:
    assert foreign_exports(plant({f"src/{PACKAGE}/audit/__init__.pyi": line + "\n"}))
