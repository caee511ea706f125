"""Endpoints about operations: one with all that is known of it, and lists by property."""

import asyncio
from typing import Any

import numpy as np
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response

from fluxttice_core.operations.algebra import holds
from fluxttice_core.operations.catalogue import named_operations
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.distance import hamming_to_all
from fluxttice_core.operations.export_forms import export_operation
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.portrait import portrait
from fluxttice_core.operations.search import find_operations, one_of_each_class
from fluxttice_core.operations.symmetry import class_count
from fluxttice_core.operations.table_template import identifier
from fluxttice_core.operations.vocabulary import EXPORTS, PROPERTIES, SYMMETRIES
from fluxttice_core.server.api.endpoint import Endpoints, PathParameter, endpoint
from fluxttice_core.server.api.operation_input import read_query_text, read_text
from fluxttice_core.server.api.request_reading import read_query
from fluxttice_core.server.api.requests import MODELS, ExportQuery, SearchQuery
from fluxttice_core.server.api.responses import (
    OperationPage,
    OperationPortrait,
    Vocabulary,
    answer,
    listed_page,
    operation_rows,
)
from fluxttice_core.server.errors import RequestError
from fluxttice_core.server.limits import TEXT_LENGTH
from fluxttice_core.shapes import Int64

_ONE: dict[str, Any] = {
    "parameters": {
        "id": PathParameter(
            "A name, nine glyphs, an index, or an expression such as -min(a, b).",
            {"type": "string", "minLength": 1, "maxLength": TEXT_LENGTH},
            "min",
            convertor="path",
        )
    },
    "missing": "No such operation.",
}
"""What is said of a path that names one operation."""


class Listing(Endpoints):
    """Shows and lists operations."""

    @endpoint("GET", "/v1/operations", answer=OperationPage, query=SearchQuery)
    async def list_operations(self, request: Request) -> Response:
        """List operations.

        Lists the operations that have some properties and lack others, a page at a time: by index, or by the
        number of cells that differ from `near`.
        """
        asked = read_query(request.query_params, SearchQuery)
        return await asyncio.to_thread(lambda: answer(_page(asked)))

    @endpoint(
        "GET",
        "/v1/operations/{id}/export",
        media_types=tuple(media_type for _, media_type in EXPORTS.values()),
        query=ExportQuery,
        **_ONE,
    )
    async def export_operation(self, request: Request) -> Response:
        """Export an operation.

        Writes an operation as a file for others: Verilog, LaTeX, Markdown, SVG or PNG.
        """
        form = read_query(request.query_params, ExportQuery).form
        operation = Operation(TERNARY, _read_id(request))
        written = await asyncio.to_thread(export_operation, operation, form)
        ending, media_type = EXPORTS[form]
        name = f'attachment; filename="{identifier(operation)}.{ending}"'
        return Response(written, media_type=media_type, headers={"content-disposition": name})

    @endpoint("GET", "/v1/operations/{id}", answer=OperationPortrait, **_ONE)
    async def show_operation(self, request: Request) -> Response:
        """Show an operation.

        Gives table, names, properties, classes and neighbours of an operation, and what both halves of the
        model make of it.
        """
        return answer(await asyncio.to_thread(self._portrait, _read_id(request)))

    @endpoint("GET", "/v1/properties", answer=Vocabulary)
    async def list_properties(self, _: Request) -> Response:
        """List properties and symmetries.

        Says what each property means and how many operations have it, and into how many classes each symmetry
        sorts them.
        """
        return answer(await asyncio.to_thread(_vocabulary))

    def _portrait(self, index: int) -> dict[str, Any]:
        served = self._state.served
        known: dict[str, Any] = portrait(index).to_json()
        codes = {
            name: {
                "mean": from_json(served.codebooks[half].written([index], base64=False)[0]),
                "reconstruction": int(served.reconstructions[half][index]),
            }
            for name, half in MODELS.items()
        }
        return {"object": "operation", **known, "split": served.part(index), "codes": codes}


def _read_id(request: Request) -> int:
    try:
        return read_text(request.path_params["id"], "id", expressions=True)
    except RequestError as error:
        raise RequestError(str(error), status=404, param="id", code="operation_not_found") from None


def _page(asked: SearchQuery) -> dict[str, Any]:
    near = None if asked.near is None else read_query_text(asked.near, "near")
    apart = None if near is None else hamming_to_all(near)
    return listed_page(_found(asked, near), operation_rows, asked.page, asked.page_size, near, apart)


def _found(asked: SearchQuery, near: int | None) -> Int64[np.ndarray, "n"]:
    # An unescaped + arrives as a blank; rows come apart by / here.
    pattern = None if asked.matching is None else asked.matching.replace(" ", "+")
    found = find_operations(asked.wanted, near=near, within=asked.within, matching=pattern)
    if asked.named:
        found = found[np.isin(found, [named.operation.index for named in named_operations()])]
    if asked.one_of_each is not None:
        found = one_of_each_class(found, asked.one_of_each)
    return found


def _vocabulary() -> Vocabulary:
    return {
        "object": "list",
        "data": [
            {"object": "property", "name": name, "statement": statement, "operations": int(holds(name).sum())}
            for name, statement, *_ in PROPERTIES
        ],
        "symmetries": [
            {"object": "symmetry", "name": name, "statement": statement, "classes": class_count(name)}
            for name, statement, *_ in SYMMETRIES
        ],
    }
