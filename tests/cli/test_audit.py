"""The command `audit`: published claims are refuted, honest ones pass, and the page shows what it prints."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from fluxttice_core.cli.main import app
from tests.cli.commands import PLAIN, refusal

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"
K = 19_683


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", *arguments], env=PLAIN)


def audit(command: str) -> Result:
    return run(*shlex.split(command))


def plainly(command: str) -> Any:
    """What the audit says as JSON."""
    return json.loads(audit(f"{command} --json").output)


PUBLISHED = {
    "--space-size ternary:2 --draws 10000 --distinct 82%": "at most 50.81 %, and uniform draws show 39.83 %",
    "--space-size ternary:2 --draws 50000 --distinct 87.37% --draws 100000 --distinct 95% --draws 195000 "
    "--distinct 99.624%": ("96.24 % to 98.40 % is what one generator can show at 100,000 draws"),
    "--distinct 97.64% --against-distinct 97.67% --jaccard-distance .89...91": "0.000 and 0.047 apart",
    "--sequence 99.6%," + "100%," * 12 + "97.64%": "97.64% comes after 100%",
    "--entropy 4.0 --bins 50": "at most ln 50 = 3.912 nats",
    "--space-size ternary:2 --wrong-trits 2926,6776,6596 --share 67.9%": "6,596 of 19,683 is 82.80 %",
    "--kl .3..1.0 --free-bits .5 --dimensions 16": "add to at least 8 nats",
    "--spearman .95 --levels 1308,450,142,48,16,2,1,1": "-0.8331 at least and 0.8331 at most",
    "--correct 11 --of 30 --claimed .288": "11 of 30 is 36.67 %",
    "--draws 5000 --distinct 5001": "no number of distinct kinds from 1 to 5,000 is 5001 of 5,000 draws",
}
"""Ten claims that were published and cannot be true, with the bound that says so."""

HONEST = {
    "--space-size ternary:2 --draws 10000 --distinct 39.83%": "consistent with uniform",
    "--space-size ternary:2 --draws 195000 --distinct 100%": "consistent with uniform",
    "--space-size ternary:2 --draws 50000 --distinct 18131 --json": "consistent with uniform",
    "--space-size ternary:2 --draws 50000 --distinct 86.3%": "not uniform",
    "--space-size ternary:2 --draws 10000 --distinct 38.0% --draws 50000 --distinct 86.3%": "not uniform",
    "--space-size 975820226 --draws 2e9 --distinct 68.9%": "not uniform",
    "--distinct 97.64% --against-distinct 97.67% --jaccard-distance .046": "possible",
    "--sequence 86.1%,96.9%,96.9%,99.6%": "possible",
    "--entropy 3.5 --bins 50": "possible",
    "--space-size ternary:2 --wrong-trits 2926,6776,6596 --share 82.8%": "possible",
    "--kl 9.5 --free-bits .5 --dimensions 16": "possible",
    "--distinct 86.3% --against-distinct 86.6% --union 98.2%": "possible",
    "--draws 5000 --uniqueness 97.3%": "possible",
    "--space-size 1e60 --draws 5000 --uniqueness 4999": "not uniform",
    "--space-size dna:8 --draws 5000 --uniqueness 96%": "consistent with uniform",
    "--kendall -.5 --levels 30,70 --against-levels 50,50": "possible",
    "--of 30 --claimed 36.7%": "possible",
}
"""Claims that can be true, with their verdict."""


@pytest.mark.parametrize("claim", PUBLISHED)
def test_published_claims_are_refuted_with_their_bounds(claim: str) -> None:
    result = audit(claim)
    assert result.exit_code == 1
    assert PUBLISHED[claim] in " ".join(result.output.split())
    verdict = result.output.splitlines()[-1] if "in all" in result.output else result.output
    assert "impossible" in verdict


@pytest.mark.parametrize("claim", HONEST)
def test_honest_claims_pass_unless_more_is_required(claim: str) -> None:
    result = audit(f"{claim} --json")
    assert (result.exit_code, json.loads(result.output)["verdict"]) == (0, HONEST[claim])
    assert audit(f"{claim} --require-uniform").exit_code == (HONEST[claim] == "not uniform")


@pytest.mark.parametrize(
    ("claim", "missing"),
    [
        ("--draws 10000", "the claim does not say how many were distinct"),
        ("--distinct 82%", "the claim does not say how many were drawn"),
        ("--distinct 82", "the claim does not say how many were drawn"),
        ("--uniqueness 82%", "the claim does not say how many were drawn"),
        ("--space-size ternary:2 --draws 100 --distinct 100", "draw more"),
    ],
)
def test_claims_that_leave_something_out(claim: str, missing: str) -> None:
    result = audit(claim)
    assert result.exit_code == 0
    assert result.output.startswith("not enough said: ")
    assert missing in result.output
    assert audit(f"{claim} --require-uniform").exit_code == 1


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("", "nothing to audit: give --draws and --distinct, --samples, or another claim"),
        ("--draws many --distinct 3", "'many' is not a number: write it as 10000, .82, 82% or .3..1.0"),
        (
            "--draws 10 --distinct 130%",
            "'130%' is more than all there are: write a share as 82%, .82 or a count",
        ),
        ("--draws 0 --distinct 1", "a claim of coverage needs at least one draw"),
        ("--draws 10 --draws 20 --distinct 1", "each --draws needs its own --distinct"),
        ("--entropy 4.0", "--entropy and --bins belong together: give both"),
        ("--draws 10 --distinct 50%", "'50%' is a share of a space that has no size: give one, such as"),
        ("--draws 10 --uniqueness 130%", "'130%' is more than all there are"),
        ("--draws 0 --uniqueness 3", "a claim of coverage needs at least one draw"),
        ("--draws 10 --draws 20 --uniqueness 1", "each --draws needs its own --uniqueness"),
        ("--distinct 9 --against-distinct 8 --union 10", "'9' is a count: give --space-size as well"),
        ("--wrong-trits 3 --share 4%", "need the number of tables: give --space-size, such as 19683 or"),
        ("--spearman .9", "a correlation and the sizes of tied levels belong together"),
        ("--levels 5,5", "a correlation and the sizes of tied levels belong together"),
        ("--against-levels 5,5", "a correlation and the sizes of tied levels belong together"),
        ("--kendall .9 --levels 5,5 --against-levels 4,5", "hold 10 cases, those of the other 9"),
        ("--claimed .3", "a share of cases needs --of and --claimed"),
        ("--of 0 --claimed 3", "0 of 0 is no share"),
        ("--share 4.0", "--wrong-trits and --share belong together: give both"),
        ("--kl 4 --free-bits .5", "--kl and --free-bits and --dimensions belong together: give all of them"),
        ("--union 90%", "two sets need one --distinct, one --against-distinct"),
        ("--distinct 90% --against-distinct 80%", "two sets need one --distinct, one --against-distinct"),
        ("--distinct 9 --distinct 8 --against-distinct 8 --union 9", "two sets need one --distinct"),
        ("--column x", "--column describes a file: give --samples or --counts as well"),
        ("--engine ray --draws 9", "--engine describes a file: give --samples or --counts as well"),
        ("--counts 1:9 --engine ray", "--engine ray counts files of draws: give --samples, or count"),
        ("--counts 1:9 --canonical inchi", "--canonical knows smiles, not 'inchi'"),
        ("--samples a --base 2 --arity 1 --space-size 100", "are 4, not 100: leave the size out"),
        ("--samples missing.npy", "cannot be read: No such file or directory"),
        ("--space-size 0 --draws 5 --distinct 1", "the size of a space lies between 1 and 10^300, not at 0"),
        ("--space-size 10^999 --draws 5 --distinct 1", "lies between 1 and 10^300, not at 10^999"),
        ("--significance 2 --draws 5 --distinct 1", "--significance is a probability such as 0.001, not 2.0"),
        (
            "--significance 1e-320 --draws 5 --distinct 1",
            "--significance is a probability such as 0.001 and no less than 1e-300, not 1e-320",
        ),
        ("--sequence 1%", "a sequence needs at least two values"),
        ("--sequence 1,97%", "'1' beside percentages may be one operation, 1 % or all"),
        ("--sequence 16,986,17,003", "commas set numbers apart, so none may group thousands: write 17003"),
        ("--pearson .1 --levels 1,008,450", "commas set numbers apart"),
        ("--space-size 19683 --draws 1e4 --distinct 7.8e3", "write a share as 82%, .82 or the count 7800"),
        ("--space-size 9 --draws 9 --distinct 9 --without-replacement", "describes a file: give --samples"),
        ("--counts 1:9 --draws 9 --distinct 9 --without-replacement", "audit the file and the claim apart"),
        ("--counts 1:9 --base 0", "must be a whole number from 2 to 4, not 0"),
        ("--counts 1:9 --arity 0", "must be a whole number from 1"),
        ("--counts 1:9 --wanted-kinds 100%", "'100%' of the kinds is a share of a space: give --space-size"),
        ("--counts 1:9 --wanted-kinds 1.0", "'1.0' of the kinds is a share of a space"),
        ("--space-size ternary:2 --wrong-trits 1,x --share 2%", "'x' is not a number"),
    ],
)
def test_bad_input_ends_with_one_sentence(claim: str, message: str) -> None:
    assert message in refusal("audit", *shlex.split(claim))


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("--space-size ternary:2 --wrong-trits 19683 --share 1", "possible"),
        ("--space-size ternary:2 --wrong-trits 9000 --share 1", "impossible"),
        ("--distinct .9 --against-distinct .9 --union 1", "possible"),
        ("--space-size ternary:2 --distinct 9000 --against-distinct 9000 --union 1", "impossible"),
        (
            "--space-size ternary:2 --draws 10000 --distinct .3983 --draws 500000 --distinct 1",
            "consistent with uniform",
        ),
        ("--space-size ternary:2 --draws 50000 --distinct 1", "not uniform"),
    ],
)
def test_one_is_all_where_shares_are_meant(claim: str, verdict: str) -> None:
    assert plainly(claim)["verdict"] == verdict


@pytest.mark.parametrize(
    "claim",
    [
        "--space-size ternary:2 --draws 10000 --distinct 82",
        "--space-size ternary:2 --draws 10 --distinct 82",
        "--space-size ternary:2 --draws 10000 --distinct 4000 --draws 20000 --distinct 82",
        "--space-size ternary:2 --distinct 82 --against-distinct 200 --jaccard-distance .9",
        "--space-size ternary:2 --distinct 300 --against-distinct 200 --union 82",
        "--space-size ternary:2 --distinct 300 --against-distinct 82 --union 300",
        "--space-size ternary:2 --wrong-trits 300 --share 82",
    ],
)
def test_findings_say_how_a_bare_number_was_read(claim: str) -> None:
    findings = plainly(claim)["findings"]
    for finding in findings:
        if "82" in finding["claim"] or finding is findings[-1]:
            assert finding["sentence"].endswith("; 82 is read as a count of 82; write 82% for percent")


def test_the_advice_of_a_claim_without_a_space_is_no_second_refusal() -> None:
    """Whatever the sentence names, put in its place, is audited."""
    for text in ("97.3%", ".973", "96..98%"):
        said = refusal("audit", "--draws", "5000", "--distinct", text)
        for flags in re.findall(r"--(?:space-size|uniqueness) [^\s,]+", said):
            rest = "" if flags.startswith("--uniqueness") else f" --distinct {text}"
            assert audit(f"--draws 5000 {flags}{rest}").exit_code in {0, 1}, flags


def test_the_advice_beside_a_second_set_is_no_second_refusal() -> None:
    said = refusal("audit", *shlex.split("--draws 9 --distinct 5% --against-distinct 6% --union 9%"))
    assert "give one, such as --space-size 19683" in said
    assert "--uniqueness" not in said


def test_json_holds_bounds_and_reasons() -> None:
    plain = plainly("--space-size ternary:2 --draws 10000 --distinct 82%")
    assert (plain["verdict"], plain["significance"], plain["samples"]) == ("impossible", 0.001, None)
    (finding,) = plain["findings"]
    assert finding["law"] == "distinct <= min(N, K)"
    assert finding["upper"] == pytest.approx(10_000 / K)
    assert finding["p_value"] is None


def test_distance_and_union_are_held_against_each_other() -> None:
    claim = "--distinct 80% --against-distinct 80% --union 90%"
    findings = plainly(f"{claim} --jaccard-distance .05")["findings"]
    assert [one["verdict"] for one in findings] == ["possible", "possible", "impossible"]
    assert plainly(f"{claim} --jaccard-distance .222")["verdict"] == "possible"


def test_second_set_is_audited_at_the_same_budget() -> None:
    plain = plainly("--space-size ternary:2 --draws 10000 --distinct 38% --against-distinct 82% --union 90%")
    verdicts = [finding["verdict"] for finding in plain["findings"]]
    assert verdicts == ["not uniform", "impossible", "possible"]


def test_two_results_of_one_budget_are_held_against_each_other() -> None:
    curve = plainly("--space-size ternary:2 --draws 50000 --distinct 85% --draws 50000 --distinct 20%")[
        "findings"
    ][-1]
    assert (curve["verdict"], curve["law"]) == ("impossible", "one budget, one expectation")
    near = plainly("--space-size ternary:2 --draws 50000 --distinct 85.0% --draws 50000 --distinct 85.1%")[
        "findings"
    ]
    assert [one["verdict"] for one in near] == ["not uniform", "not uniform", "possible"]


def test_a_second_set_is_no_second_result() -> None:
    plain = plainly("--space-size ternary:2 --draws 50000 --distinct 85% --against-distinct 20% --union 90%")
    laws = [finding["law"] for finding in plain["findings"]]
    assert laws == ["uniform null", "uniform null", "max(a, b) <= union <= a + b"]


def test_significance_decides() -> None:
    assert audit("--space-size ternary:2 --draws 50000 --distinct 93.0%").exit_code == 1
    assert audit("--space-size ternary:2 --draws 50000 --distinct 93.0% --significance 1e-9").exit_code == 0


@pytest.fixture
def halved(tmp_path: Path) -> Path:
    """Draws of a generator that reaches every second operation, as the page has them."""
    path = tmp_path / "draws.npy"
    np.save(path, np.random.default_rng(7).integers(0, K, 20_000) // 2 * 2)
    return path


def test_samples_are_measured_against_the_ceiling(halved: Path) -> None:
    result = run("--samples", str(halved), "--space-size", str(K), "--json")
    plain = json.loads(result.output)
    assert result.exit_code == 0
    assert plain["verdict"] == "not uniform"
    assert plain["samples"]["draws"] == 20_000
    assert plain["samples"]["ceiling"] == pytest.approx(0.638, abs=1e-3)
    assert plain["samples"]["richness"]["upper"] < K * 0.55
    coverage, efficiency = (plain["samples"][f"{name}_interval"] for name in ("coverage", "efficiency"))
    assert coverage["lower"] < 8_570 / K < coverage["upper"]
    assert efficiency["upper"] == pytest.approx(coverage["upper"] / plain["samples"]["ceiling"])
    methods = [one["method"] for one in plain["samples"]["hill_estimated_intervals"]]
    assert methods == ["Chao1, Garwood", *["jackknife, log-normal"] * 2]
    assert run("--samples", str(halved), "--space-size", str(K), "--require-uniform").exit_code == 1


def test_samples_of_an_unknown_space_have_their_richness(halved: Path) -> None:
    result = run("--samples", str(halved))
    assert result.exit_code == 0
    line = r"^reachable +9,882 \[9,755, 10,022\] +Chao1, bias-corrected: a lower bound$"
    assert re.search(line, result.output, flags=re.MULTILINE)
    others = r"^ +9,883.0; 9,882.9 +its classic form; that with iNEXT's factor \(n-1\)/n$"
    assert re.search(others, result.output, flags=re.MULTILINE)
    assert "not enough said: 8,570 distinct among 20,000 draws" in result.output


def test_samples_beside_a_claim_about_them(halved: Path) -> None:
    result = run("--samples", str(halved), "--space-size", str(K), "--draws", "20000", "--distinct", "95%")
    assert result.exit_code == 1
    assert "in all: impossible" in result.output


def test_other_spaces_and_columns(tmp_path: Path) -> None:
    path = tmp_path / "draws.csv"
    path.write_text("seed,gate\n1,0110\n2,1000\n3,0110\n")
    result = run("--samples", str(path), "--column", "gate", "--base", "2", "--json")
    plain = json.loads(result.output)["samples"]
    assert (plain["size"], plain["column"]) == (16, "gate")
    shown = run("--samples", str(path), "--column", "gate", "--base", "2").output
    assert re.search(r"^column +gate +one of several in the file$", shown, flags=re.MULTILINE)


def test_row_numbers_of_pandas_are_no_samples(tmp_path: Path) -> None:
    path = tmp_path / "draws.csv"
    path.write_text("index,operation\n0,17\n1,4\n2,17\n")
    said = refusal("audit", "--samples", path)
    assert "has index and operation, any of which may be meant: choose one with --column" in said
    assert run("--samples", str(path), "--column", "operation", "--json").exit_code == 0


@pytest.mark.parametrize(
    ("draws", "lines"),
    [
        ("1\n2\n3\n", [" +undefined +ACE", " +undefined +order 2, of the generator, estimated"]),
        ("1\n2\n3\n", [r" +3.00 \[undetermined\] +order 1, in the sample"]),
        ("1\n", [r"mass not seen +1\.0000 \[0\.0000, 1\.0000\] +undetermined: draw more"]),
        ("1\n", [r"reachable +1 \[1, open\] +Chao1, bias-corrected: a lower bound"]),
    ],
)
def test_what_few_draws_do_not_determine_is_said(tmp_path: Path, draws: str, lines: list[str]) -> None:
    path = tmp_path / "draws.txt"
    path.write_text(draws)
    output = run("--samples", str(path)).output
    assert all(re.search(f"^{line}$", output, re.MULTILINE) for line in lines)
    assert json.loads(run("--samples", str(path), "--json").output)["samples"]["richness"]["upper"] is None


def test_estimates_are_cut_at_the_size_of_the_space_and_columns_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "draws.npy"
    np.save(path, np.random.default_rng(1).integers(0, K, 50_000))
    output = run("--samples", str(path), "--space-size", str(K)).output
    assert re.search(r"^reachable +19,683 \[[\d,]+, 19,683\] .*, cut at 19,683$", output, re.MULTILINE)
    np.save(path, np.random.default_rng(1).integers(0, 2**40, 3_000_000))
    output = run("--samples", str(path)).output
    lines = output.split("\n\n")[0].splitlines()
    assert all(len(re.split(r" {2,}", line)) <= 3 for line in lines)
    widths = {line.index(line.split()[-1]) for line in lines if line.startswith("draws")}
    assert all(line[: min(widths)].rstrip() != line[: min(widths)] for line in lines)


def modules_after(*arguments: str) -> set[str]:
    """Return the heavy modules that a fresh interpreter has loaded once the command is done."""
    code = (
        "import sys; from fluxttice_core.cli.main import app\n"
        f"try:\n    app({['audit', *arguments]!r})\nexcept SystemExit: pass\n"
        "print(*({'torch', 'scipy', 'numpy'} & set(sys.modules)), file=sys.stderr)"
    )
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert outcome.stdout
    return set(outcome.stderr.split())


def test_nothing_is_loaded_that_is_not_needed() -> None:
    assert modules_after("--help") == set()
    assert "torch" not in modules_after("--space-size", "ternary:2", "--draws", "50000", "--distinct", "92%")


def page_commands() -> list[tuple[str, str]]:
    """Return every command of the page that shows its output, with that output."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.fixture(scope="module")
