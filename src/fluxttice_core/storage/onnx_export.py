"""A model as ONNX: one graph for each encoder and decoder, compared with torch over all operations."""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Shaped
from torch import nn

from fluxttice_core.errors import MeasurementError
from fluxttice_core.model.halves import HALVES
from fluxttice_core.storage.canonical_json import canonical_json
from fluxttice_core.storage.pretrained import TrainedModel

_CLOSE = 1e-4
"""Largest difference of a number, relative to 1 or to its own size, that other arithmetic may make."""


def onnx_files(trained: TrainedModel) -> dict[str, bytes]:
    """Export encoders and decoders, and compare each with torch over every operation.

    An encoder maps `tables` (n, cells), float32 symbols, to `mu` and `logvar`; a decoder maps `z` (n, d) to
    `logits` (n, cells, base). The files hold no path, stack trace or name of the machine.
    """
    tables = torch.from_numpy(trained.space.all_tables().copy()).float()
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
            files[name] = _graph(
                module, rows, given, made, {"part": part, "half": half}, trained.tensor_digest
            )
            _require_parity(name, files[name], module, rows)
    return files


def _graph(
    module: nn.Module,
    rows: torch.Tensor,
    given: str,
    made: Sequence[str],
    described: dict[str, str],
    tensor_digest: str,
) -> bytes:
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module,
            (rows[:2],),
            dynamo=True,
            input_names=[given],
            output_names=list(made),
            dynamic_shapes=({0: torch.export.Dim("n")},),
            verbose=False,
        )
    if program is None:
        raise MeasurementError(
            "torch exported nothing: install the versions that fluxttice-core[onnx] names", "wrong_version"
        )
    proto = program.model_proto
    _strip(proto)
    proto.producer_name, proto.producer_version = "fluxttice", ""
    entry = proto.metadata_props.add()
    entry.key = "fluxttice"
    entry.value = canonical_json({**described, "tensor_sha256": tensor_digest}).decode()
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
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


@torch.no_grad()
def _require_parity(name: str, data: bytes, module: nn.Module, rows: torch.Tensor) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    found = session.run(None, {session.get_inputs()[0].name: rows.numpy()})
    expected = module(rows)
    for ours, theirs in zip(expected if isinstance(expected, tuple) else (expected,), found, strict=True):
        if not _same(ours.numpy(), np.asarray(theirs)):
            raise MeasurementError(
                f"{name} computes other numbers than torch does: export with the torch and onnxruntime that "
                "fluxttice-core[onnx] names",
                "wrong_version",
            )


def _same(ours: Shaped[np.ndarray, "..."], theirs: Shaped[np.ndarray, "..."]) -> bool:
    """Whether numbers are close, and logits also give the same symbols."""
    close = ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=_CLOSE, atol=_CLOSE)
    return close and (ours.ndim != 3 or bool((ours.argmax(-1) == theirs.argmax(-1)).all()))
