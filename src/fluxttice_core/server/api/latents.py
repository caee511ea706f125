"""Endpoints about latents: decode them, draw them from the prior, find what is near them."""

import asyncio
import secrets
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from fluxttice_core.server.api.endpoint import Endpoints, endpoint
from fluxttice_core.server.api.latent_input import read_latent, read_latents
from fluxttice_core.server.api.request_reading import read_json
from fluxttice_core.server.api.requests import DecodeRequest, NeighbourRequest, SampleRequest
from fluxttice_core.server.api.responses import (
    DecodedList,
    NeighbourList,
    SampleAnswer,
    answer,
)
from fluxttice_core.server.limits import LARGEST_SEED
from fluxttice_core.shapes import Float64, Int64
from fluxttice_core.statistics.coverage import expected_distinct
from fluxttice_core.storage.pretrained import TrainedModel


class Latents(Endpoints):
    """Decodes, samples and searches."""

    @endpoint("POST", "/v1/decode", answer=DecodedList, body=DecodeRequest, missing="No such model.")
    async def decode_latents(self, request: Request) -> Response:
        """Decode latents.

        Gives the most likely operation of each latent, and how likely it is.
        """
        return await asyncio.to_thread(self._decode, read_json(request, DecodeRequest))

    @endpoint("POST", "/v1/sample", answer=SampleAnswer, body=SampleRequest, missing="No such model.")
    async def draw_operations(self, request: Request) -> Response:
        """Draw from the prior.

        Draws latents from the standard normal prior and decodes each to its most likely operation. Says how
        many are distinct, beside how many to expect of draws from what the model was trained to reach: all
        operations equally likely, unless it was trained on rows or weights.
        """
        return await asyncio.to_thread(self._draw, read_json(request, SampleRequest))

    @endpoint("POST", "/v1/neighbours", answer=NeighbourList, body=NeighbourRequest, missing="No such model.")
    async def find_neighbours(self, request: Request) -> Response:
        """Find neighbours.

        Lists operations by their distance from an operation or a latent, the nearest first and those equally
        far by index. The operation started from is not listed.
        """
        return await asyncio.to_thread(self._neighbours, self._asked(request, NeighbourRequest))

    def _decode(self, asked: DecodeRequest) -> Response:
        half = self._state.served.half(asked.model)
        model = self._state.served.model
        latents = read_latents(asked.latents, "latents", model.architecture.latent_dim)
        tables = model.decode(latents, vae=half)
        chances = model.decode(latents, vae=half, probabilities=True)
        chosen = np.take_along_axis(chances, (tables - model.space.lowest)[..., None].astype(np.int64), -1)
        joint = chosen[..., 0].astype(np.float64).prod(axis=1).tolist()
        cells: list[Any] = [None] * len(joint)
        if asked.probabilities:
            bases = model.space.bases
            cells = [[cell[:b] for cell, b in zip(one, bases, strict=True)] for one in chances.tolist()]
        rows: list[Any] = [
            {**row, "position": position, "probability": joint[position], "probabilities": cells[position]}
            for position, row in enumerate(self._state.elements.rows(model.space.indices(tables)))
        ]
        self._state.metrics.count_operations(f"fluxttice-{half}", "decode", len(rows))
        decoded: DecodedList = {"object": "list", "model": asked.model, "data": rows}
        return answer(decoded)

    def _draw(self, asked: SampleRequest) -> Response:
        half = self._state.served.half(asked.model)
        seed = secrets.randbelow(LARGEST_SEED + 1) if asked.seed is None else asked.seed
        model = self._state.served.model
        drawn = model.sample(asked.n, vae=half, seed=seed)
        self._state.metrics.count_operations(f"fluxttice-{half}", "draw", asked.n)
        served, key = self._state.served, self._state.elements.key
        sample: dict[str, Any] = {
            "object": "sample",
            "model": asked.model,
            "rule": "argmax",
            "seed": seed,
            "n": asked.n,
            "distinct": int(np.count_nonzero(np.bincount(drawn))),
            "ceiling": _ceiling(model, asked.n),
            f"{key}s": drawn.tolist(),
        }
        if not served.has_algebra:
            supported = served.supports(drawn)
            sample["distinct_in_support"] = int(np.unique(drawn[supported]).size)
            sample["outside_support"] = int((~supported).sum())
        return answer(sample)

    def _neighbours(self, asked: Any) -> Response:
        half = self._state.served.half(asked.model)
        elements, book = self._state.elements, self._state.served.codebooks[half]
        given = getattr(asked, elements.key)
        start = None if given is None else elements.read(given, elements.key)
        latent = None if asked.latent is None else read_latent(asked.latent, "latent", book.latents)
        distances: Float64[np.ndarray, "K"] | Int64[np.ndarray, "K"]
        if latent is not None:
            distances = book.distances(latent)
        elif asked.by == "latent":
            distances = book.distances(book.rows(np.array([start]))[0])
        else:
            distances = elements.apart(0 if start is None else start)
        order = _nearest(distances, asked.limit + 1)
        order = order[order != (-1 if start is None else start)][: asked.limit]
        found: dict[str, Any] = {
            "object": "list",
            "by": asked.by,
            "model": asked.model if asked.by == "latent" else None,
            elements.key: start,
            "data": [{**row, "distance": float(distances[row["index"]])} for row in elements.rows(order)],
        }
        return answer(found)


def _nearest(
    distances: Float64[np.ndarray, "K"] | Int64[np.ndarray, "K"], count: int
) -> Int64[np.ndarray, "n"]:
    """The elements of the smallest distances in order, those equally far by index; of a million at once."""
    if count >= distances.size:
        return np.argsort(distances, kind="stable")
    near = np.flatnonzero(distances <= np.partition(distances, count)[count])
    return near[np.argsort(distances[near], kind="stable")][:count]


def _ceiling(model: TrainedModel, draws: int) -> float:
    if model.target is None or model.target.is_everything:
        return expected_distinct(model.space.size, draws)
    return float(-np.expm1(draws * np.log1p(-np.minimum(model.target.q, 1 - 1e-16))).sum())
