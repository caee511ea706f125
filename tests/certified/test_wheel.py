"""What users install: a wheel built from the repository holds the certified model, and verifies it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds, as installers unpack it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def installed(site: Path, *arguments: str) -> str:
    """What a command prints when it runs from the wheel alone, away from the repository."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=site.parent, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.slow
def test_the_wheel_holds_the_certified_model_and_the_public_key(site: Path) -> None:
    shipped = ROOT / "src" / "fluxttice_core" / "certified"
    files = [path for path in shipped.rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        assert (
            site / "fluxttice_core" / "certified" / path.relative_to(shipped)
        ).read_bytes() == path.read_bytes()
    key = (ROOT / "keys" / "fluxttice.pub").read_bytes()
    assert (site / "fluxttice_core" / "certified.pub").read_bytes() == key
    assert not list(site.rglob("tests"))


@pytest.mark.slow
def test_the_installed_program_verifies_the_model_with_its_own_key(site: Path) -> None:
    where = installed(site, "-c", "import fluxttice_core; print(fluxttice_core.__file__)")
    assert Path(where.strip()).is_relative_to(site)
    found = json.loads(installed(site, "-m", "fluxttice_core.cli", "verify", "--json"))
    signature = found["findings"][0]
    assert (signature["verdict"], signature["known_as"]) == ("signed", "fluxttice, the project")
    assert found["fails"] == []
