import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fluxttice_core.server.access import Access
from fluxttice_core.server.api.endpoint import Endpoint
from fluxttice_core.server.counters import Metrics
from fluxttice_core.server.limits import Limits
from fluxttice_core.server.middleware import SECURITY_HEADERS, RequestMiddleware
from fluxttice_core.server.served_model import Served

KEY = "correct-horse-battery"


async def hello(request: Any) -> Response:
    return PlainTextResponse("hello", headers={"cache-control": "max-age=60"})


async def sleep(request: Any) -> Response:
    await asyncio.sleep(30)
    return PlainTextResponse("never")


async def fail(request: Any) -> Response:
    raise RuntimeError("a secret of the server")


PAGES = [Route("/hello", hello), Route("/sleep", sleep), Route("/fail", fail)]


@pytest.fixture(scope="module")
def locked(serving: Any) -> Any:
    with serving(key=KEY, pages=PAGES) as server:
        yield server


@pytest.mark.parametrize(
    "path", ["/v1/models", "/v1/nothing", "/healthz", "/docs", "/openapi.json", "/metrics", "/"]
)
def test_every_answer_has_the_security_headers_and_none_for_other_origins(server: Any, path: str) -> None:
    asked = {"origin": "https://example.org", "access-control-request-method": "POST"}
    for answer in (
        server.client.options("/v1/embeddings", headers=asked),
        server.client.get(path, headers=asked),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]
    for name, value in SECURITY_HEADERS.items():
        expected = "no-cache" if name == "cache-control" and path in ("/docs", "/openapi.json") else value
        assert answer.headers[name] == expected
    assert "server" not in answer.headers


def test_every_endpoint_but_health_needs_the_key(locked: Any, endpoints: list[Endpoint]) -> None:
    for endpoint in endpoints:
        path = endpoint.path.replace("{id}", "min")
        answer = locked.client.request(endpoint.method, path)
        assert (answer.status_code == 401) is not endpoint.open, endpoint.path
    assert [endpoint.path for endpoint in endpoints if endpoint.open] == ["/healthz"]