def drawn_by_the_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files that the page's own code writes."""
    code = "".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL))
    folder = tmp_path_factory.mktemp("page")
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    return folder


def test_the_page_shows_what_the_command_prints(
    drawn_by_the_page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(drawn_by_the_page)
    status, compared = 0, 0
    for command, output in page_commands():
        if command == "echo $?":
            assert output.strip() == str(status)
            continue
        asked, _, tail = command.partition(" | tail -n ")
        words = shlex.split(asked)
        assert words[:2] == ["fluxttice", "audit"]
        result = run(*words[2 : words.index(">") if ">" in words else None])
        status = result.exit_code
        if ">" not in words:
            compared += 1
            lines = result.output.rstrip().splitlines()
            assert "\n".join(lines[-int(tail or len(lines)) :]) == output.rstrip(), command
    assert compared == 25


def test_the_page_draws_what_the_test_draws(halved: Path, drawn_by_the_page: Path) -> None:
    assert (drawn_by_the_page / "draws.npy").read_bytes() == halved.read_bytes()


def test_the_page_names_every_option() -> None:
    page = PAGE.read_text(encoding="utf-8")
    options = set(re.findall(r"(--[a-z-]+)", run("--help").output)) - {"--help"}
    assert len(options) == 49
    assert all(option in page for option in options), options


def test_vast_spaces_are_not_printed_digit_by_digit(tmp_path: Path) -> None:
    draws = tmp_path / "draws.txt"
    draws.write_text("a\nb\nc\nc\n")
    for told in (f"--samples {shlex.quote(str(draws))}", "--draws 100 --distinct 101"):
        output = audit(f"{told} --space-size 1e300").output
        assert "1e300" in output
        assert not re.search(r"0{25}|(,000){8}", output)
