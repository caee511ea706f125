"""Every parser of what strangers write, as a function of bytes, with the pieces that mean something to it."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import typer

from fluxttice_core.audit.counted import Beside, Counted, count_samples
from fluxttice_core.audit.draws import Reading
from fluxttice_core.audit.rows import ElementRows, read_rows
from fluxttice_core.certification.keys import load_private_key, load_public_key
from fluxttice_core.certification.model_card import model_card
from fluxttice_core.certification.openssf_format import read_bundle, read_statement
from fluxttice_core.certification.origin import imported_from
from fluxttice_core.certification.report_check import require_complete, require_facts_of
from fluxttice_core.certification.selection import read_ranking
from fluxttice_core.cli.audit import audit
from fluxttice_core.errors import FluxtticeError, MeasurementError
from fluxttice_core.evaluation.result_file import read_result
from fluxttice_core.evaluation.result_schema import schema_fault, upgraded
from fluxttice_core.operations.reading import read_operation
from fluxttice_core.spaces.notation import parse
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.storage import checkpoint
from fluxttice_core.storage.canonical_json import canonical_json, json_digest, parse_json
from fluxttice_core.storage.model_file import read_stored
from fluxttice_core.storage.original_checkpoint import read_legacy
from fluxttice_core.storage.target_tensors import parse_target
from fluxttice_core.training.recipe import load_recipe
from fluxttice_core.training.run import Run
from tests.fuzz import corpus
from tests.fuzz.bare_readers import read_cells, read_law
from tests.fuzz.kept_engine import kept_engine

SPACES = (
    OperationSpace(),
    OperationSpace(2, 3),
    OperationSpace(4, 1),
    OperationSpace(3, 3),
    OperationSpace(2),
)
LONGEST_SENTENCE = 4_001


@dataclass(frozen=True)
class Parser:
    """A parser under fuzzing, which reads bytes by way of a file in the folder where it reads files."""

    read: Callable[[bytes, Path], object]
    seeds: Callable[[], list[bytes]]  # inputs to begin with, most of them valid
    tokens: tuple[bytes, ...]  # pieces that mean something to it
    longest: int  # bytes of the longest input
    prefix: int = 0  # bytes at the start that choose how the rest is wrapped
    costly: int = 1  # how many times fewer inputs it is given than others
    # What is open in the folder while inputs are read.
    around: Callable[[Path], contextlib.AbstractContextManager[object]] = contextlib.nullcontext

    def accepts(self, data: bytes, folder: Path) -> bool:
        """Whether the input is read; if not, it was refused as documented, with one printable sentence."""
        try:
            self.read(data, folder)
        except FluxtticeError as error:
            sentence = str(error)
            if not (sentence.isprintable() and 0 < len(sentence) <= LONGEST_SENTENCE):
                raise AssertionError(f"no clear sentence: {sentence[:500]!r}") from error
            return False
        return True


def _written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _mode(data: bytes) -> tuple[int, bytes]:
    return (data[0], data[1:]) if data else (0, b"")


def read_notation(data: bytes, _folder: Path) -> None:
    mode, rest = _mode(data)
    space = SPACES[mode % len(SPACES)]
    text = rest.decode("utf-8", "surrogateescape")
    if mode & 64:
        read_operation(text, 1 + mode % 2)
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    indices = parse(space, value)
    if indices.size and not 0 <= int(indices.min()) <= int(indices.max()) < space.size:
        raise AssertionError(f"{indices} lie outside the space")


def read_recipe(data: bytes, folder: Path) -> None:
    mode, rest = _mode(data)
    if mode == ord("="):
        overrides = rest.decode("utf-8", "surrogateescape").split("\n")
        load_recipe(_written(folder, "small.yaml", corpus.SMALL_RECIPE), overrides[:4])
    else:
        load_recipe(_written(folder, "recipe.yaml", rest))


def read_result_file(data: bytes, folder: Path) -> None:
    mode, rest = _mode(data)
    if mode == ord("="):
        # A result whose settings are the digested ones, so that what follows is read too.
        rest = _with_settings_digested(rest)
    read_result(_written(folder, "report.json", rest))


def read_certificate(data: bytes, _folder: Path) -> None:
    mode, rest = data[:1], data[1:]
    if mode == b"s":
        read_ranking(parse_json(rest, name="it"), draws=131_072, seed=0)
    elif mode == b"q":
        read_ranking(parse_json(rest, name="it"), draws=131_072, seed=0, has_target=True)
    elif mode == b"t":
        imported_from(parse_json(rest, name="it"))
    else:
        result = upgraded(parse_json(_with_settings_digested(rest), name="it"))
        fault = schema_fault(result)
        if fault is not None:
            raise MeasurementError(fault, "incomplete_report")
        # A report small enough to be read often lacks figures, and the rest of it is looked at all the same.
        for check in (require_complete, partial(require_facts_of, stored=corpus.stored())):
            with contextlib.suppress(FluxtticeError):
                check(result)
        model_card(result, {}, ["mass.svg"])


def _with_settings_digested(data: bytes) -> bytes:
    with contextlib.suppress(FluxtticeError):
        value = parse_json(data, name="it")
        if isinstance(value, dict) and "settings" in value:
            return canonical_json({**value, "settings_sha256": json_digest(value["settings"])})
    return data


def read_tensors(data: bytes, folder: Path) -> None:
    mode, rest = _mode(data)
    if mode in b"=t":
        header, _, body = rest.partition(b"\n")
        rest = struct.pack("<Q", len(header)) + header + body
    if mode == ord("t"):
        target = corpus.target()
        parse_target(rest, target.space, target.digest(), name="it")
        return
    path = _written(folder, "model.safetensors", rest)
    with contextlib.suppress(FluxtticeError):
        read_stored(rest, name="it")
    checkpoint.read_model(path)


def read_manifest(data: bytes, folder: Path) -> None:
    mode, rest = _mode(data)
    model = corpus.tensors()
    if mode == ord("="):
        with contextlib.suppress(FluxtticeError):
            body = parse_json(rest, name="it")
            if isinstance(body, dict):
                rest = canonical_json({**body, "digest": json_digest(body)}) + b"\n"
    if mode == ord("r"):
        _written(folder, "settings.json", rest)
        Run.open(folder)
        return
    _written(folder, "model.safetensors", model)
    _written(folder, "checkpoint.json", rest)
    checkpoint.read(folder, with_state=False)


def read_pickle(data: bytes, folder: Path) -> None:
    mode, rest = _mode(data)
    if mode == ord("="):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("m/data.pkl", rest)
            archive.writestr("m/version", b"3\n")
            archive.writestr("m/data/0", bytes(4 * corpus.SHARED_NUMBERS))
            archive.writestr("m/data/1", bytes(8))
        rest = buffer.getvalue()
    read_legacy(_written(folder, "latest.pt", rest))


CLAIMS = (
    *("draws", "distinct", "space_size", "sequence", "against_distinct", "jaccard_distance", "union"),
    *("entropy", "bins", "wrong_trits", "share", "kl", "free_bits", "dimensions"),
)


def read_claims(data: bytes, _folder: Path) -> None:
    given: dict[str, Any] = {}
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        name, _, value = line.partition("=")
        if name in ("draws", "distinct"):
            given.setdefault(name, []).append(value)
        elif name in CLAIMS:
            given[name] = value
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(typer.Exit):
        audit(**given, as_json=True)


Compress = Callable[[bytes], bytes]
FORMS: dict[str, tuple[str, Compress]] = {
    "t": (".txt", bytes),
    "s": (".smi", bytes),
    "g": (".txt.gz", bytes),
    "G": (".txt.gz", partial(gzip.compress, mtime=0)),
    "c": (".csv", bytes),
    "v": (".tsv", bytes),
    "x": (".csv.xz", bytes),
    "X": (".csv.xz", lzma.compress),
    "j": (".jsonl", bytes),
    "J": (".jsonl.bz2", bz2.compress),
    "f": (".fasta", bytes),
    "q": (".fastq", bytes),
    "Q": (".fastq.gz", partial(gzip.compress, mtime=0)),
    "p": (".parquet", bytes),
    "a": (".arrow", bytes),
    "n": (".npy", bytes),
    "z": (".npz", bytes),
    "=": (".npz", partial(corpus.archived, name="index.npy")),
}
"""Files of samples by the first letter of an input: their suffix, and what makes their bytes of the rest.

