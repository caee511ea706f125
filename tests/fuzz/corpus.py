"""What fuzzing begins with: small valid inputs of every parser, and a few that are nearly so."""

import gzip
import io
import json
import lzma
import math
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyarrow import ipc, parquet

from fluxttice_core.certification.keys import public_pem
from fluxttice_core.certification.openssf_format import Bundle, write_bundle, write_statement
from fluxttice_core.evaluation.control_scores import beside_controls
from fluxttice_core.evaluation.gates import ACCEPTANCE, apply_gates
from fluxttice_core.evaluation.law_checks import check_laws
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import report_coverage
from fluxttice_core.evaluation.result_schema import upgraded
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.model.network_shape import NetworkShape
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.intervals import coverage_interval
from fluxttice_core.storage.canonical_json import bytes_digest, canonical_json, json_digest
from fluxttice_core.storage.model_file import StoredModel, read_stored
from fluxttice_core.storage.target_tensors import target_bytes
from fluxttice_core.storage.tensors import encode_tensors, tensor_digest
from fluxttice_core.training.run import run_settings

SHIPPED = Path(__file__).parents[2] / "src" / "fluxttice_core" / "certified"
CURVES = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP256K1())


def notations() -> list[bytes]:
    """By the place of the space in `parsers.SPACES`, or after `@` by name."""
    texts = {
        0: (
            *("15633", "----00-0+", "---/-00/-0+", "−−−−00−0+", '["----00-0+", 15633]', "[0, 1, 2]"),
            *("[-1,-1,-1,-1,0,0,-1,0,1]", "[[-1,-1,-1],[-1,0,0],[-1,0,1]]", "[1.0, 2.0]", "[]", "0.5"),
        ),
        1: ("01101001", "[[[0,1],[1,0]],[[0,1],[1,1]]]"),
        2: ("3210", "255"),
        4: ("0111", "true"),
        64: ("webb", "---/-00/-0+"),
        65: ("negation", "+0-"),
    }
    return [bytes([mode]) + text.encode() for mode, several in texts.items() for text in several]


SMALL_RECIPE = (
    b"name: mine\nepochs: 2\nbatch_size: 8\nschedule_by: step\n"
    b"optimizer: {rate: {kind: constant, value: 0.01}}\n"
    b"half_a: {beta: {kind: linear, points: [[0, 0.0], [5, 1.0]]}}\n"
    b"half_b: {beta: {kind: cosine, centre: 0.5, amplitude: 0.1, period: 9}}\n"
)


def recipes() -> list[bytes]:
    """A recipe, and after `=` settings that replace some of it."""
    overrides = (
        b"epochs=2",
        b"architecture.arity=1",
        b"half_a.beta={kind: constant, value: 1.0}",
        b"epochs=1e3",
    )
    plain = json.dumps(yaml.safe_load(SMALL_RECIPE)).encode()
    return [
        b"." + SMALL_RECIPE,
        b"." + plain,
        *(b"=" + line for line in overrides),
        b"=epochs=2\nbatch_size=4",
    ]


@cache
def result() -> dict[str, Any]:
    """The shipped report with one quantity, two samples of it and the shortest series: complete still."""
    whole = upgraded(json.loads((SHIPPED / "report.json").read_bytes()))
    kept = {"coverage/argmax/50000"}
    whole["settings"] |= {"draws": [50_000], "rules": ["argmax"], "repeats": 2}
    whole["metrics"] = [metric for metric in whole["metrics"] if metric["quantity"] in kept]
    whole["gates"] = [gate for gate in whole["gates"] if gate["gate"]["quantity"] in kept]
    for part in ("series", "laws"):
        whole[part] = whole[part][:1]
    whole["series"][0] |= {axis: whole["series"][0][axis][:2] for axis in "xy"}
    for control in whole["controls"]:
        control["runs"] = [[s for s in run if s["quantity"] in kept] for run in control["runs"]]
    measured = Report.from_plain(whole)
    figures = [_twice(metric.figure) for metric in measured.metrics]
    report = replace(
        measured,
        metrics=beside_controls(figures, measured.controls),
        gates=apply_gates(figures, gates=[gate for gate in ACCEPTANCE if gate.quantity in kept]),
        laws=check_laws(measured.space, figures, measured.series),
    )
    return {
        **whole,
        **report.as_dict(),
        "coverage": report_coverage(report),
        "settings_sha256": json_digest(whole["settings"]),
        "sampler": {**whole["sampler"], "draws": [50_000], "rules": ["argmax"]},
    }


def _twice(figure: Figure) -> Figure:
    """A coverage of two repeats, with what follows from them."""
    samples = figure.samples[:2]
    interval = coverage_interval(np.array([round(share * 19_683) for share in samples]), 19_683)
    return replace(figure, value=interval.estimate, interval=interval, samples=samples, repeats=2)


def results() -> list[bytes]:
    """Both as they are, and after `=` to be given the digest of whatever settings they then hold."""
    return [mark + canonical_json(result()) for mark in (b".", b"=")]


