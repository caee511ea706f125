import doctest
import json
import re
import shlex
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fluxttice_core.operations.algebra import holds
from fluxttice_core.operations.catalogue import named_operations
from fluxttice_core.operations.export_forms import export_operation
from fluxttice_core.operations.reading import read_operation
from fluxttice_core.operations.symmetry import class_count
from fluxttice_core.operations.vocabulary import EXPORTS, FURTHER_PROPERTIES, PROPERTIES, SYMMETRIES
from tests.cli.commands import PLAIN, ran

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


run = partial(ran, env=PLAIN)


def plainly(command: str) -> Any:
    """What a command prints as JSON."""
    return json.loads(run(*shlex.split(command), "--json").output)


@pytest.mark.parametrize("written", ["min", "Kleene AND", "15633", "----00-0+", "---/-00/-0+", "--- -00 -0+"])
def test_an_operation_is_shown_however_it_is_written(written: str) -> None:
    shown = run("operation", written)
    assert re.search(r"index\s+15633\s", shown.output)
    assert re.search(r"name\s+min, and", shown.output)
    assert re.search(r"^    0     -   0   0", shown.output, flags=re.MULTILINE)
    assert re.search(r"^is +commutative, idempotent, associative", shown.output, flags=re.MULTILINE)
    assert re.search(r"sign-npn +8 +113", shown.output)
    assert "18 operations differ in one cell: lukasiewicz-and, mccarthy-and" in shown.output


@pytest.mark.parametrize("table", ["---------", "-0+-0+-0+", "-+-+-+-+-", "0--------", "+++++++++"])
def test_a_table_that_looks_like_an_option_is_a_table(table: str) -> None:
    assert plainly(f"operation {table}")["string"] == table


def test_an_operation_as_json_holds_what_is_known() -> None:
    known = plainly("operation webb")
    assert known["index"] == 223
    assert known["table"] == [[0, 1, -1], [1, 1, -1], [-1, -1, -1]]
    assert known["names"][0]["name"] == "webb"
    assert set(known["properties"]) == {term.name for term in PROPERTIES}
    assert known["properties"]["sheffer"]
    assert {one["symmetry"] for one in known["classes"]} == {term.name for term in SYMMETRIES}
    assert len(known["neighbours"]) == 18
    assert known["algebra"]["maximal_clones"] == []


def test_an_operation_without_a_name_is_shown() -> None:
    shown = run("operation", "1")
    assert not re.search(r"^name", shown.output, flags=re.MULTILINE)
    assert "differ in one cell: constant-minus" in shown.output


def test_an_operation_is_written_with_others() -> None:
    shown = run("operation", "max", "--with", "min", "--with", "not")
    incomplete = "{min, negation} is not functionally complete, as it lies in these maximal clones"
    assert f"{incomplete}: preserves {{0}};" in shown.output
    assert "max = negation(min(negation(a), negation(b)))  (4 operations)" in shown.output
    assert "nand = nand(a, b)  (1 operation)" in run("operation", "nand", "--with", "nand").output
    impossible = plainly("operation webb --with min --with +0-")["with"]
    assert impossible["basis"] == ["min", "negation"]
    assert (impossible["expression"], impossible["impossible"]) == (None, True)
    complete = plainly("operation min --with webb")["with"]
    assert (complete["complete"], complete["operations"]) == (True, 7)
    short = plainly("operation min --with webb --longest 3")["with"]
    assert (short["expression"], short["impossible"]) == (None, False)


def test_an_operation_of_one_input_is_shown() -> None:
    shown = run("operation", "not")
    assert re.search(r"f\(a\) +\+ +0 +-", shown.output)
    assert re.search(r"^is +kleene-regular, self-dual, affine", shown.output, flags=re.MULTILINE)
    assert re.search(r"^               f\(a\) = -a", shown.output, flags=re.MULTILINE)
    assert "6 operations differ in one cell: goedel-negation" in shown.output
    assert not re.search(r"^(identity|zero) ", shown.output, flags=re.MULTILINE)
    for written in ("+0-", "5 --inputs 1", "'-a' --inputs 1", "hept:5 --inputs 1"):
        assert plainly(f"operation {written}")["names"][0]["name"] == "negation"
    assert plainly("operation 5 --inputs 1 --with webb")["with"]["operations"] == 10


