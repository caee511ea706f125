"""The drawings of a certificate: nothing in them runs or is fetched, and they show what the report gives.

Two drawings are compared by their structure and by the numbers in it, since the bytes of an equal drawing
differ between processors and releases of the drawing library.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

import numpy as np

from fluxttice_core.certification.finding import Finding
from fluxttice_core.certification.folder_names import REPORT
from fluxttice_core.errors import RecordError
from fluxttice_core.shapes import Float64

_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_DRAWN = frozenset(
    f"{_SVG}{name}" for name in ("svg", "defs", "style", "g", "path", "use", "clipPath", "rect")
)
_METADATA = re.compile(r"\{[^}]*\}(metadata|RDF|Work|type|format|description)")
_PLACES = frozenset({"d", "transform", "x", "y", "width", "height", "viewBox"})
_ATTRIBUTES = _PLACES | {"id", "style", "clip-path", "version", "type", _LINK}
_RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"
_FETCHED = re.compile(r"url\((?!#[\w-]+\))|@|\\|:\s*//", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_DIGEST = re.compile(r"\b[mp][0-9a-f]{10}\b")
_SHOWN = 40
_AS_SEEN = 2.5
"""Points of a page by which a line may lie elsewhere: a release simplifies curves otherwise than the next."""


def read_drawing(data: bytes, *, name: str) -> list[ET.Element]:
    """The elements of a drawing, without what describes it; refused if anything in it is no shape."""
    if b"<!ENTITY" in data or b"<?" in data[5:]:
        raise _refusal(name, "an entity or an instruction")
    try:
        # As text, so that no declared encoding makes it something else than was looked at.
        root = ET.fromstring(data.decode())  # noqa: S314 -- at most 4 MiB, without entities
    except (ET.ParseError, ValueError):
        raise RecordError(f"{name} is no SVG drawing: get the folder again", "damaged_file") from None
    for element in root.iter():
        fault = _fault(element)
        if fault is not None:
            raise _refusal(name, fault)
    return [element for element in root.iter() if element.tag in _DRAWN]


def _fault(element: ET.Element) -> str | None:
    """What in an element no drawing has."""
    tag, words = element.tag, (element.text or "").strip()
    if _METADATA.fullmatch(tag):
        return None if element.attrib.keys() <= {_RESOURCE} else f"attributes of {tag.rpartition('}')[2]}"
    if tag not in _DRAWN:
        return f"the element {tag.rpartition('}')[2]}"
    if words and (tag != f"{_SVG}style" or _FETCHED.search(words)):
        return f"the words {words[:_SHOWN]}"
    for attribute, value in element.items():
        linked = attribute == _LINK and not value.startswith("#")
        if attribute not in _ATTRIBUTES or linked or _FETCHED.search(value):
            return f"{attribute.rpartition('}')[2]}={value[:_SHOWN]}"
    return None


def _refusal(name: str, what: str) -> RecordError:
    return RecordError(
        f"{name} holds {what}, as no drawing of a certificate does: get the folder again from its publisher",
        "unsafe_file",
    )


def compared(stated: Mapping[str, bytes], due: Mapping[str, bytes]) -> Finding:
    """Whether drawings are those that the report gives, as far as they can be compared here."""
    shown = {name: _parts(data, name) for name, data in stated.items()}
    again = {name: _parts(data, name) for name, data in due.items()}
    others = [name for name in shown if name not in again or shown[name][0] != again[name][0]]
    if others:
        how = f"drawn otherwise than this program and its drawing library do: {', '.join(others)}"
        return Finding("pictures", "claimed", f"what the drawings show; they cannot be compared, as {how}")
    for name, (_, numbers) in shown.items():
        if not np.allclose(numbers, again[name][1], rtol=0, atol=_AS_SEEN):
            said = f"{name} does not show the numbers of {REPORT}"
            return Finding("pictures", "fails", said, code="contradictory_report")
    return Finding("pictures", "proved", f"drawn again from {REPORT}, they look the same: {', '.join(shown)}")


def _parts(data: bytes, name: str) -> tuple[list[str], Float64[np.ndarray, "n"]]:
    """A drawing's structure, and the numbers that place it; ids that are digests by their first place."""
    ids: dict[str, str] = {}
    structure: list[str] = []
    numbers: list[float] = []
    for element in read_drawing(data, name=name):
        structure += [element.tag, (element.text or "").strip()]
        for attribute, value in sorted(element.items()):
            if attribute in _PLACES:
                numbers += map(float, _NUMBER.findall(value))
            plain = _NUMBER.sub("", value) if attribute in _PLACES else value
            structure += [
                attribute,
                _DIGEST.sub(lambda found: ids.setdefault(found[0], str(len(ids))), plain),
            ]
    return structure, np.array(numbers)
