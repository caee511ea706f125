"""What the Hugging Face Hub makes of a certificate: a cache of links, or a folder with files of its own."""

import os
import shutil
from pathlib import Path

import pytest

from fluxttice_core.certification.folder_names import require_certificate
from fluxttice_core.certification.keys import new_private_key
from fluxttice_core.certification.signature import sign_folder
from fluxttice_core.certification.verify import verify
from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.canonical_json import bytes_digest
from fluxttice_core.storage.pretrained import load
from tests.refusals import refused

KEY = new_private_key()
OF_THE_HUB = {
    ".gitattributes": "*.safetensors filter=lfs\n",
    "README.md": "# The best model\n",
    ".cache/huggingface/.gitignore": "*",
    ".cache/huggingface/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n",
    ".cache/huggingface/download/report.json.lock": "",
    ".cache/huggingface/download/report.json.metadata": "0",
}


@pytest.fixture
def download(small_certificate: Path, tmp_path: Path) -> Path:
    """A signed certificate as `hf download --local-dir` leaves it."""
    folder = shutil.copytree(small_certificate, tmp_path / "model")
    sign_folder(folder, KEY, folder / "model.sig")
    for name, text in OF_THE_HUB.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / ".cache" / "huggingface" / "empty").mkdir()
    return folder


@pytest.fixture
def snapshot(download: Path, tmp_path: Path) -> Path:
    """The same in the cache of `huggingface_hub`: links to files that are named by their digests."""
    repository = tmp_path / "hub" / "models--a--b"
    folder = repository / "snapshots" / ("c" * 40)
    (repository / "blobs").mkdir(parents=True)
    for path in sorted(download.rglob("*")):
        name = path.relative_to(download)
        if path.is_file() and name.parts[0] != ".cache":
            blob = repository / "blobs" / bytes_digest(path.read_bytes())
            blob.write_bytes(path.read_bytes())
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(os.path.relpath(blob, (folder / name).parent))
    return folder


def test_what_the_hub_adds_is_named_and_passed_over(download: Path) -> None:
    findings = verify(download, public_key=KEY.public_key())
    assert [finding for finding in findings if finding.verdict == "fails"] == []
    (signature, *_, beside) = findings
    assert (signature.verdict, beside.verdict) == ("signed", "not looked at")
    assert signature.detail.endswith("; unsigned: .cache, .gitattributes, README.md")
    assert beside.detail.startswith(".cache, .gitattributes, README.md: ")
    model = load(download)
    assert model.card is not None
    assert "The best model" not in model.card


def test_what_lies_deeper_is_not_the_hub_s(download: Path) -> None:
    (download / "figures" / "README.md").write_text("# The best model\n")
    failed = {f.subject for f in verify(download, public_key=KEY.public_key()) if f.verdict == "fails"}
    assert failed == {"signature", "sums"}


def test_a_cache_of_the_hub_loads_and_is_verified_after_the_command_that_is_named(
    snapshot: Path, tmp_path: Path
) -> None:
    assert load(snapshot).tensor_digest == load(tmp_path / "model").tensor_digest
    with refused(CheckpointError, "not_a_file", "cp -rL"):
        _ = load(snapshot).card
    with refused(CheckpointError, "not_a_file", f"`cp -rL {snapshot} COPY`, then verify COPY"):
        require_certificate(snapshot)
    copy = shutil.copytree(snapshot, tmp_path / "COPY")
    require_certificate(copy)
    assert not [f for f in verify(copy, public_key=KEY.public_key()) if f.verdict == "fails"]
    assert load(copy).card is not None