@pytest.mark.parametrize(
    "given",
    [None, "", KEY, f"Basic {KEY}", "Bearer", f"Bearer {KEY[:-1]}", f"Bearer {KEY}x", "Bearer caf\xe9"],
)
def test_another_key_is_refused(locked: Any, given: str | None) -> None:
    headers = {} if given is None else {"authorization": given.encode("latin-1")}
    answer = locked.client.get("/v1/models", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "invalid_api_key"
    assert KEY not in answer.text


@pytest.mark.parametrize("path", ["/v1/models", "/metrics", "/v1/operations/min"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_key_opens(locked: Any, path: str, scheme: str) -> None:
    assert locked.client.get(path, headers={"authorization": f"{scheme} {KEY}"}).status_code == 200


def test_pages_need_no_key_and_keep_their_own_headers(locked: Any) -> None:
    answer = locked.get("/hello")
    assert answer.text == "hello"
    assert answer.headers["cache-control"] == "max-age=60"
    assert answer.headers["content-security-policy"] == SECURITY_HEADERS["content-security-policy"]
    assert locked.get("/docs").status_code == 200


def test_an_answer_that_takes_too_long_is_given_up(serving: Any) -> None:
    with serving(limits=Limits(body_seconds=0.1, answer_seconds=0.1), pages=PAGES) as server:
        answer = server.refuses("/sleep", status=503, code="overloaded", type="server_error")
        assert server.get("/hello").status_code == 200
    assert answer.headers["retry-after"] == "1"


def test_a_failure_is_confessed_without_its_details(locked: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, logger="uvicorn.error"):
        answer = locked.refuses("/fail", status=500, code="failed")
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_only_requests_pass_the_gate(served: Served) -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def unused(*_: Any) -> Any: ...

    middleware = RequestMiddleware(
        app, routes={}, access=Access((KEY,)), limits=Limits(), metrics=Metrics(served.model)
    )
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(middleware({"type": "lifespan"}, unused, unused))).result()
    assert seen == ["lifespan"]


def openapi_servers(server: Any, **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.client.get("/openapi.json", headers=given).json()["servers"]


def test_only_a_trusted_proxy_is_believed(
    serving: Any, server: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    said = {"x_forwarded_prefix": "/flux", "x_forwarded_for": "203.0.113.9, 10.1.1.1"}
    assert openapi_servers(server, **said) == [{"url": "/"}]
    with serving(proxies=("127.0.0.0/8", "10.0.0.0/8"), log="json") as behind:
        assert openapi_servers(behind, **said) == [{"url": "/flux"}]
        assert openapi_servers(behind, x_forwarded_prefix="//evil") == [{"url": "/"}]
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["client"] for line in lines] == ["203.0.113.9", "127.0.0.1"]


@pytest.mark.parametrize("prefix", ["", "/flux"])
def test_below_a_root_path_everything_is_found_and_guarded(serving: Any, prefix: str) -> None:
    with serving(root_path="/flux", key=KEY) as behind:
        assert behind.get(f"{prefix}/healthz").status_code == 200
        assert behind.get(f"{prefix}/v1/models").status_code == 401
        assert behind.get(f"{prefix}/openapi.json").json()["servers"] == [{"url": "/flux"}]


def test_a_root_path_without_its_slash_leads_to_the_front_page(serving: Any) -> None:
    with serving(root_path="/lab/flux") as behind:
        answer = behind.get("/lab/flux")
        assert (answer.status_code, answer.headers["location"]) == (307, "flux/")
        assert str(answer.url.join("flux/")).endswith("/lab/flux/")
        assert behind.get("/lab/flux/").status_code == 307  # to the reference, since this server has no page
        behind.refuses("/lab/fluxes", status=404, code="not_found")


def test_a_request_keeps_its_id_or_is_given_one(server: Any) -> None:
    for given, kept in (("run-7.a", True), ("x" * 129, False), ("a b", False), ('"', False)):
        answer = server.client.get("/v1/nothing", headers={"x-request-id": given})
        assert (answer.headers["x-request-id"] == given) is kept
    ids = {server.get("/healthz").headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5


def test_other_origins_are_let_in_where_that_is_asked_for(serving: Any) -> None:
    origin = "https://lab.example"
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    with serving(origins=(origin,), key=KEY) as server:
        for given, allowed in ((origin, origin), ("https://evil.example", None)):
            headers = {"origin": given}
            before = server.client.options("/v1/embeddings", headers=headers | asked)
            assert before.headers.get("access-control-allow-origin") == allowed
            refused = server.client.get("/v1/models", headers=headers)
            assert refused.status_code == 401
            assert refused.headers.get("access-control-allow-origin") == allowed


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/v1/v1/embeddings", "/v1/embeddings"),
        ("/v1/embeddings/", "/v1/embeddings"),
        ("/embeddings", "/v1/embeddings"),
        ("/v1/model", "/v1/models"),
        ("/nothing-like-it", None),
    ],
)
def test_a_path_that_nearly_is_one_is_told_the_right_one(server: Any, path: str, meant: str | None) -> None:
    hint = f"did you mean {meant}?" if meant else "see /docs"
    server.refuses(path, status=404, code="not_found", says=hint)


def test_a_model_may_have_another_name(serving: Any) -> None:
    with serving(aliases={"text-embedding-3-small": "fluxttice-b"}) as server:
        asked = {"model": "text-embedding-3-small", "input": "min"}
        known = server.post("/v1/embeddings", {**asked, "model": "fluxttice-b"}).json()
        assert server.post("/v1/embeddings", asked).json()["data"] == known["data"]
        assert "text-embedding-3-small" in [one["id"] for one in server.get("/v1/models").json()["data"]]


def test_an_encoding_that_is_not_read_is_refused_by_name(server: Any) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = server.client.post("/v1/embeddings", content=b"x", headers=headers)
    assert answer.status_code == 415
    assert "without Content-Encoding" in answer.json()["error"]["message"]