def certificates() -> list[bytes]:
    """A report; after `s` and `q` the ranking of a run's checkpoints, after `t` what an import records."""
    ranking = (SHIPPED / "selection.json").read_bytes()
    imported = {
        "file": "old.pt",
        "sha256": "ab" * 32,
        "epoch": 2,
        "best_validation_loss": 0.5,
        "lambdas": [0.0, 0.5, 1.0],
        "rho": 0.1,
        "phase": 1,
        "unknown": ["settings", "seed", "split"],
    }
    known = b"t" + canonical_json({"imported": imported})
    return [b"r" + canonical_json(result()), b"s" + ranking, b"q" + ranking, known]


@cache
def stored() -> StoredModel:
    """What the shipped model's file says and is."""
    return read_stored((SHIPPED / "model.safetensors").read_bytes(), name="it")


@cache
def _model() -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    tensors = {"w": torch.arange(4.0), "n": torch.tensor(3)}
    record = {
        "format_version": 1,
        "kind": "fluxttice-dual-vae",
        "space": {"base": 3, "arity": 1},
        "architecture": {"latent_dim": 2},
        "recipe": "small",
        "epoch": 1,
        "steps": None,
        "seed": 0,
        "trained": True,
        "settings_digest": None,
        "split": {"seed": 42, "digest": "0" * 64},
        "rho": 0.5,
        "tensor_digest": tensor_digest(tensors),
        "torch_version": "2.0.0",
        "progress": {},
    }
    return tensors, record


@cache
def tensors() -> bytes:
    """A small model file that describes itself."""
    model, record = _model()
    return encode_tensors(model, canonical_json(record).decode())


@cache
def target() -> Target:
    """Some codons, unevenly likely."""
    return Target.of(space_of("codons"), [5, 9, 11], [1.0, 2.0, 3.0])


def tensor_files() -> list[bytes]:
    """Files of weights, and after `t` of a target, whose header is not counted."""
    written = target_bytes(target())
    end = 8 + int.from_bytes(written[:8], "little")
    data = tensors()
    stop = 8 + int.from_bytes(data[:8], "little")
    plain = b'{"v":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}}\n' + bytes(8)
    of_target = b"t" + written[8:end].strip() + b"\n" + written[end:]
    return [b"." + data, b"=" + data[8:stop].strip() + b"\n" + data[stop:], b"=" + plain, of_target]


def manifests() -> list[bytes]:
    data, record = tensors(), _model()[1]
    files = {"model.safetensors": {"bytes": len(data), "sha256": bytes_digest(data)}}
    body = {"files": files, "record": record}
    settings = run_settings("standard", ("architecture.arity=1",)).model_dump(mode="json")
    return [
        b"=" + canonical_json(body),
        b"." + canonical_json({**body, "digest": json_digest(body)}) + b"\n",
        b"r" + canonical_json(settings),
    ]


SHARED_NUMBERS = 128 * 256
"""As many as the largest of the original's tensors has."""


def pickles() -> list[bytes]:
    """An archive, and after `=` programs to be archived, one a whole checkpoint of shared numbers."""
    zeros = torch.zeros(SHARED_NUMBERS)
    numbers = ("best_val_loss", "lambda1", "lambda2", "lambda3", "rho")
    histories = ("H_A_history", "H_B_history", "coverage_A_history", "coverage_B_history")
    whole = {
        "model": {
            name: zeros[: math.prod(shape)].view(shape)
            for name, shape in NetworkShape().tensor_shapes.items()
        },
        **dict.fromkeys(numbers, 0.5),
        **{key: [1, 0.5] for key in histories},
        **dict.fromkeys(("epoch", "phase"), 1),
    }
    small = _saved({"model": {"w": torch.zeros(1), "n": torch.tensor(1)}, "epoch": 1, "rho": 0.5})
    crafted = (
        b"\x80\x02}q\x00X\x05\x00\x00\x00epochK\x01s.",
        b"\x80\x02ccollections\nOrderedDict\n)R.",
        b"\x80\x02N.",
        b"\x80\x02})" + b"\x85" * 5_000 + b"Ns.",
        b"\x80\x02})q\x00h\x00h\x00\x86q\x01h\x01h\x01\x86q\x02Ns.",
        b"\x80\x02ccollections\nOrderedDict\n)R}X\x03\x00\x00\x00getK\x05sb.",
    )
    return [
        b"." + small,
        *(b"=" + program for program in (_program(small), _program(_saved(whole)), *crafted)),
    ]


