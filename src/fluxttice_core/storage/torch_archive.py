"""Read what `torch.save` wrote without torch and without running anything: a zip file, and a pickle in it.

A pickle is a program. This one is followed on a stack of its own, which knows the few instructions that a
checkpoint of plain values and tensors needs, and makes nothing else. Only text and small numbers are ever
hashed: tuples in tuples could be nested until hashing them overflows the stack of the machine, or be repeated
until it takes for ever, as in torch's own restricted loader.
"""

import io
import math
import pickletools
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluxttice_core.errors import CheckpointError

MAXIMUM_MEMBERS = 4096
MAXIMUM_PICKLE = 1 << 20
"""The known file has 6,396 instructions after 104 epochs, and some six more with every epoch."""

PROTOCOL = 2
_MAKE_DICTIONARY, _MAKE_TENSOR = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"
_TYPES = {"torch FloatStorage": "f4", "torch DoubleStorage": "f8", "torch LongStorage": "i8"}
_DAMAGE = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error),
    # A member that begins beyond what a file can have.
    OverflowError,
)


class _Unusual(Exception):  # noqa: N818 - it is caught here, and becomes a CheckpointError
    """What torch.save would not write, for the sentence."""


@dataclass(frozen=True)
class _Name:
    """Stands for a class or function that was looked up by its name."""

    name: str


@dataclass(frozen=True)
class _Storage:
    """The numbers of a tensor."""

    numbers: np.ndarray


