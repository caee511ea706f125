"""Small runs, shared with the tests of training, a small recipe, and commands that are broken off."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fluxttice_core.experiments import tasks
from fluxttice_core.experiments.study import Study
from fluxttice_core.training.recipe import Recipe, load_recipe
from tests.small import RECIPE
from tests.training.conftest import small as small


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return load_recipe("standard", RECIPE)


def wild_recipe() -> Recipe:
    """A recipe whose loss is soon not finite."""
    wild = load_recipe("standard", [*RECIPE, "optimizer.rate={kind: constant, value: 1.0}", "epochs=30"])
    return wild.model_copy(update={"optimizer": wild.optimizer.model_copy(update={"weight_decay": 1e3})})


def silent(_label: str, _done: float) -> None:
    return None


def made(study: Study) -> list[Any]:
    """What is the same in every run of a study, but for the time that it took."""
    return [(run.seed, run.tensor_sha256, run.figures) for run in study.runs]


@contextmanager
def broken_off(name: str, after: int) -> Iterator[None]:
    """Interrupt what is done when a function of the tasks is called once more than so often."""
    plain, calls = getattr(tasks, name), list[int]()

    def watched(*arguments: Any, **named: Any) -> Any:
        if len(calls) == after:
            raise KeyboardInterrupt
        calls.append(1)
        return plain(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, name, watched)
        with pytest.raises(KeyboardInterrupt):
            yield
