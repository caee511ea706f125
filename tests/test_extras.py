"""A missing package is named with its extra, and extras bring what they are asked for."""

import re
import shlex
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from fluxttice_core.errors import MissingExtra
from fluxttice_core.extras import EXTRAS, require_extra

ROOT = Path(__file__).parents[1]


def test_what_is_there_is_let_through() -> None:
    for extra in ("train", "serve", "export", "onnx"):
        require_extra(extra, "this test")


def test_what_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTRAS, "train", ("numpy", "no_such_one", "no_such_other"))
    with pytest.raises(MissingExtra) as refused:
        require_extra("train", "training a model")
    assert str(refused.value) == (
        "training a model needs no_such_one, no_such_other, which are not installed: "
        f"{shlex.quote(sys.executable)} -m pip install 'fluxttice-core[train]'"
    )
    assert refused.value.code == "missing_extra"
    assert isinstance(refused.value, ImportError)


def test_every_extra_brings_what_it_is_asked_for() -> None:
    distributions = packages_distributions()
    brought = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra, modules in EXTRAS.items():
        named = brought[extra] + (brought["train"] if "fluxttice-core[train]" in brought[extra] else [])
        packages = {re.split(r"[<>=!~;\[ ]", requirement)[0].lower() for requirement in named}
        for module in modules:
            known = distributions.get(module, [module])
            assert {name.lower().replace("_", "-") for name in known} & packages, (extra, module)
