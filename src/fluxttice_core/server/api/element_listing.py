"""Endpoints about the elements of any space: one with all that is known of it, and lists by pattern."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from fluxttice_core.errors import OperationError
from fluxttice_core.server.api.element_types import ElementPage, ElementPortrait, ElementQuery
from fluxttice_core.server.api.endpoint import Endpoint, Endpoints, PathParameter, endpoint
from fluxttice_core.server.api.request_reading import read_query
from fluxttice_core.server.api.requests import MODELS
from fluxttice_core.server.api.responses import answer, listed_page
from fluxttice_core.server.errors import RequestError
from fluxttice_core.server.limits import TEXT_LENGTH
from fluxttice_core.shapes import Int64
from fluxttice_core.spaces.notation import joined_glyphs
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.searching import matching

_ID = PathParameter(
    "A string, or an index if it cannot be taken for one.",
    {"type": "string", "minLength": 1, "maxLength": 2 * TEXT_LENGTH},
    "0",
    convertor="path",
)


class ElementListing(Endpoints):
    """Shows and lists the elements of a space."""

    def endpoints(self) -> Iterator[Endpoint]:
        """List them, with an element of this space as the example."""
        space = self._state.served.model.space
        for one in super().endpoints():
            parameters = {
                name: replace(parameter, example=space.string(space.size // 3))
                for name, parameter in one.parameters.items()
            }
            yield replace(one, parameters=parameters)

    @endpoint("GET", "/v1/elements", answer=ElementPage, query=ElementQuery)
    async def list_elements(self, request: Request) -> Response:
        """List operations.

        Lists the operations that match a pattern, a page at a time: by index, or by the number of cells that
        differ from `near`.
        """
        asked = read_query(request.query_params, ElementQuery)
        return await asyncio.to_thread(lambda: answer(self._page(asked)))

    @endpoint(
        "GET",
        "/v1/elements/{id}",
        answer=ElementPortrait,
        parameters={"id": _ID},
        missing="No such element.",
    )
    async def show_element(self, request: Request) -> Response:
        """Show an operation.

        Gives string, index, part of the split and probability under the target of an operation, and what both
        halves of the model make of it.
        """
        try:
            index = self._state.elements.read(request.path_params["id"], "id")
        except RequestError as error:
            raise RequestError(str(error), status=404, param="id", code="element_not_found") from None
        return answer(await asyncio.to_thread(self._portrait, index))

    def _portrait(self, index: int) -> dict[str, Any]:
        served = self._state.served
        at, target = np.array([index]), served.model.target
        row: dict[str, Any] = self._state.elements.rows(at)[0]
        chance = 1 / served.model.space.size
        if target is not None:
            found = np.searchsorted(target.rows, index)
            chance = float(target.q[found]) if row["in_support"] else 0.0
        return {
            **row,
            "split": served.part(index),
            "target": chance,
            "codes": {name: self._code(name, at) for name in MODELS},
        }

    def _code(self, name: str, at: Int64[np.ndarray, "1"]) -> dict[str, Any]:
        model, half = self._state.served.model, MODELS[name]
        mean = self._state.served.codebooks[half].rows(at)
        chances = model.decode(mean, vae=half, probabilities=True)[0]
        decoded = int(model.space.indices(model.decode(mean, vae=half))[0])
        return {
            "mean": mean[0].tolist(),
            "reconstruction": decoded,
            "string": model.space.string(decoded),
            "probability": float(chances.max(-1).astype(np.float64).prod()),
        }

    def _page(self, asked: ElementQuery) -> dict[str, Any]:
        elements, space = self._state.elements, self._state.served.model.space
        near = None if asked.near is None else elements.read(_with_plus(space, asked.near), "near")
        pattern = None if asked.matching is None else _with_plus(space, asked.matching)
        try:
            found = np.arange(space.size) if pattern is None else matching(space, pattern)
        except OperationError as error:
            raise RequestError(f"matching: {error}", param="matching", code="invalid_value") from None
        apart = None if near is None else elements.apart(near)
        if asked.support is not None:
            found = found[self._state.served.supports(found) == asked.support]
        if apart is not None:
            if asked.within is not None:
                found = found[apart[found] <= asked.within]
            found = found[np.argsort(apart[found], kind="stable")]
        return listed_page(found, elements.rows, asked.page, asked.page_size, near, apart)


def _with_plus(space: ProductSpace, text: str) -> str:
    """A text of a query string, where an unescaped + arrives as a blank, as it was written."""
    written = text.replace(" ", "+")
    meant = any("+" in one for one in space.alphabets) and len(joined_glyphs(space, written)) == space.cells
    return written if meant else text
