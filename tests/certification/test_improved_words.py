"""Words and metrics are improved, and certificates stay what they are: numbers count, and no sentence."""

import json
import shutil
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification import model_card, selection
from fluxttice_core.certification.keys import load_public_key
from fluxttice_core.certification.signature import sign_folder
from fluxttice_core.certification.verify import verify
from fluxttice_core.evaluation import caveats, gates
from fluxttice_core.evaluation.coverage_report import certified_report
from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics import catalogue
from fluxttice_core.metrics.catalogue import CATALOGUE, Entry
from tests.certification.test_verify import failures, reseal

KEY = Path(__file__).parents[2] / "keys" / "fluxttice.pub"
FIRST_VERSION = Path(__file__).parents[1] / "evaluation" / "goldens" / "first_version.json"


@pytest.fixture
def improved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later program: one metric more, and every kind of sentence worded otherwise."""
    monkeypatch.setattr(catalogue, "METRIC_SET", catalogue.METRIC_SET + 1)
    new = Entry(
        *("perplexity_ratio", "evenness exp H(p) / K", "ratio", "higher", 1.0),
        draws="mass_draws",
        section=catalogue.DISTRIBUTION,
        headline=True,
        since=catalogue.METRIC_SET,
    )
    monkeypatch.setitem(CATALOGUE, new.name, new)
    for name, words in (("nll", "mean surprise"), ("coverage/argmax", "share reached by argmax")):
        monkeypatch.setitem(CATALOGUE, name, replace(CATALOGUE[name], label=words))
    monkeypatch.setattr(caveats, "_INTERVALS", "Another training run may score otherwise.")
    monkeypatch.setitem(caveats.CONTROL_WORDS, "untrained", "networks that nobody trained")
    monkeypatch.setitem(caveats.DESCRIPTIONS, "oracle", "perfect")
    monkeypatch.setattr(selection, "RULE", "The most information of the exact ones.")
    monkeypatch.setattr(model_card, "_INTENDED_USE", ("For whoever counts.",))
    renamed = tuple(replace(gate, name=f"{gate.name}, indeed") for gate in gates.ACCEPTANCE)
    monkeypatch.setattr(gates, "ACCEPTANCE", renamed)


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    source = Path(str(resources.files("fluxttice_core") / "certified"))
    return shutil.copytree(source, tmp_path / "certified")


def reword(folder: Path, name: str, old: str, new: str) -> None:
    """Change a file, and make the sums fit."""
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    reseal(folder)


@pytest.mark.usefixtures("improved")
def test_the_shipped_certificate_holds_by_a_program_with_better_words_and_more_metrics(shipped: Path) -> None:
    findings = verify(shipped, public_key=load_public_key(KEY))
    assert findings[0].verdict == "signed"
    assert failures(findings) == set()


@pytest.mark.usefixtures("improved")
def test_a_new_certificate_holds_too_and_its_report_lacks_nothing(small_certificate: Path) -> None:
    assert failures(verify(small_certificate)) == set()


@pytest.mark.usefixtures("improved")
def test_older_reports_are_read() -> None:
    assert certified_report().metric_set == 2
    assert Report.from_plain(json.loads(FIRST_VERSION.read_text())).metric_set == 1


@pytest.mark.usefixtures("improved")
def test_a_report_that_calls_itself_newer_must_have_the_new_metric(
    small_certificate: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(small_certificate, tmp_path / "newer")
    result = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps(result | {"metric_set": catalogue.METRIC_SET}))
    found = {finding.subject: finding.detail for finding in verify(folder)}
    assert "lacks perplexity_ratio" in found["report"]


@pytest.mark.usefixtures("improved")
@pytest.mark.parametrize(
    ("name", "old", "new", "subject"),
    [
        ("MODEL_CARD.md", "| 0.9543 ±0.0001 |", "| 0.9743 ±0.0001 |", "card"),
        ("MODEL_CARD.md", "value: 0.9542535250014392", "value: 0.9742535250014392", "card"),
        ("MODEL_CARD.md", "| NLL `nll` | 9.8884 ±0.0003 |", "| NLL `entropy` | 9.8884 ±0.0003 |", "card"),
        ("MODEL_CARD.md", "`46c04b1517413037", "`46c04b1517413038", "card"),
        ("MODEL_CARD.md", "| seed of the split | 42 |\n", "", "card"),
        ("MODEL_CARD.md", "> 0.99 |", "> 0.90 |", "card"),
        ("report.json", '"direction":"higher"', '"direction":"lower"', "report"),
        ("report.json", '"unit":"nats"', '"unit":"ratio"', "report"),
        ("report.json", '"value":0.9542535250014392', '"value":0.9742535250014392', "report"),
        ("report.json", '"threshold":0.5', '"threshold":0.4', "gates"),
        ("selection.json", '"place":2', '"place":3', "selection"),
    ],
)
def test_what_is_no_sentence_is_still_compared(
    shipped: Path, name: str, old: str, new: str, subject: str
) -> None:
    reword(shipped, name, old, new)
    assert subject in failures(verify(shipped))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("MODEL_CARD.md", "## Limits", "## Strengths"),
        ("MODEL_CARD.md", "\n## Verify", ""),
        ("MODEL_CARD.md", "| generative information G `", "| exact accuracy `"),
        ("MODEL_CARD.md", "name: argmax efficiency, N = 50", "name: perfect efficiency, N = 50"),
        ("MODEL_CARD.md", "For research", "Certified by somebody else. For research"),
        ("report.json", "Intervals are those of the draws", "There are no limits"),
        ("report.json", "Not told from untrained networks", "Told from untrained networks"),
        ("selection.json", "Validation loss decides nothing.", "Validation loss decides everything."),
        ("selection.json", "exact; most G", "lowest validation loss; most G"),
    ],
)
def test_a_sentence_is_the_signer_s_and_changed_by_anybody_else_breaks_the_signature(
    shipped: Path, name: str, old: str, new: str, key: ec.EllipticCurvePrivateKey
) -> None:
    reword(shipped, name, old, new)
    findings = verify(shipped, public_key=load_public_key(KEY))
    assert "signature" in failures(findings)
    assert failures(findings) <= {"signature", "card"}
    assert ("sentences", "claimed") in {(finding.subject, finding.verdict) for finding in findings}
    sign_folder(shipped, key, shipped / "model.sig")
    assert verify(shipped, public_key=key.public_key())[0].verdict == "signed"