def read_archive(data: bytes, *, name: str) -> Any:
    """What a file holds that `torch.save` wrote: plain values and containers, and a NumPy array a tensor."""
    if not data.startswith(b"PK\x03\x04"):
        raise CheckpointError(
            f"{name} is not a torch archive (no zip file); expected one written by torch.save.", "alien_file"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            root = _require_plain(archive, len(data), name)
            # Reading a member compares its checksum, which torch leaves out.
            members = {path.removeprefix(f"{root}/"): archive.read(path) for path in archive.namelist()}
    except CheckpointError:
        raise
    except _DAMAGE as error:
        raise CheckpointError(
            f"{name} is a damaged archive; restore it from a copy.", "damaged_file"
        ) from error
    return _followed(members, name)


def _require_plain(archive: zipfile.ZipFile, size: int, name: str) -> str:
    """Require what torch.save writes, and return the name of the one folder in it."""
    members = archive.infolist()
    if len(members) > MAXIMUM_MEMBERS or sum(member.file_size for member in members) > size:
        raise CheckpointError(
            f"{name} would unpack to more than its own size; expected an archive by torch.save.",
            "unsafe_file",
        )
    if any(member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1 for member in members):
        raise CheckpointError(
            f"{name} is compressed or encrypted; expected an archive written by torch.save.", "alien_file"
        )
    names = [member.filename for member in members]
    roots = {member.partition("/")[0] for member in names}
    if len(set(names)) != len(names) or len(roots) != 1 or any(".." in member.split("/") for member in names):
        raise CheckpointError(
            f"{name} has members that torch.save would not write; expected one plain folder.", "alien_file"
        )
    root = roots.pop()
    pickles = {member.filename: member.file_size for member in members if member.filename.endswith(".pkl")}
    if list(pickles) != [f"{root}/data.pkl"] or max(pickles.values()) > MAXIMUM_PICKLE:
        raise CheckpointError(
            f"{name} lacks one data.pkl of at most {MAXIMUM_PICKLE:,} bytes; it is no checkpoint.",
            "alien_file",
        )
    return root


class _Machine:
    """Stack, marks and memo of a pickle, whose tensors lie in the archive's other members."""

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self._members = members
        self._order = ">" if members.get("byteorder") == b"big" else "<"
        self._stack: list[Any] = []
        self._outer: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def pass_over(self, _argument: Any) -> None:
        """What changes nothing."""

    def mark(self, _argument: Any) -> None:
        self._outer.append(self._stack)
        self._stack = []

    def put(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def get(self, place: int) -> None:
        self.push(self._memo[place])

    def popped(self, count: int | None) -> list[Any]:
        """Take so many from the top, or all since the mark."""
        if count is None:
            items, self._stack = self._stack, self._outer.pop()
            return items
        if len(self._stack) < count:
            raise IndexError("the stack is empty")
        items = self._stack[-count:]
        del self._stack[-count:]
        return items

    def extend(self, items: list[Any]) -> None:
        """Put items into the list on top."""
        if not isinstance(self._stack[-1], list):
            raise _Unusual("items for what is no list")
        self._stack[-1].extend(items)

    def fill(self, items: list[Any]) -> None:
        """Put keys with their values into the dictionary on top."""
        if not isinstance(self._stack[-1], dict) or len(items) % 2:
            raise _Unusual("keys without a dictionary or a value")
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Larger numbers can be chosen such that all have one hash.
            if type(key) is not str and not (type(key) is int and abs(key) < 1 << 31):
                raise _Unusual("a key that is neither text nor a small number")
            self._stack[-1][key] = value

    def call(self, _argument: Any) -> None:
        """Make an empty dictionary or a tensor, as torch.save describes them."""
        function, arguments = self.popped(2)
        called = function.name if isinstance(function, _Name) else None
        if called == _MAKE_DICTIONARY and isinstance(arguments, tuple) and not arguments:
            self.push({})
        elif called == _MAKE_TENSOR and _has_types(arguments, (_Storage, int, tuple, tuple, bool, dict)):
            self.push(_tensor(arguments[0].numbers, *arguments[1:4]))
        else:
            raise _Unusual("a call of another form")

    def build(self, _argument: Any) -> None:
        """Pass over the `_metadata` of a state dictionary, its only attribute."""
        (state,) = self.popped(1)
        if type(self._stack[-1]) is not dict or type(state) is not dict or set(state) != {"_metadata"}:
            raise _Unusual("attributes other than _metadata")

    def storage(self, _argument: Any) -> None:
        """Read a tensor's numbers: "storage", their class, their file's name, their device, their count."""
        (value,) = self.popped(1)
        if not _has_types(value, (str, _Name, str, str, int)) or value[1].name not in _TYPES:
            raise _Unusual("a storage of another form")
        found = self._members.get(f"data/{value[2]}", b"")
        self.push(_Storage(np.frombuffer(found, dtype=self._order + _TYPES[value[1].name])))

    def result(self) -> Any:
        return self._stack[-1]


def _tensor(numbers: np.ndarray, offset: int, shape: tuple[Any, ...], strides: tuple[Any, ...]) -> np.ndarray:
    """A tensor from its numbers, which lie one after another."""
    if not all(type(size) is int and size >= 0 for size in shape):
        raise _Unusual("a tensor of no shape")
    dense = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
    end = offset + math.prod(shape)
    if strides != dense or offset < 0 or end > len(numbers):
        raise _Unusual("a tensor of another shape than its numbers")
    return numbers[offset:end].reshape(shape)


def _has_types(value: Any, types: tuple[type, ...]) -> bool:
    return isinstance(value, tuple) and tuple(map(type, value)) == types


_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
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
    "TUPLE": lambda machine, _: machine.push(tuple(machine.popped(None))),
    "TUPLE1": lambda machine, _: machine.push(tuple(machine.popped(1))),
    "TUPLE2": lambda machine, _: machine.push(tuple(machine.popped(2))),
    "TUPLE3": lambda machine, _: machine.push(tuple(machine.popped(3))),
    "APPEND": lambda machine, _: machine.extend(machine.popped(1)),
    "APPENDS": lambda machine, _: machine.extend(machine.popped(None)),
    "SETITEM": lambda machine, _: machine.fill(machine.popped(2)),
    "SETITEMS": lambda machine, _: machine.fill(machine.popped(None)),
    "GLOBAL": lambda machine, name: machine.push(_Name(name)),
    "REDUCE": _Machine.call,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.storage,
}


def _followed(members: Mapping[str, bytes], name: str) -> Any:
    """What the pickle makes, if every instruction is one that torch.save writes for a checkpoint."""
    program, machine, end = members["data.pkl"], _Machine(members), 0
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # for escapes in names
            for instruction, argument, position in pickletools.genops(program):
                _require_known(instruction.name, argument, name)
                _STEPS[instruction.name](machine, argument)
                end = (position or 0) + 1
        found = machine.result()
    except CheckpointError:
        raise
    except _Unusual as odd:
        raise CheckpointError(
            f"{name} has a pickle with {odd}, which no checkpoint needs; expected one written by torch.save: "
            "refused.",
            "unsafe_file",
        ) from None
    except (ValueError, LookupError) as error:
        raise CheckpointError(f"{name} holds no readable pickle; it is damaged.", "damaged_file") from error
    if end != len(program):
        raise CheckpointError(f"{name} has bytes after the end of its pickle; refused.", "unsafe_file")
    return found


def _require_known(instruction: str, argument: Any, name: str) -> None:
    if instruction == "GLOBAL" and argument not in {_MAKE_DICTIONARY, _MAKE_TENSOR, *_TYPES}:
        raise CheckpointError(
            f"{name} asks for {str(argument)[:60]!r}; a checkpoint needs no such code: refused.",
            "unsafe_file",
        )
    if instruction not in _STEPS or (instruction == "PROTO" and argument != PROTOCOL):
        given = instruction if argument is None else f"{instruction} {argument!r:.60}"
        raise CheckpointError(
            f"{name} has the pickle instruction {given}, which torch.save does not write.", "unsafe_file"
        )