def _bytes_of(write: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def _saved(value: object) -> bytes:
    return _bytes_of(lambda file: torch.save(value, file))


def _program(archive: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return next(opened.read(name) for name in opened.namelist() if name.endswith("data.pkl"))


def claims() -> list[bytes]:
    return [
        text.encode()
        for text in (
            *("draws=10000\ndistinct=82%", "draws=50,000\ndraws=195000\ndistinct=87.37%\ndistinct=99.6%"),
            "draws=2e9\ndistinct=.5\nspace_size=4294967296",
            "distinct=97.64%\nagainst_distinct=97.67%\njaccard_distance=.89...91\nunion=98%",
            *("sequence=95%,100%,97.64%", "entropy=4.0\nbins=50", "wrong_trits=2926,6776,6596\nshare=67.9%"),
            *("kl=.3..1.0\nfree_bits=.5\ndimensions=16", "draws=1\ndistinct=1\nspace_size=1"),
            "draws=9223372036854775807\ndistinct=100%\nspace_size=9223372036854775808",
        )
    ]


def archived(data: bytes, *, name: str) -> bytes:
    """An archive whose checksums hold."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def samples(letters: str, how: str = "d") -> list[bytes]:
    """Files of samples behind the letters that say how each is read."""
    named = "".join(f"{index}," for index in range(8)) + "8\n"
    found: dict[str, list[bytes]] = {
        "t": [b"17\n4\n# end\n", b"0 0 0 1 1 1 -1 -1 -1\n", b"None\n\nb \n", b"0101\n1100\n"],
        "s": [b"CCO one\nC#N\n"],
        "g": [gzip.compress(b"a\nb\n", mtime=0)],
        "G": [b"a\nb\n"],
        "c": [b"draw,index\n1,17\n2,4\n", b"----00-0+\n000000000\n", b'"a,b"\n"c""d"\n', named.encode() * 2],
        "v": [b"seed\tsmiles\n1\tCC\n"],
        "x": [lzma.compress(b"word\na\n")],
        "X": [b"word;n\na;2\n"],
        "j": [
            b'{"word": "a"}\n{"word": 1e5}\n',
            b'"a"\n[1, 0]\n',
            b'{"x": 1, "k": [1, 0, -1], "kind": null}\n',
        ],
        "J": [b'{"word": "a"}\n'],
        "f": [b">a\nAC\nGT\n>b\nAC\n"],
        "q": [b"@a\nAC\n+\nII\n"],
        "Q": [b"@a\nAC\n+\nII\n"],
        "p": _parquets(),
        "a": _batches(),
        "n": _arrays(),
        "=": _arrays(),
        "z": [_zipped()],
    }
    if how != "d":
        found |= {
            "c": [b"kind,count\na,3\nb,0\n", b"species,x,y\na,1,0\nb,1,1\n", b"kind,weight\na,.5\nb,.5\n"],
            "t": [b"3\n0\n"],
            "j": [b'{"kind": "a", "n": 3}\n{"kind": "b", "n": 1.0}\n'],
            "n": [*_arrays()[:1], _saved_array(np.array([[1, 0], [2, 3]]))],
        }
    return [
        f"{letter}\0{way}".encode() + data for letter in letters for way in how for data in found[letter]
    ] + [f"{letter}{chr(1)}{how[0]}".encode() + found[letter][0] for letter in letters]


def _saved_array(array: np.ndarray) -> bytes:
    return _bytes_of(lambda file: np.save(file, array))


def _arrays() -> list[bytes]:
    given = (np.arange(5), np.array(["----00-0+"] * 2), np.zeros((2, 3, 3)), np.array([b"17", b"4"]))
    return [_saved_array(array) for array in given]


def _zipped() -> bytes:
    return _bytes_of(lambda file: np.savez_compressed(file, samples=np.arange(3), other=np.arange(2)))


def _parquets() -> list[bytes]:
    given: tuple[Any, ...] = (
        {"index": [1, 2, 3], "note": ["a", "b", None]},
        {"kind": ["a", "b"], "count": [2.0, 1.0]},
        {"operation": [[0, 1, -1], [1, 1, 1]]},
    )
    return [_bytes_of(partial(parquet.write_table, pa.table(columns))) for columns in given]


def _batches() -> list[bytes]:
    """A file of Arrow's, a stream of coded strings, and a compressed one."""
    columns = (
        pa.table({"index": [1, 2, 3]}),
        pa.table({"kind": pa.array(["a", "b", "a"]).dictionary_encode()}),
    )
    found = []
    for write, table, packed in (
        (ipc.new_file, columns[0], None),
        (ipc.new_stream, columns[1], None),
        (ipc.new_file, columns[1], "lz4"),
    ):
        buffer = io.BytesIO()
        with write(buffer, table.schema, options=ipc.IpcWriteOptions(compression=packed)) as writer:
            writer.write_table(table)
        found.append(buffer.getvalue())
    return found


def keys() -> list[bytes]:
    found = []
    for curve in CURVES:
        key = ec.derive_private_key(12_345, curve)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        found += [b"." + public_pem(key.public_key()), b"=" + pem]
    return found


def signatures() -> list[bytes]:
    payload = write_statement("mine", {"a": "ab" * 32, "figures/b.svg": "cd" * 32}, ["model.sig"])
    bundle = Bundle(payload=payload, signature=b"0" * 70, key_fingerprint="ef" * 32)
    return [b"." + write_bundle(bundle), b"=" + payload]
