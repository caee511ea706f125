"""A model as ONNX: one graph for each encoder and decoder, compared with torch over all operations."""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.capi import onnxruntime_pybind11_state as faults
from torch import nn

from fluxttice_core.errors import MeasurementError, SettingsError
from fluxttice_core.model.halves import HALVES
from fluxttice_core.model.thresholds import TableDecoder
from fluxttice_core.shapes import Int8, Shaped
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.split import hashed_split
from fluxttice_core.storage.canonical_json import canonical_json
from fluxttice_core.storage.pretrained import TrainedModel

OPSET = 18
"""The one that torch writes without converting it, which runtimes of 2023 read."""

_OPSETS = range(14, 26)
"""The others that torch makes of it; of those below, its conversion fails and says nothing."""

_CLOSE = 1e-4
"""Largest difference of a number, relative to 1 or to its own size, that other arithmetic may make."""

_DECIDED = 1e-2
"""Nats between two symbols that no rounding makes."""

_ROUNDED = 0.1
"""Largest share of elements that rounding may decide another way: sixty words of 256 had .035."""


def onnx_files(trained: TrainedModel, opset: int = OPSET) -> dict[str, bytes]:
    """Export encoders and decoders, and compare each with torch over every operation, or 16,384 of too many.

    An encoder maps `tables` (n, cells), float32 symbols, to `mu` and `logvar`; a decoder maps `z` (n, d) to
    `logits` (n, cells, base). The files hold no path, stack trace or name of the machine, and are of the
    oldest file version that has the opset.
    """
    highest = min(_OPSETS[-1], onnx.defs.onnx_opset_version())
    if not _OPSETS[0] <= opset <= highest:
        raise SettingsError(
            f"ONNX is written in opset {_OPSETS[0]} to {highest}, not in {opset}: give one of these",
            "out_of_range",
        )
    tables = torch.from_numpy(_compared_tables(trained.space)).float()
    files: dict[str, bytes] = {}
    for half in HALVES:
        vae = trained.model.vae(half)
        means, _ = vae.encode_gaussian(tables)
        parts: tuple[tuple[str, nn.Module, torch.Tensor, str, Sequence[str]], ...] = (
            ("encoder", vae.encoder, tables, "tables", ("mu", "logvar")),
            ("decoder", vae.decoder, means.detach(), "z", ("logits",)),
        )
        for part, module, rows, given, made in parts:
            name = f"{part}_{half}.onnx"
            described = {"part": part, "half": half, "tensor_sha256": trained.tensor_digest}
            files[name] = _graph(module, rows, given, made, described, opset)
            _require_parity(name, files[name], module, rows)
    return files


def _compared_tables(space: ProductSpace) -> Int8[np.ndarray, "n cells"]:
    if space.size <= ENUMERATION_LIMIT:
        return space.all_tables().copy()
    return space.tables(hashed_split(space).train)


def _graph(
    module: nn.Module,
    rows: torch.Tensor,
    given: str,
    made: Sequence[str],
    described: dict[str, str],
    opset: int,
) -> bytes:
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module,
            (rows[:2],),
            dynamo=True,
            input_names=[given],
            output_names=list(made),
            dynamic_shapes=({0: torch.export.Dim("n")},),
            opset_version=opset,
            verbose=False,
        )
    proto = None if program is None else program.model_proto
    # Where torch cannot convert, it logs that and goes on with another opset.
    if proto is None or [(of.domain, of.version) for of in proto.opset_import] != [("", opset)]:
        raise MeasurementError(
            f"torch wrote no opset {opset}: give another, or install the versions that fluxttice-core[onnx] "
            "names",
            "wrong_version",
        )
    _strip(proto)
    # Whatever the opset, torch writes version 10, which no onnxruntime before 2024 opens.
    proto.ir_version = onnx.helper.find_min_ir_version_for(proto.opset_import)
    proto.producer_name, proto.producer_version = "fluxttice", ""
    entry = proto.metadata_props.add()
    entry.key = "fluxttice"
    entry.value = canonical_json(described).decode()
    data: bytes = proto.SerializeToString(deterministic=True)
    return data


def _strip(proto: Any) -> None:
    """Remove what torch notes for its own debugging, such as stack traces with this machine's paths."""
    del proto.metadata_props[:]
    graph = proto.graph
    del graph.value_info[:]
    for item in (graph, *graph.node, *graph.initializer, *graph.input, *graph.output, *proto.functions):
        item.doc_string = ""
        del item.metadata_props[:]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence torch's warnings about its own future and about packages that this model does not use."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@torch.no_grad()
def _require_parity(name: str, data: bytes, module: nn.Module, rows: torch.Tensor) -> None:
    try:
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    except (faults.Fail, faults.InvalidGraph, faults.NotImplemented) as error:
        raise MeasurementError(
            f"onnxruntime {onnxruntime.__version__} does not read {name}, which was not checked: give a "
            "smaller --opset, or install a newer onnxruntime",
            "wrong_version",
        ) from error
    found = session.run(None, {session.get_inputs()[0].name: rows.numpy()})
    expected = module(rows)
    branches = isinstance(module, TableDecoder)
    for ours, theirs in zip(expected if isinstance(expected, tuple) else (expected,), found, strict=True):
        if not _same(ours.numpy(), np.asarray(theirs), branches=branches):
            raise MeasurementError(
                f"{name} computes other numbers than torch does: export with the torch and onnxruntime that "
                "fluxttice-core[onnx] names",
                "wrong_version",
            )


def _same(ours: Shaped[np.ndarray, "..."], theirs: Shaped[np.ndarray, "..."], *, branches: bool) -> bool:
    """Whether numbers are close, and logits also give the same symbols.

    A decoder that branches on the symbols it finds gives other entries altogether where rounding decides one,
    as it does on the walls between elements, where codes of what was not learnt lie: few rows may differ so.
    """
    if ours.shape != theirs.shape:
        return False
    entries = tuple(range(1, ours.ndim))
    same = np.isclose(ours, theirs, rtol=_CLOSE, atol=_CLOSE).all(entries)
    if ours.ndim == 3:
        same &= (ours.argmax(-1) == theirs.argmax(-1)).all(-1)
    if not branches:
        return bool(same.all())
    two = np.sort(ours, -1)[..., -2:]
    rounded = (two[..., 1] - two[..., 0] <= _DECIDED).any(-1)
    return bool((same | rounded).all()) and float(np.mean(~same)) <= _ROUNDED
