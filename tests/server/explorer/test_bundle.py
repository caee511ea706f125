"""What is left out of the page's modules before they are sent is nothing that a browser would run."""

import gzip
from collections.abc import Iterator

import pytest
from pygments.lexers import JavascriptLexer
from pygments.token import Comment

from fluxttice_core.server.explorer.bundle import joined_script, page_texts, without_comments

MODULES = {name: text for name, text in page_texts().items() if name.endswith(".js")}


def tokens(text: str) -> Iterator[tuple[object, str]]:
    """What a module says, as another reader of JavaScript sees it: neither comments nor blanks around it."""
    for kind, value in JavascriptLexer().get_tokens(text):
        if kind not in Comment and value.strip():
            yield kind, value


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_the_same_without_its_comments(name: str) -> None:
    kept = without_comments(MODULES[name])
    assert list(tokens(kept)) == list(tokens(MODULES[name]))
    assert not [line for line in kept.splitlines() if line.strip().startswith(("//", "/*", "* ")) or not line]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "/** What\n * for. */\nconst a = 1; // why\n\nf(); /* so */\n",
            "const a = 1; // why\nf(); /* so */\n",
        ),
        ("  // one\n  /* two */\nf(a / b, c /* d */);\n", "f(a / b, c /* d */);\n"),
        ("/* a */ f(); /* b */\ng();\n", "/* a */ f(); /* b */\ng();\n"),
    ],
)
def test_only_lines_of_nothing_else_are_left_out(text: str, kept: str) -> None:
    assert without_comments(text) == kept
    assert list(tokens(text)) == list(tokens(kept))


def test_what_only_looks_like_a_comment_would_be_seen_to_be_missing() -> None:
    text = "const shown = `\n// within a text\n`;\n"
    assert list(tokens(without_comments(text))) != list(tokens(text))


def test_less_is_sent() -> None:
    sent = joined_script(page_texts(), "source").encode()
    written = "".join(text for name, text in MODULES.items() if name.startswith("js/")).encode()
    assert len(gzip.compress(sent)) < 0.9 * len(gzip.compress(written))
