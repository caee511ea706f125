"""Pickles that run code, in every wrapping: refused with one sentence, and nothing has run."""

import builtins
import io
import os
import pickle
import pickletools
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage import checkpoint
from fluxttice_core.storage.original_checkpoint import read_legacy
from tests.attacks.conftest import Lid
from tests.refusals import refused


class Command:
    """Unpickling it runs a shell command."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.canary}",)


class Expression(Command):
    """Unpickling it evaluates an expression."""

    def __reduce__(self) -> tuple[Any, ...]:
        return builtins.eval, (f"__import__('pathlib').Path({str(self.canary)!r}).touch()",)


def _nested(canary: Path, protocol: int) -> bytes:
    """A pickle of calls within calls: getattr(__import__("os"), "system")("touch ...")."""
    lookup = b"cbuiltins\ngetattr\n(cbuiltins\n__import__\n(Vos\ntRVsystem\ntR"
    return b"\x80" + bytes([protocol]) + b"(Vmodel\n" + lookup + f"(Vtouch {canary}\n".encode() + b"tRd."


ATTACKS: dict[str, Callable[[Path, int], bytes]] = {
    "os.system": lambda canary, protocol: pickle.dumps({"model": Command(canary)}, protocol),
    "builtins.eval": lambda canary, protocol: pickle.dumps({"model": Expression(canary)}, protocol),
    "nested": _nested,
}


def archived(program: bytes, members: dict[str, bytes] | None = None, **options: Any) -> bytes:
    """A program in a zip file as torch.save writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in {"latest/data.pkl": program, "latest/version": b"3\n", **(members or {})}.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _refused(path: Path, data: bytes, sentence: str) -> None:
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=sentence):
        read_legacy(path)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_attacks_are_real(attack: str, canary: Path) -> None:
    pickle.loads(ATTACKS[attack](canary, 2))  # noqa: S301 - the control: here it must run
    assert canary.exists()


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("protocol", range(6))
def test_code_in_an_archive_never_runs(attack: str, protocol: int, canary: Path, tmp_path: Path) -> None:
    program = ATTACKS[attack](canary, protocol)
    _refused(tmp_path / "it.pt", archived(program), "needs no such code|has the pickle instruction")
    assert not canary.exists()


@pytest.mark.parametrize("attack", ATTACKS)
def test_code_in_a_raw_pickle_never_runs(attack: str, canary: Path, tmp_path: Path) -> None:
    for protocol in range(6):
        _refused(tmp_path / "it.pt", ATTACKS[attack](canary, protocol), "not a torch archive")
    assert not canary.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_code_saved_by_torch_never_runs(zipped: bool, canary: Path, tmp_path: Path) -> None:
    torch.save({"model": Command(canary)}, tmp_path / "made.pt", _use_new_zipfile_serialization=zipped)
    _refused(
        tmp_path / "it.pt", (tmp_path / "made.pt").read_bytes(), "needs no such code|not a torch archive"
    )
    assert not canary.exists()


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (b"\x80\x02(cos\nsystem\nS'true'\no.", "needs no such code"),
        (b"\x80\x02(S'true'\nios\nsystem\n.", "pickle instruction"),
        (b"\x80\x02ctorch.serialization\nload\n(X\x01\x00\x00\x00xtR.", "needs no such code"),
        (b"\x80\x02cbuiltins\neval\n(X\x01\x00\x00\x001tR.", "needs no such code"),
        (b"\x80\x02\x82\x01.", "pickle instruction EXT1"),
        (b"\x80\x02N.cos\nsystem\n(S'true'\ntR.", "bytes after the end"),
        (b"\x80\x03}.", "PROTO 3"),
        (b"\x80\xff}.", "PROTO 255"),
        (b"\x80\x02ctorch\\q\nFloatStorage\n.", "needs no such code"),
        (b"\x80\x02(X\x05\x00\x00\x00modelctorch\nFloatStorage\nR.", "a call of another form"),
        (b"\x80\x02]q\x00", "no readable pickle"),
        (b"\x80\x02X\xff\xff\xff\x7fx.", "no readable pickle"),
        (b"", "no readable pickle"),
        (b"\x80\x02ccollections\nOrderedDict\nq\x00.", "holds a"),
        (b"\x80\x02\x8a\xff" + b"\x7f" * 255 + b".", "holds a int"),
        (b"\x80\x02h\x05.", "no readable pickle"),
        (b"\x80\x02R.", "no readable pickle"),
        (b"\x80\x02.", "no readable pickle"),
        (b"\x80\x02ccollections\nOrderedDict\n(K\x01K\x02tR.", "a call of another form"),
        (b"\x80\x02X\x01\x00\x00\x00xQ.", "a storage of another form"),
        (b"\x80\x02]q\x00h\x00a.", "holds a list"),
        (b"\x80\x02K\x01K\x02a.", "items for what is no list"),
        (b"\x80\x02]K\x01K\x02s.", "keys without a dictionary"),
        (b"\x80\x02}(K\x01u.", "keys without a dictionary or a value"),
        (b"\x80\x02}N)s.", "a key that is neither text nor a small number"),
        (b"\x80\x02}\x8a\x05\x00\x00\x00\x00\x01Ns.", "a key that is neither text nor a small number"),
        (b"\x80\x02}}b.", "attributes other than _metadata"),
        (b"\x80\x02" + b"]" * 9 + b"a" * 8 + b".", "holds a list"),
    ],
)
def test_crafted_programs_are_refused(tmp_path: Path, program: bytes, sentence: str) -> None:
    _refused(tmp_path / "it.pt", archived(program), sentence)


