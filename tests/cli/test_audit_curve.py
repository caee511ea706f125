"""The command's curve of a sample, and draws beside known sets and in units."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import PLAIN, ran, refusal


@pytest.fixture
def draws(tmp_path: Path) -> Path:
    path = tmp_path / "draws.txt"
    path.write_text("\n".join("aaaaabbbccdefgx"))
    (tmp_path / "known.txt").write_text("\n".join("abcdefgh"))
    (tmp_path / "units.csv").write_text("kind,one,two,three\n" + "p,1,1,1\nq,1,0,0\nr,0,1,0\ns,1,1,0\n")
    return path


def test_json_has_the_curve_and_known_sets(draws: Path) -> None:
    known = str(draws.with_name("known.txt"))
    asked = ("--reference", known, "--training", known, "--wanted-mass", "90%", "--wanted-kinds", "5")
    plain = json.loads(ran("audit", "--samples", draws, *asked, "--json").output)
    assert plain["reference"]["closedness"]["figure"]["estimate"] == pytest.approx(14 / 15)
    assert plain["training"]["novel"]["figure"]["estimate"] == pytest.approx(1 / 15)
    assert [one["wanted"] for one in plain["curve"]["wanted"]] == ["0.9 of the mass", "5 kinds"]
    assert plain["curve"]["rows"][-1]["by"] == "mass"


def test_the_curve_is_shown_and_written(draws: Path) -> None:
    csv, image = draws.with_name("curve.csv"), draws.with_name("curve.svg")
    result = ran("audit", "--samples", draws, "--curve", "--csv", csv, "--plot", image, env=PLAIN)
    assert "draws, + beyond the sample" in result.output
    assert "\n30+ " in result.output
    assert csv.stat().st_size > 0
    assert image.stat().st_size > 0


def test_units_have_their_estimates_and_no_curve(draws: Path) -> None:
    units = str(draws.with_name("units.csv"))
    plain = json.loads(ran("audit", "--incidences", units, "--json").output)
    assert plain["incidences"]["units"] == 3
    assert plain["incidences"]["Chao2"] == pytest.approx(4 + 2 / 3 * 2 / (2 * 2))
    told = plain["incidences"]["Chao2_interval"]
    assert (told["lower"], told["level"]) == (4, 0.95)
    assert told["upper"] > 4
    shown = ran("audit", "--incidences", units, env=PLAIN)
    assert "not enough said: 4 kinds in 3 sampling units" in shown.output
    assert "Good-Turing" not in shown.output
    assert "incidences are none" in refusal("audit", "--incidences", units, "--curve")


@pytest.mark.parametrize("asked", [("--space-size", "4"), ("--without-replacement",)])
def test_units_are_held_against_no_law(draws: Path, asked: tuple[str, ...]) -> None:
    units = draws.with_name("units.csv")
    assert "are no draws" in refusal("audit", "--incidences", units, *asked, "--require-uniform")


@pytest.mark.parametrize(
    "asked",
    [("--reference", "known.txt"), ("--save-counts", "counts.parquet"), ("--base", "3", "--arity", "2")],
)
def test_units_are_held_against_no_set_and_are_no_operations(
    draws: Path, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(draws.parent)
    said = refusal("audit", "--incidences", "units.csv", *asked)
    assert "--incidences notes kinds by sampling unit, which are no draws: leave out --law, --ref" in said


def test_draws_without_replacement_are_of_no_law_and_no_monitor(draws: Path) -> None:
    law = draws.with_name("law.csv")
    law.write_text("kind,weight\n" + "".join(f"{kind},1\n" for kind in "abcdefgx"))
    command = ("audit", "--samples", draws, "--without-replacement")
    assert "a stated law says how often kinds come back" in refusal(*command, "--law", law)
    state = draws.with_name("state")
    said = refusal(*command, "--space-size", "9", "--monitor", state)
    assert "--monitor adds up independent draws" in said
    assert not state.exists()


def test_draws_without_replacement_have_no_figures_of_independent_ones(tmp_path: Path) -> None:
    path, known = tmp_path / "draws.txt", tmp_path / "known.txt"
    path.write_text("a\nb\nc\nd\n")
    known.write_text("a\nb\nc\nx\ny\n")
    command = ("audit", "--samples", path, "--without-replacement", "--space-size", "8")
    shown = ran(*command, "--reference", known, "--training", known, env=PLAIN).output
    assert [" ".join(line.split()) for line in shown.splitlines()[:-2]] == [
        "draws 4",
        "distinct 4",
        "drawn once, twice 4, 0",
        "coverage 50.00 % of 8",
        "",
        "coverage 60.00 % of 5 in the reference",
        "closedness 75.00 % of the draws are in it",
        "outside 25.00 % of the draws are not",
        "novelty 25.00 % of the draws are not among 5 of training; ideal 37.50 %",
        "25.00 % of the kinds drawn; ideal 37.50 %",
        "",
    ]
    plain = json.loads(ran(*command, "--reference", known, "--json").output)
    assert plain["samples"]["missing_mass"] is plain["reference"]["completeness"] is None
    assert plain["reference"]["coverage"] == {"figure": 0.6, "ideal": None}


@pytest.mark.parametrize("asked", [("--curve",), ("--csv", "c.csv"), ("--wanted-kinds", "3")])
def test_draws_without_replacement_have_no_curve(draws: Path, asked: tuple[str, ...]) -> None:
    said = refusal("audit", "--samples", draws, "--without-replacement", *asked)
    assert "--curve, --plot, --csv, --wanted-mass and --wanted-kinds are of independent draws" in said


def test_more_kinds_than_the_space_has_are_no_sample_of_it(draws: Path) -> None:
    assert "8 different kinds were drawn" in refusal("audit", "--samples", draws, "--space-size", "7")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--wanted-mass", "2"), "a coverage to reach lies between 0 and 1"),
        (("--wanted-mass", "much"), "'much' is not a number"),
        (("--wanted-kinds", "0"), "kinds to see are 1 or more"),
        (("--wanted-kinds", "12"), "'12' is more than all there are"),
        (("--wanted-kinds", "80..90%"), "'80..90%' is a range: ask for one number"),
        (("--wanted-mass", ".5..9"), "'.5..9' is a range"),
        (("--plot", "curve.bmp"), "a curve is drawn as .svg or .png"),
        (("--csv", "no/curve.csv"), "no/curve.csv could not be written: No such file or directory"),
        (("--csv", "."), ". exists and is no regular file"),
        (("--csv", "-"), "'-' names no file"),
        (("--save-counts", "counts.csv"), "'counts.csv' is not called so: give a name that ends in .parquet"),
        (("--csv", "draws.txt"), "'draws.txt' would be written in the place of a file that is read"),
        (("--csv", "curve.svg", "--plot", "curve.svg"), "'curve.svg' would be written in the place"),
    ],
)
def test_what_no_curve_can_be_is_refused_before_a_run_is_counted(
    asked: tuple[str, ...], said: str, draws: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or else the same run, once mended, would count twice; the files that are named stay as they are."""
    monkeypatch.chdir(draws.parent)
    before = {path: path.read_bytes() for path in draws.parent.iterdir()}
    command = ("audit", "--samples", "draws.txt", "--space-size", "9", "--monitor", "state")
    assert said in refusal(*command, *asked)
    assert {path: path.read_bytes() for path in draws.parent.iterdir()} == before