def test_an_operation_of_three_inputs_is_shown() -> None:
    median = "max(max(min(a, b), min(b, c)), min(a, c))"
    shown = run("operation", median, "--with", "min", "--with", "max")
    assert re.search(r"^    - \+     -   0   \+", shown.output, flags=re.MULTILINE)
    assert re.search(r"^index +7581754385757 ", shown.output, flags=re.MULTILINE)
    assert re.search(r"sign-npn +8 +43843099229", shown.output)
    assert "54 operations differ in one cell: none has a name" in shown.output
    assert "(4 operations)" in shown.output
    known = plainly(f"operation '{median}'")
    assert known["heptavintimal"] == "ZRPRDCPC0"
    assert known["properties"]["majority"]
    for written in (known["string"], f"{known['index']} --inputs 3", f"{known['heptavintimal']} --inputs 3"):
        assert plainly(f"operation {written}")["index"] == known["index"]


@pytest.mark.parametrize("form", EXPORTS)
def test_an_operation_is_written_for_others(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"nand.{EXPORTS[form][0]}"
    command = ("operation", "nand", "--as", form, "--out", str(path))
    assert run(*command).output.replace("\n", "") == f"written {path}"
    expected = export_operation(read_operation("nand"), form)
    assert path.read_bytes() == expected
    path.write_bytes(b"mine")
    assert "--force to write over it" in run(*command, code=2).output
    assert path.read_bytes() == b"mine"
    run(*command, "--force")
    assert path.read_bytes() == expected
    printed = run("operation", "nand", "--as", form, code=2 if form == "png" else 0)
    assert "name its file with --out" in printed.output if form == "png" else printed.stdout_bytes == expected


def test_the_search_lists_the_nearest_first() -> None:
    shown = run("search", "--sheffer", "--commutative", "--near", "max", "--limit", "3")
    assert "90 operations; the first 3 are shown" in shown.output
    assert re.search(r"6529   00\+/0\+\+/\+\+-            3", shown.output)
    found = plainly("search --sheffer --commutative --near max")
    assert found["count"] == 90
    assert len(found["operations"]) == 20
    indices = [one["index"] for one in found["operations"]]
    assert (holds("sheffer") & holds("commutative"))[indices].all()
    distances = [one["distance"] for one in found["operations"]]
    assert distances == sorted(distances)


@pytest.mark.parametrize("term", PROPERTIES, ids=lambda term: term.name)
def test_every_property_can_be_required_and_excluded(term: tuple[str, str, bool]) -> None:
    with_it = plainly(f"search --{term[0]} --limit 1")["count"]
    without = plainly(f"search --not-{term[0]} --limit 1")["count"]
    assert with_it == holds(term[0]).sum()
    assert with_it + without == 19683


def test_the_search_narrows_to_classes_names_and_distances() -> None:
    assert plainly("search --one-of-each npn")["count"] == class_count("npn")
    named = plainly("search --named --limit 100")
    assert named["count"] == len({one.operation.index for one in named_operations()})
    assert all(one["names"] for one in named["operations"])
    assert plainly("search --near ----00-0+ --within 1")["count"] == 19
    assert "0 operations" in run("search", "--sheffer", "--monotone").output
    assert "1 operation\n" in run("search", "--idempotent", "--latin-square").output


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("operation minn", "no operation is named 'minn': did you mean min?"),
        ("operation 19683", "index 19683 is outside 0 to 19682"),
        ("operation --00", "has 4 symbols: expected 9 of the characters -0+"),
        ("operation --jsn", "no operation is named '--jsn'"),
        ("operation min --jsn", "Got unexpected extra argument"),
        ("operation", "Missing argument"),
        ("operation min --with nothing-like-it", "no operation is named 'nothing-like-it'"),
        ("operation min --with webb --longest 0", "Invalid value for '--longest'"),
        ("operation min --as vhdl", "there is no form 'vhdl': choose among verilog, latex"),
        ("operation min --out min.v", "--out is the file for --as"),
        ("operation min --as svg --json", "leave out --with and --json"),
        ("operation min --as svg --with webb", "leave out --with and --json"),
        ("operation min --inputs 4", "Invalid value for '--inputs'"),
        ("operation min --inputs 3", "those of three inputs have no names"),
        ("operation max(a,b) --inputs 1", "has the input b: expected at most 1, named a"),
        ("search --shefer", "No such option: --shefer"),
        ("search --near maxx", "no operation is named 'maxx'"),
        ("search --within 3", "say which is near"),
        ("search --near max --within 10", "Invalid value for '--within'"),
        ("search --one-of-each mirror", "there is no symmetry 'mirror'"),
        ("search --limit 0", "Invalid value for '--limit'"),
        ("search max", "Got unexpected extra argument"),
    ],
)
def test_bad_input_ends_with_a_reason_and_code_2(command: str, sentence: str) -> None:
    ended = run(*command.split(), code=2)
    assert sentence in ended.output
    assert "Traceback" not in ended.output