@pytest.mark.parametrize("program", [b"N", b"(", b"]", b"\x85"])
def test_the_longest_programs_are_read_within_bounds(tmp_path: Path, program: bytes, memory_lid: Lid) -> None:
    longest = b"\x80\x02)" + program * ((1 << 20) - 4) + b"."
    with memory_lid(128):
        _refused(tmp_path / "it.pt", archived(longest), "holds a|no readable pickle")


@pytest.mark.parametrize("attribute", ["get", "keys", "items", "__class__"])
def test_no_method_of_a_dictionary_is_replaced(tmp_path: Path, attribute: str) -> None:
    program = b"\x80\x02ccollections\nOrderedDict\n)R}X%cs\x00\x00\x00%bK\x05sb."
    replaced = program.replace(b"%cs", bytes([len(attribute)])).replace(b"%b", attribute.encode())
    _refused(tmp_path / "it.pt", archived(replaced), "attributes other than _metadata")


CONTAINERS = {
    "deep": b"\x80\x02})" + b"\x85" * 900_000 + b"Ns.",
    "doubled": b"\x80\x02})q\x00"
    + b"".join(b"h%c\x86q%c" % (level, level + 1) for level in range(60))
    + b"Ns.",
}
"""Keys whose hash overflows the stack or takes for ever: tuples in tuples, and 2**60 of them."""


@pytest.mark.parametrize("kind", CONTAINERS)
def test_keys_that_no_machine_can_hash_are_refused(tmp_path: Path, kind: str) -> None:
    _refused(tmp_path / "it.pt", archived(CONTAINERS[kind]), "a key that is neither text nor a small number")


@pytest.mark.parametrize(
    ("members", "options", "sentence"),
    [
        ({}, {"compression": zipfile.ZIP_DEFLATED}, "compressed or encrypted"),
        ({"other/data.pkl": b"N."}, {}, "members that torch.save would not write"),
        ({"latest/../../x": b""}, {}, "members that torch.save would not write"),
        ({"/etc/x": b""}, {}, "members that torch.save would not write"),
        ({"latest/constants.pkl": b"N."}, {}, "lacks one data.pkl"),
        ({"latest/code/data.pkl": b"N."}, {}, "lacks one data.pkl"),
    ],
)
def test_archives_that_torch_would_not_write_are_refused(
    tmp_path: Path, members: dict[str, bytes], options: dict[str, Any], sentence: str
) -> None:
    _refused(tmp_path / "it.pt", archived(b"\x80\x02N.", members, **options), sentence)


def test_an_archive_whose_parts_lie_elsewhere_is_refused(tmp_path: Path) -> None:
    """Cut at its start, so that the table at its end points before the file."""
    whole = archived(b"\x80\x02N.", {"latest/data/0": bytes(16)})
    for cut in range(1, 40):
        _refused(tmp_path / "it.pt", whole[:30] + whole[30 + cut :], "damaged archive|would not write")


def test_a_bomb_is_not_unpacked(tmp_path: Path, memory_lid: Lid) -> None:
    bomb = archived(b"\x80\x02N.", {"latest/data/0": bytes(1 << 27)}, compression=zipfile.ZIP_DEFLATED)
    with memory_lid():
        _refused(tmp_path / "it.pt", bomb, "more than its own size")
        _refused(
            tmp_path / "it.pt", archived(b"\x80\x02" + b"(" * (1 << 20) + b"."), "at most 1,048,576 bytes"
        )


def test_a_tensor_larger_than_its_file_is_refused(tmp_path: Path, memory_lid: Lid) -> None:
    torch.save({"model": {"w": torch.zeros(3)}}, tmp_path / "small.pt")
    with zipfile.ZipFile(tmp_path / "small.pt") as archive:
        program = archive.read("small/data.pkl")
        weights = archive.read("small/data/0")
    size = next(pos for op, arg, pos in pickletools.genops(program) if op.name == "BININT1" and arg == 3)
    assert size is not None
    for count in (10**9, -1):
        inflated = program.replace(b"K\x03", b"J" + count.to_bytes(4, "little", signed=True))
        with memory_lid():
            _refused(
                tmp_path / "it.pt",
                archived(inflated, {"latest/data/0": weights}),
                "a tensor of (no|another) shape",
            )


def test_a_pickle_under_the_name_of_a_checkpoint_never_runs(tmp_path: Path, canary: Path) -> None:
    for name in ("checkpoint.json", "model.safetensors"):
        (tmp_path / name).write_bytes(pickle.dumps(Command(canary)))
    with refused(CheckpointError, "damaged_file", "not valid JSON"):
        checkpoint.read(tmp_path)
    with refused(CheckpointError, "damaged_file", "no safetensors file"):
        checkpoint.read_model(tmp_path / "model.safetensors")
    assert not canary.exists()


def test_the_lid_holds(memory_lid: Lid) -> None:
    with memory_lid(), pytest.raises(MemoryError):
        bytearray(1 << 30)
