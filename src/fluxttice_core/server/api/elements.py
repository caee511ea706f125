"""How elements of the space that is served are read and described: ternary operations, and any other."""

from typing import Any

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.boolean import facts_of, read_element
from fluxttice_core.operations.distance import hamming_to_all
from fluxttice_core.server.api.element_types import element_types
from fluxttice_core.server.api.operation_input import known_texts, read_any, read_input
from fluxttice_core.server.api.responses import operation_rows
from fluxttice_core.server.errors import RequestError, shorten
from fluxttice_core.server.limits import BATCH, TEXT_LENGTH
from fluxttice_core.server.served_model import Served
from fluxttice_core.shapes import Int64
from fluxttice_core.spaces.searching import positions_apart


class Elements:
    """The elements of any space, in its own words."""

    key = "element"
    """What a request and an answer call one."""

    def __init__(self, served: Served) -> None:
        self.served, self.space = served, served.model.space
        self.types: dict[Any, Any] = self._types()

    def _types(self) -> dict[Any, Any]:
        return element_types(self.space, self.served.model.architecture.latent_dim)

    def warm(self) -> None:
        """Make what the first request would otherwise wait for."""

    def read_batch(self, value: Any) -> list[int]:
        """Read the `input` of a request for embeddings as indices: one element or a list of them."""
        if isinstance(value, list) and value and type(value[0]) not in (int, float):
            if len(value) > BATCH:
                raise RequestError(
                    f"input holds {len(value):,} {self.space.nouns.many}, and one request takes at most "
                    f"{BATCH:,}: send several requests",
                    param="input",
                    code="too_many_inputs",
                )
            return [self._read(one, f"input.{at}") for at, one in enumerate(value)]
        return [self._read(value, "input")]

    def read(self, value: Any, place: str) -> int:
        """Read one element from its string, its index or the numbers of its symbols."""
        if type(value) is int:
            if not 0 <= value < self.space.size:
                raise RequestError(
                    f"{place}: the index {shorten(str(value))} is outside 0 to {self.space.size - 1}",
                    param=place,
                    code="invalid_input",
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
        if isinstance(value, str) and len(value) <= max(TEXT_LENGTH, 2 * self.space.cells):
            return self._parsed(value, place)
        # Numbers of a table are the numbers of its symbols; what a tokenising client sends is none.
        if isinstance(value, list) and len(value) == self.space.cells and {*map(type, value)} == {int}:
            try:
                return int(self.space.indices(np.array(value, dtype=np.int64)))
            except OperationError as error:
                raise RequestError(f"{place}: {error}", param=place, code="invalid_input") from None
            except OverflowError:
                raise RequestError(
                    f"{place} holds a number that is not one of {self.space.describe_symbols()}",
                    param=place,
                    code="invalid_input",
                ) from None
        space, nouns = self.space, self.space.nouns
        raise RequestError(
            f"{place} is {shorten(str(value))}, which is none of {space.describe()}: give a string such as "
            f'"{space.string(space.size // 3)}", or its {space.cells} {nouns.parts} as numbers; several '
            f"{nouns.many} are a list of these",
            param=place,
            code="invalid_input",
        )

    def _parsed(self, text: str, place: str) -> int:
        try:
            return read_element(self.space, text)
        except OperationError as error:
            raise RequestError(f"{place}: {error}", param=place, code="invalid_input") from None


class TernaryOperations(Elements):
    """The two-input ternary operations, of which more is known."""

    key = "operation"

    def _types(self) -> dict[Any, Any]:
        return {}

    def warm(self) -> None:
        """Learn every text that is looked up as it stands."""
        known_texts()

    def read_batch(self, value: Any) -> list[int]:
        """Read operations from names, glyphs, indices as text or lists of 9 trits."""
        return read_input(value)

    def read(self, value: Any, place: str) -> int:
        """Read one operation in any notation."""
        return read_any(value, place)

    def rows(self, indices: Int64[np.ndarray, "n"]) -> list[Any]:
        """Describe operations in short, with names and heptavintimals."""
        return list(operation_rows(indices))

    def apart(self, index: int) -> Int64[np.ndarray, "K"]:
        """In how many cells each operation differs from one."""
        return hamming_to_all(index)


def elements_of(served: Served) -> Elements:
    """How the elements of what is served are read and described."""
    return TernaryOperations(served) if served.has_algebra else Elements(served)
