"""Latents as clients write them: rows of numbers, or base64 as embeddings give it."""

import binascii
from base64 import b64decode
from functools import cache
from typing import Annotated, Any

import numpy as np
from pydantic import FailFast, Field, TypeAdapter, ValidationError

from fluxttice_core.server.api.requests import LATENTS
from fluxttice_core.server.errors import RequestError
from fluxttice_core.server.limits import BATCH, LARGEST_LATENT
from fluxttice_core.shapes import Float32

_Number = Annotated[float, Field(strict=True, ge=-LARGEST_LATENT, le=LARGEST_LATENT)]


@cache
def _rows_of(latents: int) -> Any:
    row = Annotated[list[_Number], Field(min_length=latents, max_length=latents), FailFast()]
    return TypeAdapter(Annotated[list[row], Field(min_length=1, max_length=BATCH), FailFast()])


def _forms(latents: int) -> str:
    return (
        f"give {latents} numbers, the base64 of {latents} little-endian float32 numbers, or a list of up to "
        f"{BATCH:,} of either"
    )


def read_latents(value: Any, place: str, latents: int = LATENTS) -> Float32[np.ndarray, "n {latents}"]:
    """Read one latent or a batch of them, each of so many numbers."""
    if isinstance(value, str):
        return _from_base64([value], place, latents)
    if not isinstance(value, list) or not value:
        raise _invalid(f"{place} holds no latents: {_forms(latents)}", place)
    if isinstance(value[0], str):
        return _from_base64(value, place, latents)
    rows = value if isinstance(value[0], list) else [value]
    try:
        return np.array(_rows_of(latents).validate_python(rows), dtype=np.float32)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join([place, *map(str, first["loc"])])
        raise _invalid(f"{where}: {first['msg']}; {_forms(latents)}", where) from None


def read_latent(value: Any, place: str, latents: int = LATENTS) -> Float32[np.ndarray, "{latents}"]:
    """Read exactly one latent."""
    rows = read_latents(value, place, latents)
    if len(rows) != 1:
        raise _invalid(f"{place} holds {len(rows)} latents: give one", place)
    return np.asarray(rows[0])


def _from_base64(texts: list[Any], place: str, latents: int) -> Float32[np.ndarray, "n d"]:
    if len(texts) > BATCH:
        raise RequestError(
            f"{place} holds {len(texts):,} latents: {_forms(latents)}", param=place, code="too_many_inputs"
        )
    rows = np.stack([_row_from_base64(text, f"{place}.{i}", latents) for i, text in enumerate(texts)])
    outside = ~(np.abs(rows) <= LARGEST_LATENT).all(axis=1)
    if outside.any():
        where = f"{place}.{int(outside.argmax())}"
        beyond = f"not finite or beyond {LARGEST_LATENT:,.0f}"
        raise _invalid(f"{where} holds a number that is {beyond}: {_forms(latents)}", where)
    return rows


def _invalid(message: str, place: str) -> RequestError:
    return RequestError(message, param=place, code="invalid_latents")


def _row_from_base64(text: Any, place: str, latents: int) -> Float32[np.ndarray, "d"]:
    try:
        data = b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != 4 * latents:
        raise _invalid(f"{place} is no such base64: {_forms(latents)}", place)
    return np.frombuffer(data, dtype="<f4").astype(np.float32)