def test_a_refusal_as_json_holds_its_code() -> None:
    result = run("operation", "minn", "--json", code=2)
    refusal = json.loads(result.stdout)["error"]
    assert (refusal["code"], result.stderr) == ("unknown_operation", f"fluxttice: {refusal['message']}\n")


def test_help_names_every_property() -> None:
    shown = run("search", "--help")
    assert all(f"--{term.name}" in shown.output for term in PROPERTIES)
    run("operation", "--help")


def test_the_commands_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^\$ fluxttice (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(commands) == 14
    for command in commands:
        run(*shlex.split(command))
    assert (tmp_path / "nand.v").read_bytes() == export_operation(read_operation("nand"), "verilog")


def test_the_examples_of_the_page_are_true() -> None:
    outcome = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 20
    assert outcome.failed == 0


def test_the_page_lists_every_property_symmetry_and_name() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for term in FURTHER_PROPERTIES:
        of = "one input" if term.inputs == (1,) else "three inputs"
        assert f"| `{term.name}` | {of} | {term.statement} |" in page
    for term in PROPERTIES:
        assert f"| `{term.name}` | {term.statement} | {int(holds(term.name).sum()):,} |" in page
    rows = [
        rf"{term.name}` \| {re.escape(term.statement)} \| \d+ \| {class_count(term.name):,} \|"
        for term in SYMMETRIES
    ]
    rows += [
        rf"{named.name}` \|.*\| {named.operation.index} \| {re.escape(named.source)} \|"
        for arity in (1, 2)
        for named in named_operations(arity)
    ]
    assert [row for row in rows if not re.search(rf"\| `{row}", page)] == []


def test_an_element_of_another_space_is_shown_in_its_own_words() -> None:
    shown = run("operation", "nand", "--space", "boolean:4").output
    for line in ("index +32767 ", "hexadecimal +0x7FFF ", "name +nand ", "NPN class +0x0001, 32 functions"):
        assert re.search(rf"^{line}", shown, flags=re.MULTILINE), line
    word = run("operation", "acgtac", "--space", "dna:6").output
    assert re.search(r"^word +ACGTAC ", word, flags=re.MULTILINE)
    assert "NPN" not in word
    found = plainly("operation 0xE8 --space boolean:3")
    assert (found["string"], found["names"], found["npn_classes"]) == ("00010111", ["majority"], 14)
    assert plainly("operation min --space ternary:2")["index"] == 15633


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ACGXAC", "--space", "dna:6"], "at position 4"),
        (["0x8000", "--space", "boolean:4", "--inputs", "3"], "leave --inputs out"),
        (["0x8000", "--space", "boolean:4", "--as", "svg"], "leave them out"),
        (["0x8000", "--space", "bool:4"], "no space is called"),
    ],
)
def test_what_is_not_of_the_space_is_refused(arguments: list[str], says: str) -> None:
    assert says in " ".join(run("operation", *arguments, code=2).output.split())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["search", "--sheffer", "--not-sheffer"], "--sheffer and --not-sheffer contradict each other"),
        (["search", "--not-group", "--named", "--group"], "--group and --not-group contradict each other"),
        (["search", "--limit", "5", "--limit=7"], "--limit was given more than once"),
        (["search", "--near", "min", "--near", "max"], "--near was given more than once"),
        (["operation", "min", "--as", "latex", "--as", "verilog"], "--as was given more than once"),
        (["verify", "one", "--run", "a", "--run", "b"], "--run was given more than once"),
    ],
)
def test_an_option_that_contradicts_itself_is_refused(given: list[str], says: str) -> None:
    error = json.loads(run(*given, "--json", code=2).stdout)["error"]
    assert error["code"] == "contradictory"
    assert error["message"].startswith(says)


def test_the_same_said_twice_is_no_contradiction() -> None:
    for written in ("search --sheffer --sheffer --limit 1", "operation min --with not --with min"):
        once = plainly(written.replace("--sheffer --sheffer", "--sheffer"))
        assert plainly(written) == once
