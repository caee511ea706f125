"""Code that the package must not contain: it hides failures, runs alien content, or shares global state."""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.house.conftest import Plant

GLOBAL_SEEDING = {
    *("torch.manual_seed", "torch.random.manual_seed", "torch.seed", "torch.cuda.manual_seed"),
    *("torch.cuda.manual_seed_all", "np.random.seed", "numpy.random.seed", "random.seed"),
}
TORCH_DRAWS = {"rand", "randn", "randint", "randperm", "normal", "multinomial", "bernoulli", "poisson"}
TORCH_DRAWS_WITHOUT_GENERATOR = {"rand_like", "randn_like", "randint_like"}
IN_PLACE_DRAWS = {"normal_", "uniform_", "random_", "bernoulli_", "exponential_", "geometric_", "log_normal_"}
NUMPY_GENERATORS = {
    *("default_rng", "Generator", "RandomState", "SeedSequence", "BitGenerator"),
    *("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"),
}
ALIEN_EXECUTION = {
    *("eval", "exec", "pickle.load", "pickle.loads", "pickle.Unpickler", "yaml.load", "yaml.unsafe_load")
}


def asserts(tree: ast.Module) -> Iterator[str]:
    yield from (f"line {node.lineno}: assert" for node in ast.walk(tree) if isinstance(node, ast.Assert))


def broad_excepts(tree: ast.Module) -> Iterator[str]:
    """Handlers of everything, unless all they do ends in raising it again."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        names = {ast.unparse(kind) if kind is not None else "everything" for kind in kinds}
        last = node.body[-1]
        raises_again = isinstance(last, ast.Raise) and last.exc is None
        if names & {"everything", "Exception", "BaseException"} and not raises_again:
            yield f"line {node.lineno}: except {', '.join(sorted(names))}"


def unsafe_loads(tree: ast.Module) -> Iterator[str]:
    for call, name in _calls(tree):
        keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        if name == "torch.load" and keywords.get("weights_only") != "True":
            yield f"line {call.lineno}: torch.load without weights_only=True"
        if name in ("np.load", "numpy.load") and keywords.get("allow_pickle", "False") != "False":
            yield f"line {call.lineno}: numpy.load with allow_pickle"
        if name in ALIEN_EXECUTION:
            yield f"line {call.lineno}: {name}"


def global_randomness(tree: ast.Module) -> Iterator[str]:
    """Global seeding, and draws that name no generator."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names):
            yield f"line {node.lineno}: the random module"
        if isinstance(node, ast.ImportFrom) and node.module == "random":
            yield f"line {node.lineno}: the random module"
    for call, name in _calls(tree):
        owner, _, function = name.rpartition(".")
        has_generator = any(keyword.arg == "generator" for keyword in call.keywords)
        drawing = (owner == "torch" and function in TORCH_DRAWS) or (owner and function in IN_PLACE_DRAWS)
        if name in GLOBAL_SEEDING or (owner == "torch" and function in TORCH_DRAWS_WITHOUT_GENERATOR):
            yield f"line {call.lineno}: {name}"
        if drawing and not has_generator:
            yield f"line {call.lineno}: {function} without a generator"
        if owner in ("np.random", "numpy.random") and function not in NUMPY_GENERATORS:
            yield f"line {call.lineno}: {name} draws from the global state"


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, _dotted(node.func)


