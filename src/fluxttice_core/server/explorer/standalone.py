"""The explorer as one file that needs no server: its scripts, styles and data within the page itself."""

import base64
import gzip
import hashlib
import json
import re

from fluxttice_core.errors import SettingsError
from fluxttice_core.server.explorer.bundle import joined_script, joined_styles, page_text, page_texts
from fluxttice_core.server.explorer.pages import documents
from fluxttice_core.server.explorer.report import Drawing, ReportFigures
from fluxttice_core.server.served_model import Served

_EARLY = ("manifest.json", "split.safetensors", "layout_b.safetensors")
"""What the map is painted from: it stands before the script, so that painting need not wait for the rest."""
_LINKED = re.compile(r' *<(link rel="(stylesheet|preload)".*?/|script .*?</script)>\n')
# What only a page at a server has is marked in index.html.
_SERVED = re.compile(r"\s*<(\w+) data-served\b.*?</\1>", re.DOTALL)
_NOTE = (
    '<span class="subtitle" title="This copy of the explorer works by itself. The API is at a server, which '
    'fluxttice serve starts.">copy without a server</span>'
)


def standalone_page(served: Served, draw: Drawing | None = None) -> bytes:
    """Write the explorer of a model as a page that also works when it is opened from a disk.

    Its content security policy forbids every request, to its own host as well.
    """
    require_standalone(served)
    files = page_texts()
    script, style = joined_script(files, "embedded"), joined_styles(files)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data: blob:; "
        "worker-src blob:; base-uri 'none'; form-action 'none'"
    )
    packed = {name: _packed(name, data) for name, data in _data(served, draw).items()}
    early = "".join(packed.pop(name) for name in _EARLY)
    icon = f"data:image/svg+xml;base64,{base64.b64encode(files['icon.svg'].encode()).decode()}"
    page = _SERVED.sub("", _LINKED.sub("", page_text(files, "index"))).replace("explorer/icon.svg", icon)
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}" />\n<style>{style}</style>\n'
    tail = f'{early}<script id="script">{script}</script>\n{"".join(packed.values())}'
    for mark, added in (("<title>", head), ("</nav>", _NOTE), ("</body>", tail)):
        page = page.replace(mark, added + mark, 1)
    return page.encode()


def require_standalone(served: Served) -> None:
    """Refuse a model whose explorer cannot do without a server."""
    if not served.has_algebra:
        space = served.model.space
        raise SettingsError(
            "the explorer of the two-input ternary operations alone can be a file, and that of "
            f"{space.describe()} asks its server for what it shows: show it with `fluxttice serve`",
            "unsupported",
        )


def _data(served: Served, draw: Drawing | None) -> dict[str, bytes]:
    figures = ReportFigures(served, draw)
    data = {name: make() for name, make in documents(served).items()} | {"figures.json": figures.listed()}
    return data | {f"{one['name']}.svg": figures.get(one["name"]) for one in json.loads(data["figures.json"])}


def _packed(name: str, data: bytes) -> str:
    text = base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()
    return f'<script type="application/gzip" id="data-{name}">{text}</script>\n'


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
