"""Whatever a stranger writes, every parser reads it, or refuses it with one printable sentence."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from fluxttice_core.audit.counted import count_samples
from fluxttice_core.errors import FluxtticeError, MeasurementError
from tests.fuzz.kept_engine import kept_engine
from tests.fuzz.mutations import mutated
from tests.fuzz.parsers import LONGEST_SENTENCE, Parser, parsers
from tests.texts import CHARACTERS

BATCH = 20_000
"""Examples that hypothesis remembers before it begins anew."""

NAMES = pytest.mark.parametrize("name", parsers())


def inputs(parser: Parser) -> st.SearchStrategy[bytes]:
    """Valid inputs with damage, pieces that mean something in any order, and bytes at random."""
    damaged = st.builds(
        lambda data, number: mutated(data, Random(number), parser.tokens, prefix=parser.prefix),
        st.sampled_from(parser.seeds()),
        st.integers(0, 2**48),
    )
    letters = st.text(CHARACTERS, max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass"))
    pieces = st.lists(st.sampled_from(parser.tokens) | letters, max_size=12).map(b"".join)
    wrapped = st.tuples(st.sampled_from([data[: parser.prefix] for data in parser.seeds()]), pieces).map(
        b"".join
    )
    return st.one_of(damaged, damaged, wrapped, st.binary(max_size=64))


def fuzz(parser: Parser, folder: Path, examples: int, number: int) -> int:
    """How many of the examples were read; an example that was neither read nor refused is raised."""
    accepted = 0

    @seed(number)
    @settings(
        max_examples=examples // parser.costly,
        derandomize=False,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.large_base_example,
            HealthCheck.data_too_large,
        ],
    )
    @given(inputs(parser))
    def attempt(data: bytes) -> None:
        nonlocal accepted
        accepted += parser.accepts(data[: parser.longest], folder)

    with parser.around(folder):
        attempt()
    return accepted


@NAMES
def test_what_is_well_formed_is_read(name: str, tmp_path: Path) -> None:
    """The control: fuzzing begins with inputs that pass every check."""
    parser = parsers()[name]
    with parser.around(tmp_path):
        assert any(parser.accepts(data, tmp_path) for data in parser.seeds())
    assert all(len(data) <= parser.longest for data in parser.seeds())


@NAMES
def test_hundreds_of_inputs_are_read_or_refused(name: str, tmp_path: Path) -> None:
    fuzz(parsers()[name], tmp_path, 200, 0)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@NAMES
def test_a_hundred_thousand_inputs_are_read_or_refused(name: str, tmp_path: Path) -> None:
    accepted = sum(fuzz(parsers()[name], tmp_path, BATCH, number) for number in range(1, 6))
    assert 0 < accepted < 5 * BATCH


def failing(kind: str) -> Parser:
    def read(data: bytes, _folder: Path) -> None:
        if kind == "crash":
            data[1_000]
        raise FluxtticeError("" if kind == "silent" else "x", "malformed")

    return Parser(read, lambda: [b"a"], (b"b",), 10)


def test_one_engine_counts_each_file_as_one_of_its_own_does(tmp_path: Path) -> None:
    files = {
        "a.txt": "x\nx\ny\n",
        "b.csv": "kind\n17\n",
        "c.jsonl": '{"kind": "a"}\n' * 3,
        "d.csv": "a,b\n1\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    def counted() -> list[object]:
        found: list[object] = []
        for name in files:
            try:
                found.append(count_samples([str(tmp_path / name)]).most)
            except MeasurementError as error:
                found.append(str(error))
        return found

    alone = counted()
    with kept_engine([tmp_path / name for name in files]):
        assert counted() == counted() == alone
        (tmp_path / "e.txt").write_text("x\n")
        with pytest.raises(AssertionError, match="are not all among"):
            count_samples([str(tmp_path / "e.txt")])
    assert alone[:2] == [(("x", 2), ("y", 1)), (("17", 1),)]


def test_a_parser_that_crashes_is_found(tmp_path: Path) -> None:
    with pytest.raises(IndexError):
        fuzz(failing("crash"), tmp_path, 10, 0)


def test_a_parser_that_says_nothing_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no clear sentence"):
        fuzz(failing("silent"), tmp_path, 10, 0)
    assert fuzz(failing("plain"), tmp_path, 10, 0) == 0


def test_every_error_prints_as_one_line_of_bounded_length() -> None:
    for text in ("\x1b[2J", "a\nb", "\ud800", "\r", "\x00", "a" * 10_000):
        sentence = str(FluxtticeError(text, "malformed"))
        assert sentence.isprintable()
        assert len(sentence) <= LONGEST_SENTENCE
        sentence.encode()


def test_a_command_prints_no_code_that_steers_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "draws.csv"
    path.write_text("a\x1b[2J,b\n1,2\n")
    command = [sys.executable, "-m", "fluxttice_core.cli", "audit", "--samples", str(path)]
    finished = subprocess.run(command, capture_output=True, check=False)
    assert finished.returncode == 2
    assert b"a\\x1b[2J" in finished.stderr
    assert b"\x1b" not in finished.stderr
