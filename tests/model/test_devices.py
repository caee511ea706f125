"""A device is known by its name, and found here or refused in a sentence that says what is there."""

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from fluxttice_core.errors import SettingsError
from fluxttice_core.model.devices import Device, require_device
from tests.refusals import refused


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:0", "cuda:15"])
def test_known_names_are_taken(name: str) -> None:
    assert TypeAdapter(Device).validate_python(name) == name


@pytest.mark.parametrize(
    "name", ["", "tpu", "cpu:3", "cuda:", "cuda:x", "cuda:1\n", "CPU", "mps", "cuda:12345"]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="give cpu"):
        TypeAdapter(Device).validate_python(name)


def test_the_processor_is_always_there() -> None:
    require_device("cpu")


@pytest.mark.parametrize(
    ("found", "name", "words"),
    [
        (0, "cuda", "torch finds no CUDA device here; compute on cpu"),
        (0, "cuda:7", "torch finds no CUDA device here; compute on cpu"),
        (2, "cuda:2", "torch finds 2 here, from cuda:0; compute on cuda:0 or cpu"),
    ],
)
def test_a_device_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, found: int, name: str, words: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: found > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: found)
    with refused(SettingsError, "missing_device", f"the device {name} is not there", words):
        require_device(name)
    if found:
        require_device("cuda")
        require_device("cuda:1")
