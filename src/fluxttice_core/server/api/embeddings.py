"""`POST /v1/embeddings`, compatible with OpenAI's: answers are put together from text made beforehand."""

import asyncio
import operator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fluxttice_core.server.api.endpoint import Endpoints, endpoint
from fluxttice_core.server.api.request_reading import read_json
from fluxttice_core.server.api.requests import EmbeddingRequest
from fluxttice_core.server.api.responses import EmbeddingList
from fluxttice_core.server.errors import RequestError
from fluxttice_core.server.limits import BATCH
from fluxttice_core.server.served_model import Codes

_HEADS = tuple(b'{"object":"embedding","index":%d,"embedding":' % position for position in range(BATCH))


class Embeddings(Endpoints):
    """Embeds operations."""

    @endpoint("POST", "/v1/embeddings", answer=EmbeddingList, body=EmbeddingRequest, missing="No such model.")
    async def create_embeddings(self, request: Request) -> Response:
        """Embed operations.

        Gives the posterior mean of each operation, so that the same operation always gives the same vector. A
        string is one operation in any notation; a flat list of whole numbers is one operation, its trits; a
        list of strings or of such lists is a batch. Clients that send tokens instead of texts are refused.
        """
        asked = read_json(request, EmbeddingRequest)
        half = self._state.served.half(asked.model)
        book = self._state.served.codebooks[half]
        if asked.dimensions not in (None, book.latents) or isinstance(asked.dimensions, bool):
            raise RequestError(
                f"dimensions can only be {book.latents}: latents have no order of importance, so a shortened "
                "vector would be another code; leave dimensions out",
                param="dimensions",
                code="invalid_value",
            )
        base64 = asked.encoding_format == "base64"
        if self._state.served.has_algebra:
            codes = self._codes(book, asked.input, base64=base64)
        else:  # Their codes are computed for each request, which others must not wait for.
            codes = await asyncio.to_thread(self._codes, book, asked.input, base64=base64)
        self._state.metrics.count_operations(f"fluxttice-{half}", "embed", len(codes))
        return Response(
            _list_of(codes, asked.model, self._state.served.model.space.cells), media_type="application/json"
        )

    def _codes(self, book: Codes, given: Any, *, base64: bool) -> list[bytes]:
        return book.written(self._state.elements.read_batch(given), base64=base64)


def _list_of(codes: list[bytes], model: str, cells: int) -> bytes:
    tokens = cells * len(codes)
    return b'{"object":"list","data":[%b}],"model":"%b","usage":{"prompt_tokens":%d,"total_tokens":%d}}' % (
        b"},".join(map(operator.add, _HEADS, codes)),
        model.encode(),
        tokens,
        tokens,
    )
