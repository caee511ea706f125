"""The rival of `fluxttice serve`: Starlette and uvicorn, answering every request with the same bytes.

Run with the number of bytes; prints its address, then serves until it is ended.
"""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fluxttice_core.server.run import address_of, bind


def application(size: int) -> Starlette:
    """An application that reads a request's body and sends so many bytes."""
    body = b"x" * size

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/v1/embeddings", answer, methods=["POST"])])


def main() -> None:
    """Serve on a port that the system chooses."""
    listening = bind("127.0.0.1", 0)
    print(f"Serving {address_of(listening)}/", flush=True)
    config = uvicorn.Config(application(int(sys.argv[1])), log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
