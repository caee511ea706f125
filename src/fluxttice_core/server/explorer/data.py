"""What the explorer page is told of the model and the operations, as safetensors and one JSON document."""

import json
from typing import Any, Literal

import numpy as np

from fluxttice_core.model.halves import HALVES, HalfName
from fluxttice_core.operations.algebra import holds, property_names
from fluxttice_core.operations.catalogue import NamedOperation, named_operations
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.clones import maximal_clones
from fluxttice_core.operations.export_forms import export_templates
from fluxttice_core.operations.portrait import algebra_rows
from fluxttice_core.operations.symmetry import generators
from fluxttice_core.operations.vocabulary import EXPORTS, FURTHER_PROPERTIES, PROPERTIES, SYMMETRIES
from fluxttice_core.server.explorer.map import DrawnMap, mass_tensors, relative_mass
from fluxttice_core.server.served_model import PARTS, Served
from fluxttice_core.shapes import Bool, Float32, Float64, Int64, UInt8
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.storage.pretrained import TrainedModel
from fluxttice_core.storage.tensors import encode_tensors

UNDRAWN_MASS = {"draws": 2**18, "seed": 0}
"""Draws behind p(x) for a model whose map is not shipped: some seconds of work."""
_BITS = 12
_INPUTS = (1, 2, 3)


def layout_pack(drawn: DrawnMap | None, half: HalfName) -> bytes:
    """The layout of one half, if one is shipped."""
    return encode_tensors({} if drawn is None else {f"layout_{half}": drawn.layout[half]}, "{}")


def split_pack(served: Served) -> bytes:
    """Each operation's part of the split (see `PARTS`), if it is recorded."""
    return encode_tensors({} if served.parts is None else {"split": served.parts}, "{}")


def algebra_pack() -> bytes:
    """A bit for each property and for each fact of the algebra."""
    facts = np.concatenate([rows for _, rows in algebra_rows().values()])
    held = np.stack([holds(term.name) for term in PROPERTIES])
    return encode_tensors({"properties": _bits(held), "facts": _bits(facts)}, "{}")


def mass_pack(served: Served, drawn: DrawnMap | None) -> bytes:
    """K p(x) of every operation under both halves, the noise of the estimates, and what codes are decoded to.

    `off` is the index that an operation's code is decoded to, less its own, and `joint` is p(table | code) of
    what it is decoded to: for a good model 0 and 1 throughout, which take a hundredth of the decoders' bytes.
    """
    mass = relative_mass(served.model, **UNDRAWN_MASS) if drawn is None else drawn.mass
    tensors = mass_tensors(mass)
    for half in HALVES:
        chances = served.model.decode(served.codebooks[half].means, vae=half, probabilities=True)
        tensors[f"joint_{half}"] = chances.max(axis=-1).prod(axis=-1)
    shortened = {name: _shortened(values) for name, values in tensors.items()}
    own = np.arange(served.model.space.size)
    off = {f"off_{half}": (served.reconstructions[half] - own).astype(np.int16) for half in HALVES}
    return encode_tensors(shortened | off, "{}")


def _shortened(values: Float32[np.ndarray, "n"]) -> Float32[np.ndarray, "n"]:
    """Round to 12 significant bits, by far less than the estimates' noise, which halves the bytes to send."""
    fraction, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.rint(fraction * 2**_BITS) / 2**_BITS, exponent), dtype=np.float32)


def exports() -> bytes:
    """The templates from which the page writes an operation of one to three inputs for others, as JSON."""
    forms: dict[str, Any] = {
        form: {"ending": ending, "kind": kind, "templates": {}} for form, (ending, kind) in EXPORTS.items()
    }
    for inputs in _INPUTS:
        for form, template in export_templates(inputs).items():
            forms[form]["templates"][inputs] = template._asdict()
    return json.dumps(forms).encode()


