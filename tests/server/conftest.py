"""Real servers on ports that the system chooses, each stopped when its test ends."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from starlette.applications import Starlette
from starlette.routing import BaseRoute

import fluxttice_core as fx
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.server.access import Access
from fluxttice_core.server.api.endpoint import AppState, Endpoint
from fluxttice_core.server.app import create_app, list_endpoints
from fluxttice_core.server.counters import Metrics
from fluxttice_core.server.limits import Limits
from fluxttice_core.server.run import address_of, bind, listeners, make_server
from fluxttice_core.server.served_model import Served, prepare, serve_model
from fluxttice_core.server.turns import Turns
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.pretrained import in_memory

NOWHERE = Path("no report is here")
SMALL = {"latent_dim": 4, "encoder_widths": [16], "exploratory_widths": [16], "consolidating_width": 16}


@dataclass(frozen=True)
class RunningServer:
    url: str
    port: int
    app: Starlette
    client: httpx.Client

    def post(self, path: str, value: object) -> httpx.Response:
        return self.client.post(path, json=value)

    def send(self, path: str, body: bytes | str) -> httpx.Response:
        """Post what may be JSON as it is written."""
        return self.client.post(path, content=body, headers={"content-type": "application/json"})

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def refuses(
        self, path: str, value: object = None, status: int = 400, says: str = "", **error: object
    ) -> httpx.Response:
        """Ask for a path, by POST if there is something to send, and be refused with such an error."""
        if isinstance(value, bytes):
            answer = self.send(path, value)
        else:
            answer = self.get(path) if value is None else self.post(path, value)
        found = answer.json()["error"]
        assert answer.status_code == status, answer.text
        assert {key: found[key] for key in error} == error
        assert says in found["message"]
        return answer


Serving = Callable[..., AbstractContextManager[RunningServer]]


@contextmanager
def running(app: Starlette, port: int = 0) -> Iterator[RunningServer]:
    listening = bind("127.0.0.1", port)
    server = make_server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": listeners(listening)})
    try:
        thread.start()
        until = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < until
            time.sleep(0.01)
        address = address_of(listening)
        # Nothing here is encrypted, and reading the world's certificates takes longer than most tests.
        with httpx.Client(
            base_url=address, timeout=30, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False
        ) as client:
            yield RunningServer(address, listening.getsockname()[1], app, client)
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
    assert not thread.is_alive()


@pytest.fixture(scope="session")
def start() -> Callable[[Starlette], AbstractContextManager[RunningServer]]:
    """Starts the server of any application."""
    return running


@pytest.fixture(scope="session")
def served() -> Served:
    return serve_model()


@pytest.fixture(scope="session")
def reported(served: Served) -> Served:
    """A model with a report to show: that of the original program's weights serves for any."""
    result = Path(__file__).parents[2] / "docs" / "results" / "original.json"
    return replace(served, report=result.read_bytes())


@pytest.fixture(scope="session")
def endpoints(served: Served) -> list[Endpoint]:
    return list_endpoints(AppState(served, Limits(), Metrics(served.model), Turns(Limits())))


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A model of the DNA words of three letters, briefly trained on 40 of the 64, the later the likelier."""
    target = Target.of(space_of("dna:3"), range(40), range(1, 41))
    quick = ("epochs=2", "reach.draws=100", "calibration.draws=1000", "transport.amortisation.epochs=5")
    sizes = (f"architecture.{name}={value}" for name, value in SMALL.items())
    folder = tmp_path_factory.mktemp("words") / "run"
    fx.train(space="dna:3", data=target, overrides=(*sizes, *quick), out=folder)
    return serve_model(folder)


def untrained(name: str) -> Served:
    """A network of any space that has learned nothing, which is enough to ask for its elements."""
    shape = Architecture.model_validate({"space": name, **SMALL})
    network = DualVAE.initialised(shape, torch.Generator().manual_seed(0))
    settings = {"recipe": {"name": "standard", "split_seed": 42}, "seed": 0}
    return prepare(in_memory(network, settings=settings, epoch=1, rho=0.0), NOWHERE)


@pytest.fixture(scope="session")
def server(served: Served) -> Iterator[RunningServer]:
    with running(create_app(served)) as started:
        yield started


@pytest.fixture(scope="session")
def serving(served: Served) -> Serving:
    """Starts servers of other kinds."""

    @contextmanager
    def start(
        limits: Limits | None = None,
        key: str | None = None,
        pages: Sequence[BaseRoute] = (),
        **access: Any,
    ) -> Iterator[RunningServer]:
        access["keys"] = access.get("keys", ()) if key is None else (key,)
        app = create_app(served, limits=limits, access=Access(**access), pages=pages)
        with running(app) as started:
            yield started

    return start
