"""Reading requests: bounded bodies, strict JSON, and one clear sentence for whatever does not fit."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json
from starlette.datastructures import QueryParams
from starlette.requests import Request

from fluxttice_core.server.errors import RequestError, shorten
from fluxttice_core.server.limits import BATCH, Limits

Model = TypeVar("Model", bound=BaseModel)

_DRAIN_SECONDS = 2.0
_DRAINED = 32
_PARTS = 2**13
"""Most lists, objects and names in a body: reading more would keep everybody else waiting."""
_NAMES = 64
"""More names than any request has."""
_VALUES = 64 * BATCH + _NAMES
"""Most values in a body: a batch of latents of 64 numbers each, and all else."""
_READ_TWICE = 2**16
"""Bytes of the largest body that is read once more, to say which name was given twice."""
_NAME_ENDS = re.compile(rb'"[ \t\r\n]*:')
_NO_MARKS = bytes(set(range(256)) - set(b"[{:,"))


def body_size(request: Request, limits: Limits) -> int:
    """The bytes that a request's body may take: as many as it announces, or as are allowed."""
    announced = request.headers.get("content-length", "")
    return min(int(announced[:19]), limits.body_bytes) if announced.isdecimal() else limits.body_bytes


async def receive_json(request: Request, limits: Limits) -> bytes:
    """Receive a body that is announced as JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        said = shorten(kind) if kind else "of no named kind"
        message = f"the body is {said}: send JSON with the header Content-Type: application/json"
        raise RequestError(message, status=415, code="unsupported_media_type")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        message = f"the body is encoded as {shorten(encoding)}: send it as it is, without Content-Encoding"
        raise RequestError(message, status=415, code="unsupported_media_type")
    return await _read_body(request, limits)


def read_json(request: Request, model: type[Model]) -> Model:
    """Read the body that was received, `request.state.body`, as a model."""
    body: bytes = request.state.body
    # In one pass: each takes longer, of a large body, than most requests do.
    marks = body.translate(None, _NO_MARKS)
    if (commas := marks.count(b",")) > _VALUES or len(marks) - commas > _PARTS:
        message = (
            f"the body has more than {_PARTS:,} brackets, braces and colons, or more than {_VALUES:,} "
            "commas: send fewer at a time"
        )
        raise RequestError(message, code="too_many_inputs")
    try:
        value = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise RequestError(f"the body is no valid JSON: {error}", code="invalid_json") from None
    if not isinstance(value, dict):
        raise RequestError("the body must be a JSON object, such as {...}", code="invalid_json")
    if marks.count(b":") != len(value):
        _require_names_once(body, value)
    if len(value) > _NAMES:  # a sentence for each, of which one is shown, would take long
        raise _unknown(shorten(next(name for name in value if name not in model.model_fields)))
    return fit(model, value)


def _require_names_once(body: bytes, value: Mapping[str, Any]) -> None:
    """Refuse a body that gives a name twice, of which reading has left one.

    Behind each name stand a quotation mark and a colon, and elsewhere only in few texts.
    """
    if len(_NAME_ENDS.findall(body)) == len(value):
        return
    if len(body) > _READ_TWICE:
        message = (
            "the body gives a name twice, or has an object within its object or a text with a colon right "
            "behind a quotation mark: give each name once, and leave the others out of so large a body"
        )
        raise RequestError(message, code="duplicate_argument")
    json.loads(body, object_pairs_hook=_each_once, parse_int=str)


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object that gives a name twice: readers of JSON differ in which of the values they take."""
    if len(dict(pairs)) != len(pairs):
        name, times = Counter(name for name, _ in pairs).most_common(1)[0]
        said = shorten(name)
        raise RequestError(
            f"{said} was given {times} times: give it once", param=said, code="duplicate_argument"
        )


async def _read_body(request: Request, limits: Limits) -> bytes:
    """Read a request's body, no more than allowed and no longer than allowed."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:19]) > limits.body_bytes:
        raise await _too_large(request, limits)
    try:
        async with asyncio.timeout(limits.body_seconds):
            return await _collect(request, limits)
    except TimeoutError:
        message = f"the body did not arrive within {limits.body_seconds:g} seconds: send it faster, or less"
        raise RequestError(message, status=408, code="request_timeout", close=True) from None


def fit(model: type[Model], value: Mapping[str, Any]) -> Model:
    """Read plain values as a model; the error names the first misfit."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _validation_error(error.errors(include_url=False, include_context=False)[0]) from None


def read_query(query: QueryParams, model: type[Model]) -> Model:
    """Read a query string as a model; fields that are lists may be given several times."""
    lists = {
        field.alias or name for name, field in model.model_fields.items() if isinstance(field.default, tuple)
    }
    values: dict[str, Any] = {}
    for name in query:
        given = query.getlist(name)
        if name not in lists and len(given) > 1:
            shown = shorten(name)
            message = f"{shown} was given {len(given)} times: give it once"
            raise RequestError(message, param=shown, code="duplicate_argument")
        values[name] = given if name in lists else given[0]
    return fit(model, values)


async def _collect(request: Request, limits: Limits) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise RequestError("the client left before the body was complete", code="client_left", close=True)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limits.body_bytes:
            raise await _too_large(request, limits)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _too_large(request: Request, limits: Limits) -> RequestError:
    """Let a client finish for a moment: one that is cut off while it sends never reads why.

    A client that waits to be told to go on has sent nothing yet, and is not told.
    """
    left, more = _DRAINED * limits.body_bytes, "expect" not in request.headers
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while more and left > 0:
                message = await request.receive()
                left -= len(message.get("body", b""))
                more = message.get("more_body", False)
    said = f"the body is larger than {limits.body_bytes:,} bytes: send fewer operations at a time"
    return RequestError(said, status=413, code="body_too_large", close=True)


def _validation_error(error: ErrorDetails) -> RequestError:
    place = ".".join(shorten(str(part)) for part in error["loc"])
    if error["type"] == "missing":
        return RequestError(f"{place} is missing: the request must give it", param=place, code="missing")
    if error["type"] == "extra_forbidden":
        return _unknown(place)
    message = error["msg"].removeprefix("Value error, ")
    said = f"{place}: {message}" if place else message
    return RequestError(said, param=place or None, code="invalid_value")


def _unknown(place: str) -> RequestError:
    return RequestError(f"{place} is unknown here: leave it out", param=place, code="unknown_argument")
