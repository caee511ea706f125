"""What clients are told: the shapes of answers, checked where they are made and shown in the schema."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, with_config
from pydantic_core import to_json
from starlette.responses import Response
from typing_extensions import TypedDict

from fluxttice_core.operations.catalogue import named_operations, names_of
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.written_forms import heptavintimal
from fluxttice_core.shapes import Int64


class Usage(TypedDict):
    """What was read: an operation counts as its trits, however it was written."""

    prompt_tokens: int
    total_tokens: int


class Embedding(TypedDict):
    """The posterior mean of one operation."""

    object: Literal["embedding"]
    index: Annotated[int, Field(description="Position in the input.")]
    embedding: Annotated[
        list[float] | str,
        Field(description="Numbers, one a latent, or base64 of as many little-endian float32 numbers."),
    ]


class EmbeddingList(TypedDict):
    """Embeddings, in the order of the input."""

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: Usage


class ModelCard(TypedDict):
    """One half of the model."""

    id: str
    object: Literal["model"]
    created: Annotated[int, Field(description="When the model's file was written, in seconds since 1970.")]
    owned_by: str
    dimensions: int
    operations: int
    recipe: str | None
    epoch: int
    seed: int | None
    digest: Annotated[str, Field(description="SHA-256 of the weights of both halves.")]


class ModelList(TypedDict):
    """The two halves of the model."""

    object: Literal["list"]
    data: list[ModelCard]


class OperationRow(TypedDict):
    """One operation, in short."""

    object: Literal["operation"]
    index: int
    string: str
    heptavintimal: Annotated[
        str, Field(description="The index in base 27, as designers of ternary logic write it.")
    ]
    table: list[list[int]]
    names: list[str]


class DecodedRow(OperationRow):
    """The most likely operation of a latent."""

    position: Annotated[int, Field(description="Position in the request.")]
    probability: Annotated[float, Field(description="p(table | latent), the product over the 9 cells.")]
    probabilities: Annotated[
        list[list[float]] | None, Field(description="For each cell, of -1, 0 and +1; if asked for.")
    ]


class DecodedList(TypedDict):
    """Decoded operations, in the order of the latents."""

    object: Literal["list"]
    model: str
    data: list[DecodedRow]


class SampleAnswer(TypedDict):
    """The operations at draws from the prior, each decoded to its most likely table."""

    object: Literal["sample"]
    model: str
    rule: Literal["argmax"]
    seed: int
    n: int
    distinct: int
    ceiling: Annotated[
        float, Field(description="Distinct operations to expect of n draws when all are equally likely.")
    ]
    operations: Annotated[list[int], Field(description="Indices, in the order drawn.")]


class NeighbourRow(OperationRow):
    """An operation near another, or near a latent."""

    distance: float


class NeighbourList(TypedDict):
    """Operations by rising distance, those equally far by index."""

    object: Literal["list"]
    by: Literal["latent", "hamming"]
    model: str | None
    operation: Annotated[int | None, Field(description="The operation started from, itself not listed.")]
    data: list[NeighbourRow]


class ListedRow(OperationRow):
    """An operation on a page of a list."""

    distance: Annotated[int | None, Field(description="Cells that differ from `near`, if given.")]


class OperationPage(TypedDict):
    """One page of a list of operations."""

    object: Literal["list"]
    total: Annotated[int, Field(description="Operations on all pages.")]
    page: int
    page_size: int
    pages: int
    has_more: bool
    near: int | None
    data: list[ListedRow]


class Code(TypedDict):
    """What one half makes of an operation."""

    mean: list[float]
    reconstruction: Annotated[int, Field(description="Index that the mean is decoded to.")]


@with_config(extra="allow")
class OperationPortrait(TypedDict):
    """All that is known of one operation."""

    object: Literal["operation"]
    index: int
    string: str
    heptavintimal: str
    digits: Annotated[str, Field(description="The table as 0, 1, 2.")]
    truth_values: Annotated[str, Field(description="The table as F, U, T.")]
    table: list[list[int]]
    names: list[dict[str, Any]]
    properties: dict[str, bool]
    algebra: dict[str, Any]
    classes: list[dict[str, Any]]
    neighbours: list[int]
    named_neighbours: list[dict[str, Any]]
    split: Annotated[
        Literal["train", "validation", "held_out"] | None,
        Field(description="Which part of the model's split it is in, if recorded."),
    ]
    codes: Annotated[dict[str, Code], Field(description="By model.")]


class PropertyCard(TypedDict):
    """A property that operations may have."""

    object: Literal["property"]
    name: str
    statement: str
    operations: Annotated[int, Field(description="How many have it.")]


class SymmetryCard(TypedDict):
    """A symmetry that sorts operations into classes."""

    object: Literal["symmetry"]
    name: str
    statement: str
    classes: int


class Vocabulary(TypedDict):
    """The properties and symmetries by which operations can be searched."""

    object: Literal["list"]
    data: list[PropertyCard]
    symmetries: list[SymmetryCard]


class Health(TypedDict):
    """That the server is up."""

    status: Literal["ok"]
    version: str
    models: list[str]


def operation_rows(indices: Int64[np.ndarray, "n"]) -> list[OperationRow]:
    """Describe operations in short."""
    glyphs, names = all_glyphs(), _names()
    tables = TERNARY.all_tables()[indices].reshape(-1, *TERNARY.shape).tolist()
    return [
        {
            "object": "operation",
            "index": index,
            "string": glyphs[index],
            "heptavintimal": heptavintimal(index),
            "table": table,
            "names": list(names.get(index, ())),
        }
        for index, table in zip(indices.tolist(), tables, strict=True)
    ]


def listed_page(
    found: Int64[np.ndarray, "n"],
    rows: Callable[[Int64[np.ndarray, "m"]], Sequence[Mapping[str, Any]]],
    page: int,
    page_size: int,
    near: int | None,
    apart: Int64[np.ndarray, "K"] | None,
) -> dict[str, Any]:
    """Write one page, from 1, of a list that was found, with how far each of its `rows` is from `near`."""
    first, pages = (page - 1) * page_size, -(-found.size // page_size)
    return {
        "object": "list",
        "total": int(found.size),
        "page": page,
        "page_size": page_size,
        "pages": pages,
        "has_more": page < pages,
        "near": near,
        "data": [
            {**row, "distance": None if apart is None else int(apart[row["index"]])}
            for row in rows(found[first : first + page_size])
        ],
    }


def answer(value: Any) -> Response:
    """Send plain values as JSON."""
    return Response(to_json(value), media_type="application/json")


@cache
def all_glyphs() -> tuple[str, ...]:
    """Every operation as nine glyphs, by index."""
    return tuple(TERNARY.strings(np.arange(TERNARY.size)))


@cache
def _names() -> dict[int, tuple[str, ...]]:
    return {named.operation.index: names_of(named.operation.index) for named in named_operations()}