def _dotted(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return f"{_dotted(function.value) or '?'}.{function.attr}"
    return function.id if isinstance(function, ast.Name) else ""


RULES = {rule.__name__: rule for rule in (asserts, broad_excepts, unsafe_loads, global_randomness)}


@cache
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


def violations(root: Path, rule: Callable[[ast.Module], Iterator[str]]) -> list[str]:
    source = root / "src"
    return [
        f"{path.relative_to(source)}: {found}"
        for path in sorted(source.rglob("*.py"))
        for found in rule(parsed(path.read_text()))
    ]


def skipped_tests(root: Path) -> list[str]:
    """Marks and calls by which a test passes without having run."""
    escapes = {"skip", "skipif", "xfail", "importorskip", "SkipTest", "skipTest", "expectedFailure"}
    found = []
    for path in sorted((root / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            name = (
                node.attr
                if isinstance(node, ast.Attribute)
                else node.id
                if isinstance(node, ast.Name)
                else ""
            )
            if name in escapes:
                found.append(f"{path.relative_to(root)} line {getattr(node, 'lineno', 0)}: {name}")
    return found


@pytest.mark.parametrize("name", RULES)
def test_the_package_is_free_of_it(repository: Path, name: str) -> None:
    assert violations(repository, RULES[name]) == []


def test_no_test_escapes_running(repository: Path) -> None:
    assert skipped_tests(repository) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("asserts", "def f(x):\n    assert x > 0"),
        ("broad_excepts", "try:\n    f()\nexcept:\n    pass"),
        ("broad_excepts", "try:\n    f()\nexcept Exception as error:\n    print(error)"),
        ("broad_excepts", "try:\n    f()\nexcept (ValueError, BaseException):\n    pass"),
        ("broad_excepts", "try:\n    f()\nexcept Exception as e:\n    raise ValueError from e"),
        ("unsafe_loads", "import torch\ntorch.load(p)"),
        ("unsafe_loads", "import torch\ntorch.load(p, weights_only=False)"),
        ("unsafe_loads", "import torch\ntorch.load(p, weights_only=flag)"),
        ("unsafe_loads", "np.load(p, allow_pickle=True)"),
        ("unsafe_loads", "yaml.load(text)"),
        ("unsafe_loads", "pickle.loads(data)"),
        ("unsafe_loads", "eval(text)"),
        ("global_randomness", "torch.manual_seed(0)"),
        ("global_randomness", "np.random.seed(0)"),
        ("global_randomness", "import random\nrandom.seed(0)"),
        ("global_randomness", "from random import choice"),
        ("global_randomness", "torch.randn(3)"),
        ("global_randomness", "torch.randn_like(x)"),
        ("global_randomness", "x.normal_()"),
        ("global_randomness", "layer.weight.uniform_(-1, 1)"),
        ("global_randomness", "torch.empty(3).normal_()"),
        ("global_randomness", "np.random.normal(size=3)"),
    ],
)
def test_a_planted_violation_is_found(plant: Plant, name: str, code: str) -> None:
    assert violations(plant({"src/p/m.py": code + "\n"}), RULES[name])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("broad_excepts", "try:\n    f()\nexcept BaseException:\n    clean()\n    raise"),
        ("broad_excepts", "try:\n    f()\nexcept (ValueError, OSError):\n    pass"),
        ("unsafe_loads", "torch.load(p, map_location='cpu', weights_only=True)"),
        ("unsafe_loads", "np.load(p)\nnp.load(p, allow_pickle=False)\nyaml.safe_load(t)"),
        ("unsafe_loads", "model.eval()\nsafetensors.torch.load(b)"),
        ("global_randomness", "torch.Generator().manual_seed(3)\ntorch.Generator(device).manual_seed(3)"),
        ("global_randomness", "torch.randn(3, generator=g)\nx.normal_(generator=g)\nrng.normal(size=3)"),
        ("global_randomness", "np.random.default_rng(3)\nnp.random.RandomState(1)"),
    ],
)
def test_sound_code_is_let_through(plant: Plant, name: str, code: str) -> None:
    assert violations(plant({"src/p/m.py": code + "\n"}), RULES[name]) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pytest\n@pytest.mark.skip\ndef test_a(): ...",
        "import pytest\n@pytest.mark.xfail(reason='x')\ndef test_a(): ...",
        "import pytest\n@pytest.mark.skipif(True, reason='x')\ndef test_a(): ...",
        "import pytest\ndef test_a():\n    pytest.skip('no file')",
        "from pytest import importorskip as skip\nskip('torch')",
        "import pytest\nnp = pytest.importorskip('numpy')",
    ],
)
def test_a_test_that_may_not_run_is_found(plant: Plant, code: str) -> None:
    assert skipped_tests(plant({"tests/test_a.py": code + "\n"}))
