"""Follow a pickle's instructions with stand-ins, and stop at the first that torch.save would not write.

torch's restricted loader looks at what is called, not at what is built: it hashes every key, whatever it is
made of, and lets attributes of a dictionary be overwritten. Tuples of tuples can be nested until hashing them
overflows the stack of the machine, or be repeated from the memo until hashing them takes for ever. So the
program is followed here first, on a stack like the loader's, where nothing is hashed but text and numbers.
"""

from __future__ import annotations

import pickletools
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fluxttice_core.errors import CheckpointError

__all__ = ["end_of_plain"]

PROTOCOL = 2
MAXIMUM_INSTRUCTIONS = 1 << 17
"""The known file has 6,396 after 104 epochs, and some six more with every epoch."""

MAXIMUM_DEPTH = 8
"""Of containers in containers; the deepest that the original writes is an optimizer's pair of betas, at 5."""

_MAKE_DICTIONARY, _MAKE_TENSOR = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"
_STORAGES = frozenset({"torch FloatStorage", "torch DoubleStorage", "torch LongStorage"})
_GLOBALS = _STORAGES | {_MAKE_DICTIONARY, _MAKE_TENSOR}


class _Unusual(Exception):  # noqa: N818 - it is caught here, and becomes a CheckpointError
    """What torch.save would not write, for the sentence."""


@dataclass(frozen=True)
class _Name:
    """Stands for a class or function that was looked up by its name."""

    name: str


class _Storage:
    """Stands for the numbers of a tensor."""


class _Tensor:
    """Stands for a tensor."""


@dataclass
class _Held:
    """What the stack holds: a value or its stand-in, and how deeply containers nest in it."""

    value: Any
    depth: int = 0


class _Machine:
    """Stack, marks and memo, as in torch's restricted loader."""

    def __init__(self) -> None:
        self._stack: list[_Held] = []
        self._outer: list[list[_Held]] = []
        self._memo: dict[int, _Held] = {}

    def push(self, value: Any, *parts: _Held) -> None:
        """Push a value, nested one deeper than its parts."""
        self._stack.append(_Held(value))
        self._nest(self._stack[-1], parts)

    def pass_over(self, _argument: Any) -> None:
        """What changes nothing."""

    def mark(self, _argument: Any) -> None:
        """Begin the items of a container."""
        self._outer.append(self._stack)
        self._stack = []

    def put(self, place: int) -> None:
        """Remember what lies on top."""
        self._memo[place] = self._stack[-1]

    def get(self, place: int) -> None:
        """Push what was remembered; a container could have been put into itself."""
        held = self._memo[place]
        if isinstance(held.value, list | dict):
            raise _Unusual("the same container twice")
        self._stack.append(held)

    def tuple_of(self, count: int | None) -> None:
        """Make a tuple of so many, or of all since the mark."""
        items = self._since_mark() if count is None else self._popped(count)
        self.push(tuple(item.value for item in items), *items)

    def extend(self, items: list[_Held]) -> None:
        """Put items into the list on top."""
        if not isinstance(self._stack[-1].value, list):
            raise _Unusual("items for what is no list")
        self._nest(self._stack[-1], items)

    def fill(self, items: list[_Held]) -> None:
        """Put keys with their values into the dictionary on top."""
        found = self._stack[-1].value
        if not isinstance(found, dict) or len(items) % 2:
            raise _Unusual("keys without a dictionary or a value")
        for key in items[::2]:
            # Larger numbers can be chosen such that all have one hash.
            if type(key.value) is not str and not (type(key.value) is int and abs(key.value) < 1 << 31):
                raise _Unusual("a key that is neither text nor a small number")
            found[key.value] = None
        self._nest(self._stack[-1], items)

    def append_one(self, _argument: Any) -> None:
        """Put one item into a list."""
        self.extend(self._popped(1))

    def append_all(self, _argument: Any) -> None:
        """Put all items since the mark into a list."""
        self.extend(self._since_mark())

    def set_one(self, _argument: Any) -> None:
        """Put one key into a dictionary."""
        self.fill(self._popped(2))

    def set_all(self, _argument: Any) -> None:
        """Put all keys since the mark into a dictionary."""
        self.fill(self._since_mark())

    def call(self, _argument: Any) -> None:
        """Make an empty dictionary or a tensor, as torch.save describes them."""
        function, arguments = (held.value for held in self._popped(2))
        called = function.name if isinstance(function, _Name) else None
        if called == _MAKE_DICTIONARY and isinstance(arguments, tuple) and not arguments:
            self.push(OrderedDict())
        elif called == _MAKE_TENSOR and _describes_tensor(arguments):
            self.push(_Tensor())
        else:
            raise _Unusual("a call of another form")

    def build(self, _argument: Any) -> None:
        """Give a state dictionary its `_metadata`; any other attribute would replace a method of it."""
        (state,) = self._popped(1)
        if type(self._stack[-1].value) is not OrderedDict or type(state.value) is not dict:
            raise _Unusual("attributes for what takes none")
        if set(state.value) != {"_metadata"}:
            raise _Unusual("attributes other than _metadata")
        self._nest(self._stack[-1], [state])

    def storage(self, _argument: Any) -> None:
        """Name the numbers of a tensor."""
        (held,) = self._popped(1)
        if not _describes_storage(held.value):
            raise _Unusual("a storage of another form")
        self.push(_Storage())

    def _nest(self, outer: _Held, parts: Iterable[_Held]) -> None:
        is_container = isinstance(outer.value, list | dict | tuple)
        outer.depth = max(outer.depth, int(is_container), *(part.depth + 1 for part in parts))
        if outer.depth > MAXIMUM_DEPTH:
            raise _Unusual(f"more than {MAXIMUM_DEPTH} containers in one another")

    def _popped(self, count: int) -> list[_Held]:
        if len(self._stack) < count:
            raise IndexError("the stack is empty")
        items = self._stack[-count:]
        del self._stack[-count:]
        return items

    def _since_mark(self) -> list[_Held]:
        items, self._stack = self._stack, self._outer.pop()
        return items


