"""A damaged file, a damaged cache and a changed tree are found; what is whole is not reported."""

import base64
import hashlib
import os
import py_compile
import subprocess
from pathlib import Path

import pytest

from tests.intact import damaged_caches, damaged_packages, harm, is_sound, listing, uncommitted

NAMED = b"an installed module"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of installed files: one package, with the digest of its one module."""
    folder = tmp_path / "site"
    record = folder / "named-1.0.dist-info"
    record.mkdir(parents=True)
    (folder / "named.py").write_bytes(NAMED)
    digest = base64.urlsafe_b64encode(hashlib.sha256(NAMED).digest()).rstrip(b"=").decode()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: named\nVersion: 1.0\n")
    (record / "RECORD").write_text(
        f"named.py,sha256={digest},{len(NAMED)}\nnamed-1.0.dist-info/METADATA,,\nnamed-1.0.dist-info/RECORD,,\n"
    )
    return folder


def test_installed_files_are_held_against_their_digests(site: Path) -> None:
    assert damaged_packages(site) == []
    (site / "named.py").write_bytes(NAMED.upper())
    assert damaged_packages(site) == [f"{site / 'named.py'} of named is not what was installed"]
    (site / "named.py").unlink()
    assert damaged_packages(site) == [f"{site / 'named.py'} of named is missing"]


def test_every_truncation_of_a_cache_is_found(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text("def square(x):\n    return x * x\n")
    cache = Path(str(py_compile.compile(str(source))))
    whole = cache.read_bytes()
    assert is_sound(cache)
    assert damaged_caches(tmp_path) == []
    for length in range(len(whole)):
        cache.write_bytes(whole[:length])
        assert not is_sound(cache), length
    assert damaged_caches(tmp_path) == [f"{cache} is a damaged cache of byte code"]


def test_harm_is_what_was_made_changed_or_taken_away(tmp_path: Path) -> None:
    for name in ("kept", "changed", "touched", "taken"):
        (tmp_path / name).write_text(name)
    before = listing(tmp_path)
    assert harm(before, listing(tmp_path)) == []
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "made").touch()
    (tmp_path / "changed").write_text("something else")
    os.utime(tmp_path / "touched", ns=(0, 0))
    (tmp_path / "taken").unlink()
    assert [line.removeprefix(f"{tmp_path}/") for line in harm(before, listing(tmp_path))] == [
        "changed was changed",
        "deep/er/made was made",
        "taken was taken away",
        "touched was changed",
    ]
    assert harm(listing(tmp_path, without=frozenset({"deep"})), listing(tmp_path)) == [
        f"{tmp_path}/deep/er/made was made"
    ]


def test_git_names_what_differs_from_the_commit(tmp_path: Path) -> None:
    assert "git cannot tell what changed" in uncommitted(tmp_path)[0]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert uncommitted(tmp_path) == []
    (tmp_path / "left").touch()
    assert uncommitted(tmp_path) == ["git status: ?? left"]
