import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest

from fluxttice_core.server.api.reference_page import reference_page


class Page(HTMLParser):
    """Collects identifiers, addresses and open elements."""

    VOID = ("meta", "link", "br", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.identifiers: list[str] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.identifiers.append(value)
            if name in ("href", "src") and value:
                self.addresses.append(value)
            assert not name.startswith(("on", "style"))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(server: Any) -> Page:
    return Page(server.get("/docs").text)


def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere(page: Page, server: Any) -> None:
    assert page.open == []
    assert "script" not in page.tags
    assert "style" not in page.tags
    for address in page.addresses:
        assert not address.startswith("/")
        if address.startswith("#"):
            assert address[1:] in page.identifiers
        else:
            assert server.get(urljoin("/docs", address)).status_code == 200
    assert len(set(page.identifiers)) == len(page.identifiers)
    assert len(server.get("/docs").content) < 100_000
    assert "http" not in server.get("/docs/reference.css").text


def test_the_page_shows_every_endpoint_parameter_and_field(server: Any) -> None:
    text = server.get("/docs").text
    document = server.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, endpoint in methods.items():
            assert f"<code>{method.upper()} {path}</code>" in text
            assert all(f"<code>{p['name']}</code>" in text for p in endpoint.get("parameters", []))
    for schema in document["components"]["schemas"].values():
        assert all(f"<code>{name}</code>" in text for name in schema.get("properties", {}))


def test_the_root_leads_to_the_reference_where_there_is_no_page(server: Any) -> None:
    answer = server.get("/")
    assert answer.status_code == 307
    assert answer.headers["location"] == "docs"


def test_texts_are_escaped(server: Any) -> None:
    document = server.get("/openapi.json").json()
    document["info"]["description"] = "<script>alert(1)</script> & `a<b`"
    shown = reference_page(document)
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<code>a&lt;b</code>" in shown
    assert re.findall("`", shown) == []