Archives and compressed files are made whole as well, so that what is in them is read.
"""

DRAWS = "draws.txt"
READINGS = (
    Reading(),
    Reading(space=OperationSpace()),
    Reading(skip=("None",), guess=False),
    Reading(column="1", size=100),
    Reading(space=OperationSpace(2, 3), skip=("0",)),
)
"""How samples are read, by the second letter."""

BARE: dict[str, Callable[[str, Reading], object]] = {"d": read_cells, "l": read_law}
"""What is read without counting it, in most inputs."""


def read_samples(data: bytes, folder: Path, *, letters: str, how: str) -> None:
    """Read a file as its letter says: as draws, counts, incidences, a law beside draws, or rows to train on.

    Of draws one in 32 is counted, which takes a dozen statements of the engine, and three are read as rows;
    of the others one statement fetches the cells, so that most of the time is the reader's. So it is with
    laws, of which one in eight is held against draws that are counted.
    """
    letter, reading, way = (*data[:3], 0, 0, 0)[:3]
    form = chr(letter) if chr(letter) in letters else letters[letter % len(letters)]
    suffix, made = FORMS[form]
    path = str(_written(folder, f"samples{suffix}", made(data[3:])))
    asked = READINGS[reading % len(READINGS)]
    found: ElementRows | Counted
    turn = zlib.crc32(data) % 32
    chosen = chr(way) if chr(way) in how else how[way % len(how)]
    if chosen in BARE and turn > 3:
        BARE[chosen](path, asked)
        return
    match chosen:
        case "d" if turn:
            found = read_rows([path], column=asked.column)
        case "w":
            found = read_rows([path], column=asked.column, weights="count")
        case "l":
            (folder / DRAWS).write_bytes(b"a\nb\na\n")
            found = count_samples([str(folder / DRAWS)], asked, Beside(law=path))
        case _:
            holds: dict[str, Any] = {"d": "draws", "c": "counts", "i": "incidences"}
            found = count_samples([path], replace(asked, holds=holds[chosen]))
    if isinstance(found, ElementRows):
        sound = len(set(found.kinds)) == len(found.kinds) > 0
    else:
        sound = found.tally.draws > 0 and sum(n for _, n in found.most) <= found.tally.draws
    if not sound:
        raise AssertionError("nothing was read, a kind twice, or more draws of ten kinds than of all")


def engine_for_samples(folder: Path) -> contextlib.AbstractContextManager[None]:
    """An engine that may read what `read_samples` writes."""
    names = [DRAWS, *dict.fromkeys(f"samples{suffix}" for suffix, _ in FORMS.values())]
    return kept_engine([folder / name for name in names])


def _of_samples(letters: str, tokens: tuple[bytes, ...], how: str = "d") -> Parser:
    return Parser(
        partial(read_samples, letters=letters, how=how),
        partial(corpus.samples, letters, how),
        tokens,
        1_500,
        3,
        costly=4,
        around=engine_for_samples,
    )


def read_key(data: bytes, folder: Path) -> None:
    mode, rest = _mode(data)
    if mode == ord("="):
        path = _written(folder, "key.pem", rest)
        path.chmod(0o600)
        load_private_key(path, None)
    else:
        load_public_key(_written(folder, "key.pub", rest))


def read_signature(data: bytes, _folder: Path) -> None:
    mode, rest = _mode(data)
    (read_statement if mode == ord("=") else read_bundle)(rest)


_LINES = (b"\n", b"\r\n", b"\r", b"\0", b"# ", b" ", b"\xc2\xa0", b"\xef\xbb\xbf", b"\xff")
_CELLS = (
    *(b",", b"0", b"-1", b"17", b"1e5", b"nan", b"None", b"----00-0+", b"-,0,+", b"1 -1 0"),
    *("\N{MINUS SIGN}".encode(), b"1e400", b"9" * 40, b"inf", b"0.5"),
)
_JSON = (*b'null true -1 0 1e999 "" [] {} NaN'.split(), b"[" * 40, *rb"\ud800 , :".split())
_YAML = (
    *(b"&a ", b"*a", b"!!python/name:os.system ", b"? ", b"<<: ", b"- ", b": ", b"|\n", b"%YAML 1.1\n"),
    b"---\n",
)
_PICKLE = (
    b"cos\nsystem\n",
    b"R",
    b"(",
    b"}",
    b"]",
    b"\x80\x02",
    b".",
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"Q",
    b")",
    b"\x86q\x00h\x00h\x00",
    b"\x85" * 40,
    b"s",
    b"b",
)


@cache
def parsers() -> dict[str, Parser]:
    """Every parser by its name."""
    return {
        "operation notations": Parser(
            read_notation, corpus.notations, (b"-0+", b"/", "−".encode(), b"[", b"]", b",", *_JSON), 120, 1
        ),
        "recipes": Parser(read_recipe, corpus.recipes, (*_YAML, *_JSON), 600, 1),
        "result files": Parser(read_result_file, corpus.results, _JSON, 10_000, 1),
        "certificates": Parser(read_certificate, corpus.certificates, _JSON, 10_000, 1),
        "tensor files": Parser(
            read_tensors, corpus.tensor_files, (b"F32", b"__metadata__", *_JSON), 2_000, 1
        ),
        "checkpoint records": Parser(read_manifest, corpus.manifests, _JSON, 3_000, 1),
        "pickled checkpoints": Parser(read_pickle, corpus.pickles, _PICKLE, 6_000, 1),
        "audit claims": Parser(
            read_claims,
            corpus.claims,
            (*b"draws= distinct= space_size= % .. e ,".split(), b"9" * 18, *b"0. sequence=".split()),
            200,
        ),
        "sample lines": _of_samples("tsgG", (*_LINES, *_CELLS)),
        "sample tables": _of_samples("cvxX", (*_LINES, *_CELLS, b'"', b'""', b"index,", b";", b"\t")),
        "sample objects": _of_samples("jJ", (*_LINES, b'"word"', b'"k":', b"\\u0061", *_JSON)),
        "sample sequences": _of_samples("fqQ", (b">a", b"@a", b"+", b"ACGT", b";", b"*", *_LINES)),
        "sample columns": _of_samples("p", (b"PAR1", b"index", *_JSON)),
        "sample batches": _of_samples("a", (b"ARROW1", b"\xff\xff\xff\xff", b"index", b"kind", bytes(4))),
        "sample arrays": _of_samples(
            "nz=", (b"'<i8'", b"'|O'", b"'<U9'", b"\x93NUMPY", b"index", b",", b"(3, 3)")
        ),
        "sample counts": _of_samples("ctjpn", (*_LINES, *_CELLS, b"count", b"weight", b"kind,n\n"), "cilw"),
        "keys": Parser(
            read_key, corpus.keys, (b"-----BEGIN ", b"PUBLIC KEY", b"ENCRYPTED ", b"=", b"\n"), 600, 1
        ),
        "signatures": Parser(read_signature, corpus.signatures, (b"sha256", b"../", *_JSON), 2_500, 1),
    }