def any_inputs() -> bytes:
    """What the page computes the algebra of operations of one to three inputs from, as JSON."""
    terms = {term.name: term.statement for term in (*PROPERTIES, *FURTHER_PROPERTIES)}
    known = {inputs: property_names(OperationSpace(arity=inputs)) for inputs in _INPUTS}
    clones = [{"name": clone.name, "relation": clone.relation} for clone in maximal_clones(3)]
    return json.dumps({"statements": terms, "properties": known, "clones": clones}).encode()


def weights_pack(model: TrainedModel, network: Literal["encoder", "decoder"]) -> bytes:
    """The weights of both encoders, or of both decoders, in single precision."""
    weights = {name: array for name, array in model.tensors.items() if name.startswith(f"{network}_")}
    return encode_tensors(weights, "{}")


def _bits(rows: Bool[np.ndarray, "n K"]) -> UInt8[np.ndarray, "bytes K"]:
    """Rows packed, eight to a byte: bit p mod 8 of row p // 8 is the p-th."""
    return np.packbits(rows, axis=0, bitorder="little")


def principal_axes(
    means: Float32[np.ndarray, "K d"],
) -> tuple[Float64[np.ndarray, "d"], Float64[np.ndarray, "d d"]]:
    """Principal components of codes: their centre, and the axes as rows, the widest first.

    An axis and its negative are equally good; the one whose largest entry is positive is taken.
    """
    exact = means.astype(np.float64)
    centre = exact.mean(axis=0)
    axes = np.linalg.eigh((exact - centre).T @ (exact - centre) / len(exact)).eigenvectors.T[::-1]
    largest = np.abs(axes).argmax(axis=1)
    return centre, axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]


def carried_cells(means: Float32[np.ndarray, "K d"]) -> Float64[np.ndarray, "d cells"]:
    r"""The share of each latent's variance over all operations that the value of each cell explains.

    .. math:: \eta^2_{dc} = \mathrm{Var}_v\,E[z_d \mid x_c = v] / \mathrm{Var}\,z_d

    Since all tables are equally likely, cells are independent and the shares of a latent add up to at most 1.
    """
    tables = TERNARY.all_tables()
    exact = means.astype(np.float64)
    groups = np.stack(
        [[exact[tables[:, c] == v].mean(axis=0) for v in TERNARY.symbols] for c in range(TERNARY.cells)]
    )
    spread = np.maximum(exact.var(axis=0), np.finfo(np.float64).tiny)
    return np.asarray((groups.var(axis=1) / spread).T, dtype=np.float64)


def manifest(served: Served, drawn: DrawnMap | None) -> bytes:
    """Names, vocabulary, axes and what is known of the model, as JSON; quick, since the map waits for it."""
    document = {
        "model": model_facts(served.model),
        "properties": [{"name": term.name, "statement": term.statement} for term in PROPERTIES],
        "symmetries": [
            {"name": term.name, "statement": term.statement, "moves": generators(term.name)}
            for term in SYMMETRIES
        ],
        "facts": [{"name": name, "values": values} for name, (values, _) in algebra_rows().items()],
        "named": [_named(one) for one in named_operations()],
        "unary": [_named(one) for one in named_operations(1)],
        "parts": None if served.parts is None else PARTS,
        "halves": {half: _half(served.codebooks[half].means) for half in HALVES},
        "layout": None if drawn is None else drawn.about["layout"],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def model_facts(model: TrainedModel) -> dict[str, Any]:
    """What the page says of the model above its report."""
    return {
        "recipe": model.recipe_name,
        "epoch": model.epoch,
        "seed": model.seed,
        "digest": model.tensor_digest,
        "parameters": model.parameters,
    }


def _half(means: Float32[np.ndarray, "K d"]) -> dict[str, Any]:
    centre, axes = principal_axes(means)
    carried = carried_cells(means)
    strongest: Int64[np.ndarray, "d"] = carried.argmax(axis=1)
    return {
        "centre": centre.tolist(),
        "axes": axes.tolist(),
        "variances": means.astype(np.float64).var(axis=0).round(6).tolist(),
        "cells": [[int(c), round(float(carried[d, c]), 4)] for d, c in enumerate(strongest)],
    }


def _named(one: NamedOperation) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("name", "aliases", "formula", "source")} | {
        "index": one.operation.index
    }
