"""Errors that end a request, in the shape that clients of OpenAI's API expect."""

from pydantic_core import to_json
from starlette.responses import Response
from typing_extensions import TypedDict

from fluxttice_core.errors import FluxtticeError

_SHOWN = 60


class RequestError(FluxtticeError):
    """A request that cannot be served, `param` being the part of it that was wrong.

    `code` is the answer's word for programs, while the error's own code is bad_request; `close` ends the
    connection with the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        close: bool = False,
    ) -> None:
        super().__init__(message, "bad_request")
        self.status, self.param, self.word, self.close = status, param, code, close


class ErrorDetail(TypedDict):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorAnswer(TypedDict):
    """The body of every answer that is no success."""

    error: ErrorDetail


def error_body(message: str, status: int, param: str | None = None, code: str | None = None) -> bytes:
    """Write an error as JSON."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    answer: ErrorAnswer = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return to_json(answer)


def error_response(error: RequestError) -> Response:
    """Answer with an error."""
    param = None if error.param is None else shorten(error.param)
    headers = {"connection": "close"} if error.close else {}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.status == 503:
        headers["retry-after"] = "1"
    return Response(
        error_body(str(error), error.status, param, error.word),
        status_code=error.status,
        headers=headers,
        media_type="application/json",
    )


def shorten(text: str) -> str:
    """A text of a client, short enough to be shown."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
