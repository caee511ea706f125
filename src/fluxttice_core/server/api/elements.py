"""How elements of the space that is served are read and described: ternary operations, and any other."""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.boolean import facts_of, read_element
from fluxttice_core.operations.distance import hamming_to_all
from fluxttice_core.server.api.element_types import element_types
from fluxttice_core.server.api.operation_input import invalid_input, read_any, read_input, require_batch
from fluxttice_core.server.api.responses import operation_rows
from fluxttice_core.server.errors import shorten
from fluxttice_core.server.limits import TEXT_LENGTH
from fluxttice_core.server.served_model import Served
from fluxttice_core.shapes import Int64
from fluxttice_core.spaces.searching import positions_apart


class Elements:
    """The elements of any space, in its own words."""

    key = "element"
    """What a request and an answer call one."""

    def __init__(self, served: Served) -> None:
        self.served, self.space = served, served.model.space

    @cached_property
    def types(self) -> Mapping[Any, Any]:
        """What stands in the place of each type of requests and answers about operations."""
        return element_types(self.space, self.served.model.architecture.latent_dim)

    def read_batch(self, value: Any) -> list[int]:
        """Read the `input` of a request for embeddings as indices: one element or a list of them."""
        if isinstance(value, list) and value and type(value[0]) not in (int, float):
            require_batch(value, self.space.nouns.many)
            return [self._read(one, f"input.{at}") for at, one in enumerate(value)]
        return [self._read(value, "input")]

    def read(self, value: Any, place: str) -> int:
        """Read one element from its string, its index or the numbers of its symbols."""
        if type(value) is int:
            if not 0 <= value < self.space.size:
                raise invalid_input(
                    f"{place}: the index {shorten(str(value))} is outside 0 to {self.space.size - 1}", place
                )
            return value
        return self._read(value, place)

    def rows(self, indices: Int64[np.ndarray, "n"]) -> list[Any]:
        """Describe elements in short."""
        supported = self.served.supports(indices)
        return [
            {"object": self.key, "index": index, "string": string, "in_support": known}
            | facts_of(self.space, index)
            for index, string, known in zip(
                indices.tolist(), self.space.strings(indices), supported.tolist(), strict=True
            )
        ]

    def apart(self, index: int) -> Int64[np.ndarray, "K"]:
        """In how many positions each element differs from one."""
        return positions_apart(self.space, index)

    def _read(self, value: Any, place: str) -> int:
        space, nouns = self.space, self.space.nouns
        try:
            if isinstance(value, str) and len(value) <= max(TEXT_LENGTH, 2 * space.cells):
                return read_element(space, value)
            # Numbers of a table are the numbers of its symbols; what a tokenising client sends is none.
            if isinstance(value, list) and len(value) == space.cells and {*map(type, value)} == {int}:
                return int(space.indices(np.array(value, dtype=np.int64)))
        except OperationError as error:
            raise invalid_input(f"{place}: {error}", place) from None
        except OverflowError:
            symbols = space.describe_symbols()
            raise invalid_input(f"{place} holds a number that is not one of {symbols}", place) from None
        raise invalid_input(
            f"{place} is {shorten(str(value))}, which is none of {space.describe()}: give a string such as "
            f'"{space.string(space.size // 3)}", or its {space.cells} {nouns.parts} as numbers; several '
            f"{nouns.many} are a list of these",
            place,
        )


class TernaryOperations(Elements):
    """The two-input ternary operations, of which more is known."""

    key = "operation"
    types: Mapping[Any, Any] = MappingProxyType({})
    read_batch = staticmethod(read_input)
    read = staticmethod(read_any)
    rows = staticmethod(operation_rows)
    apart = staticmethod(hamming_to_all)
