"""What a room shows is there, whichever of its modules were imported before."""

import re
from importlib import import_module
from inspect import getdoc

import pytest

import fluxttice_core as fx
from fluxttice_core.rooms import Room
from tests.house.test_layers import LAYERS

ROOMS = sorted(LAYERS.keys() - {"cli"})
BESIDE_NAMES = {"folder", "model", "path", "run", "standard"}
"""What stands in examples beside the public names: arguments."""


def room_named(name: str) -> Room:
    room = getattr(fx, name)
    assert isinstance(room, Room)
    return room


@pytest.mark.parametrize("name", ROOMS)
def test_every_public_name_is_the_one_of_its_module(name: str) -> None:
    room = room_named(name)
    for public, module in room.exports.items():
        home = import_module(f"{room.__name__}.{module}")
        assert getattr(room, public) is getattr(home, public)
        assert public in dir(room)


def test_the_package_shows_every_room_and_the_verbs_are_public_there_too() -> None:
    assert {name for name in dir(fx) if isinstance(getattr(fx, name), Room)} == set(ROOMS)
    for name, module in vars(fx)["exports"].items():
        if room := module.partition(".")[0]:
            shown = room_named(room).exports if room in ROOMS else {name: ""}
            assert name in shown, f"{name} is public, but not in its room"


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_says_what_it_is_for_and_what_to_begin_with(name: str) -> None:
    first, _, more = (getdoc(room_named(name)) or "").partition("\n\n")
    assert first.endswith(".")
    (start,) = re.findall(r"Start with .*", " ".join(more.split()))
    named = {
        word for code in re.findall(r"`([^`]+)`", start) for word in re.findall(r"\b[A-Za-z]\w+\b", code)
    }
    shown = named & room_named(name).exports.keys()
    assert shown
    assert named - shown <= BESIDE_NAMES, f"{named - shown} is not shown by {name}"


def test_a_name_that_nobody_shows_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"module 'fluxttice_core.audit' has no attribute 'judge'"):
        _ = room_named("audit").judge


def test_all_that_is_shown_can_be_imported_with_a_star() -> None:
    names: dict[str, object] = {}
    exec("from fluxttice_core.audit import *", names)  # noqa: S102 - our own package
    assert vars(fx.audit)["__all__"] == sorted(names.keys() - {"__builtins__"})
