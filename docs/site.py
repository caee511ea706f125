"""The documentation as a site: `make site`. The same pages as on a code host, laid out for a generator.

That is mkdocs with the theme material: its search asks nobody, and a link that leads nowhere ends the build.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "build" / "pages"
_ADDRESS = "https://github.com/fluxttice/fluxttice/blob/main/"
_MOVED = {"README.md": "index.md", "CHANGELOG.md": "CHANGELOG.md", "CONTRIBUTING.md": "CONTRIBUTING.md"}
_MOVED |= {"data/README.md": "data/README.md"}
_LINK = re.compile(r"(?P<before>\]\()(?!\w+:|#)(?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?(?P<after>\))")


def laid_out(pages: Path = PAGES) -> None:
    """Put every page, figure and image into a folder, with links that hold there."""
    shutil.rmtree(pages, ignore_errors=True)
    places = {ROOT / source: pages / target for source, target in _MOVED.items()}
    for source in sorted((ROOT / "docs").rglob("*")):
        if source.suffix in {".md", ".svg", ".png"}:
            places[source] = pages / source.relative_to(ROOT / "docs")
    for source, place in places.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".md":
            place.write_text(_moved(source, place, places), encoding="utf-8")
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


def main() -> None:
    """Lay the pages out and build the site; a link or an anchor that leads nowhere ends it."""
    laid_out()
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"], cwd=ROOT, check=True)
    print("wrote build/site: open build/site/index.html, or put the folder on any web host")


if __name__ == "__main__":
    main()