_Step = Callable[[_Machine, Any], None]
_STEPS: dict[str, _Step] = {
    **dict.fromkeys(("PROTO", "STOP"), _Machine.pass_over),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE"), _Machine.push),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), _Machine.put),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), _Machine.get),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "MARK": _Machine.mark,
    "TUPLE": _Machine.tuple_of,
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "APPEND": _Machine.append_one,
    "APPENDS": _Machine.append_all,
    "SETITEM": _Machine.set_one,
    "SETITEMS": _Machine.set_all,
    "GLOBAL": lambda machine, name: machine.push(_Name(name)),
    "REDUCE": _Machine.call,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.storage,
}


def end_of_plain(program: bytes, name: str) -> int:
    """Where a pickle ends, if every instruction up to there is one that torch.save writes for a checkpoint.

    Args:
        program: The pickle.
        name: What the file is, for the error's sentence.

    Returns:
        The number of bytes up to and with its last instruction.

    Raises:
        CheckpointError: If it is damaged, or asks for anything else; nothing in it has been executed.
    """
    machine, end = _Machine(), 0
    try:
        for number, (instruction, argument, position) in enumerate(pickletools.genops(program)):
            _require_few(number + 1)
            _require_known(instruction.name, argument, name)
            _STEPS[instruction.name](machine, argument)
            end = (position or 0) + 1
    except CheckpointError:
        raise
    except _Unusual as odd:
        raise CheckpointError(
            f"{name} has a pickle with {odd}, which no checkpoint needs; expected one written by torch.save: "
            "refused."
        ) from None
    except (ValueError, LookupError) as error:
        raise CheckpointError(f"{name} holds no readable pickle; it is damaged.") from error
    return end


def _require_few(instructions: int) -> None:
    if instructions > MAXIMUM_INSTRUCTIONS:
        raise _Unusual(f"more than {MAXIMUM_INSTRUCTIONS:,} instructions")


def _require_known(instruction: str, argument: Any, name: str) -> None:
    if instruction == "GLOBAL" and argument not in _GLOBALS:
        raise CheckpointError(
            f"{name} asks for {str(argument)[:60]!r}; a checkpoint needs no such code: refused."
        )
    if instruction not in _STEPS:
        raise CheckpointError(f"{name} has the pickle instruction {instruction}; refused.")
    if instruction == "PROTO" and argument != PROTOCOL:
        raise CheckpointError(
            f"{name} has the pickle instruction PROTO {argument}; refused, since torch.save writes "
            f"{PROTOCOL}."
        )


def _describes_storage(value: Any) -> bool:
    """Whether it is ("storage", its class, its file's name, its device, its length)."""
    return (
        _has_types(value, (str, _Name, str, str, int))
        and value[0] == "storage"
        and value[1].name in _STORAGES
    )


def _describes_tensor(value: Any) -> bool:
    """Whether it is (storage, offset, shape, strides, whether it takes a gradient, no hooks)."""
    if not _has_types(value, (_Storage, int, tuple, tuple, bool, OrderedDict)):
        return False
    return not value[5] and all(type(size) is int for size in (*value[2], *value[3]))


def _has_types(value: Any, types: tuple[type, ...]) -> bool:
    return isinstance(value, tuple) and tuple(map(type, value)) == types