def test_no_state_is_called_as_standard_input_is(draws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(draws.parent)
    before = sorted(draws.parent.iterdir())
    said = refusal("audit", "--samples", "draws.txt", "--space-size", "9", "--monitor", "-")
    assert "'-' names no file" in said
    assert sorted(draws.parent.iterdir()) == before


def test_what_no_space_of_the_draws_can_show_is_refused_before_a_run_is_kept(draws: Path) -> None:
    """Only the draws say how large it is."""
    path, state = draws.with_name("operations.txt"), draws.with_name("state")
    path.write_text("----00-0+\n000000000\n")
    command = ("audit", "--samples", path, "--monitor", state)
    assert "kinds to see are 1 or more" in refusal(*command, "--wanted-kinds", "1e-6")
    assert not state.exists()
    ran(*command, "--wanted-kinds", "50%")
    assert state.exists()


def test_a_share_of_kinds_needs_a_space(draws: Path) -> None:
    law, state = draws.with_name("law.csv"), draws.with_name("state")
    law.write_text("kind,weight\n" + "".join(f"{kind},1\n" for kind in "abcdefgx"))
    command = ("audit", "--samples", draws, "--law", law, "--monitor", state, "--wanted-kinds")
    assert "'50%' of the kinds is a share of a space: give --space-size" in refusal(*command, "50%")
    assert not state.exists()


def test_half_of_25_kinds_are_13(draws: Path) -> None:
    command = ("audit", "--samples", draws, "--space-size", "25", "--json", "--wanted-kinds")
    wanted = [json.loads(ran(*command, asked).output)["curve"]["wanted"] for asked in ("50%", "13", "12")]
    assert [one[0]["wanted"] for one in wanted] == ["13 kinds", "13 kinds", "12 kinds"]


@pytest.mark.parametrize("option", ["--csv", "--save-counts", "--plot"])
def test_the_file_that_standard_input_reads_is_not_written_over(option: str, draws: Path) -> None:
    path = draws.with_name("given.svg" if option == "--plot" else "given.parquet")
    path.write_bytes(draws.read_bytes())
    command = [sys.executable, "-m", "fluxttice_core.cli", "audit", "--samples", "-", option, str(path)]
    with path.open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "would be written in the place of a file that is read" in done.stderr
    assert path.read_bytes() == draws.read_bytes()


def test_a_monitored_law_is_called_by_its_name(draws: Path) -> None:
    law = draws.with_name("law.csv")
    law.write_text("kind,weight\n" + "".join(f"{kind},1\n" for kind in "abcdefgx"))
    command = ("audit", "--samples", draws, "--law", law, "--monitor", draws.with_name("state"), "--json")
    finding = json.loads(ran(*command).output)["findings"][0]
    assert finding["against"] == finding["law"].removeprefix("test martingale of ") == "the law of 'law.csv'"


def test_an_empty_path_is_not_left_out(draws: Path) -> None:
    claim = ("audit", "--draws", "10", "--uniqueness", "50%")
    assert "a path is empty" in refusal(*claim, "--incidences", "")
    assert "--law describes a file: give --samples" in refusal(*claim, "--law", "")
    assert "a path is empty" in refusal("audit", "--samples", draws, "--law", "")


def test_a_curve_needs_a_sample() -> None:
    said = refusal("audit", "--curve", "--draws", "10", "--uniqueness", "50%")
    assert "describe a sample: give --samples or" in said
