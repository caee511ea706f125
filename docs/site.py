"""The documentation as a site: `make site`. The same pages as on a code host, laid out for a generator.

That is mkdocs with the theme material: its search asks nobody, and works from a disk as well; a link that
leads nowhere ends the build. The paper is built with the site, and links to its source lead to it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from paper.build import SOURCE, built

ROOT = Path(__file__).resolve().parent.parent
MENU = ROOT / "mkdocs.yml"
_ADDRESS = "https://github.com/fluxttice/fluxttice/blob/main/"
_MOVED = {"README.md": "index.md", "CHANGELOG.md": "CHANGELOG.md", "CONTRIBUTING.md": "CONTRIBUTING.md"}
_MOVED |= {"data/README.md": "data/operations.md", "paper/checklist.md": "paper/checklist.md"}
_PAPER = "paper/paper.pdf"
_LINK = re.compile(r"(?P<before>\]\()(?!\w+:|#)(?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?(?P<after>\))")


def laid_out(pages: Path) -> None:
    """Put the paper and every page, figure, image and script into a folder, with links that hold there."""
    shutil.rmtree(pages, ignore_errors=True)
    places = {ROOT / source: pages / target for source, target in _MOVED.items()} | {SOURCE: pages / _PAPER}
    for source in sorted((ROOT / "docs").rglob("*")):
        if source.suffix in {".md", ".svg", ".png", ".js"}:
            places[source] = pages / source.relative_to(ROOT / "docs")
    for source, place in places.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".md":
            place.write_text(_moved(source, place, places), encoding="utf-8")
        elif source == SOURCE:
            place.write_bytes(built())
        else:
            shutil.copyfile(source, place)


def _moved(source: Path, place: Path, places: dict[Path, Path]) -> str:
    """The text of a page, its links leading to the places of pages, and to the repository for all else."""

    def link(found: re.Match[str]) -> str:
        target = (source.parent / found["target"]).resolve()
        if target in places:
            address = Path(os.path.relpath(places[target], place.parent)).as_posix()
        elif target.exists():
            address = _ADDRESS + target.relative_to(ROOT).as_posix()
        else:
            return found[0]
        return f"{found['before']}{address}{found['anchor'] or ''}{found['after']}"

    return _LINK.sub(link, source.read_text(encoding="utf-8"))


def build(folder: Path) -> Path:
    """Lay the pages out in a folder and build the site beside them; a link that leads nowhere ends it."""
    laid_out(folder / "pages")
    settings = {"INHERIT": str(MENU), "docs_dir": "pages", "site_dir": "site"}
    (folder / MENU.name).write_text(json.dumps(settings), encoding="utf-8")
    told = ["--strict", "--quiet", "--config-file", str(folder / MENU.name)]
    # The theme advertises its successor in every build.
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    subprocess.run([sys.executable, "-m", "mkdocs", "build", *told], check=True, env=quiet)  # noqa: S603
    return folder / "site"


def main() -> None:
    """Build the site where `make site` has it."""
    build(ROOT / "build")
    print("wrote build/site, the paper in it: open build/site/index.html, or put the folder on any web host")


if __name__ == "__main__":
    main()
