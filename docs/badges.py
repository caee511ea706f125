"""Badges of what is checked, and the citation: from result files and from what the citation is made of."""

from html import escape
from pathlib import Path

from docs.metadata import citation_file
from fluxttice_core.evaluation.number_format import shown
from fluxttice_core.evaluation.report import Report
from fluxttice_core.storage.canonical_json import parse_json

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "images" / "badges"
_LETTER, _PADDING = 6.2, 10
_MET, _MISSED = "#2b6a3f", "#a3312a"


def badges(report: Report) -> dict[Path, str]:
    """Every badge by its path: the shipped model's gates, reach and hold-out, fuzzing, the core's size."""
    results = ROOT / "docs" / "results"
    fuzzed = parse_json((results / "fuzz.json").read_bytes(), name="fuzz.json")["parsers"].values()
    installed = parse_json((results / "installation.json").read_bytes(), name="installation.json")
    core = installed["installations"]["the core"]["megabytes"]
    failed = sum(parser["failed"] for parser in fuzzed)
    reach = min(report.metric("efficiency/argmax/50000", half).value for half in report.halves)
    exact = min(report.metric("table_accuracy/mean/held_out", half).value for half in report.halves)
    met = sum(result.passed for result in report.gates)
    said = {
        "gates": ("certified", f"{met} of {len(report.gates)} gates met", met == len(report.gates)),
        "reach": ("reach of the prior", f"{shown(reach, 'ratio')} of ideal", reach >= 0.98),
        "held-out": ("held-out operations", f"{shown(exact, 'fraction')} % exact", exact == 1.0),
        "fuzzed": ("fuzzed", f"{len(fuzzed)} parsers, {failed} failures", failed == 0),
        "core": ("core", f"{core:.0f} MB, no torch", core < 400),
    }
    return {
        FOLDER / f"{name}.svg": badge(what, finding, good=good)
        for name, (what, finding, good) in said.items()
    }


def badge(what: str, finding: str, *, good: bool) -> str:
    """A badge as SVG: what was checked, and what was found, green or red.

    Example:
        >>> badge("fuzzed", "11 parsers", good=True).count("<text")
        2
    """
    left, right = (round(len(text) * _LETTER + 2 * _PADDING) for text in (what, finding))
    colour = _MET if good else _MISSED
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{escape(what)}: {escape(finding)}">\n'
        f'<rect width="{left}" height="20" fill="#444"/>\n'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/>\n'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">\n'
        f'<text x="{left / 2:g}" y="14">{escape(what)}</text>\n'
        f'<text x="{left + right / 2:g}" y="14">{escape(finding)}</text>\n'
        "</g>\n</svg>\n"
    )


def citation() -> str:
    """The entry for BibTeX that CITATION.cff comes to."""
    cited = citation_file()
    authors = " and ".join(f"{{{author['name']}}}" for author in cited["authors"])
    fields = {
        "author": f"{{{authors}}}",
        "title": f"{{{cited['title']}}}",
        "version": f"{{{cited['version']}}}",
    }
    lines = [f"  {name:7} = {value}," for name, value in fields.items()]
    return "\n".join(
        ["```bibtex", "@software{fluxttice,", *lines, f"  note    = {{{cited['license']}}}", "}", "```", ""]
    )
