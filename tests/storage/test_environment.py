"""What a result says of its circumstances names no person and no place."""

import getpass
import platform
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from fluxttice_core.storage import environment
from fluxttice_core.storage.environment import environment_record, peak_memory, timestamp, tool_record
from fluxttice_core.version import __version__


def test_the_commit_is_that_of_the_checkout() -> None:
    root = Path(environment.__file__).parent
    head = subprocess.run(
        ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    record = tool_record()
    assert record["version"] == __version__
    assert record["commit"] == (head.stdout.strip() or None)
    assert isinstance(record["modified"], bool) == (record["commit"] is not None)


def test_without_git_or_a_checkout_of_this_package_there_is_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr("shutil.which", lambda _: None)
        assert tool_record()["commit"] is None
    monkeypatch.setattr(environment, "_PACKAGE", tmp_path)
    with monkeypatch.context() as outside:
        outside.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        assert (tool_record()["commit"], tool_record()["modified"]) == (None, None)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert tool_record()["commit"] is None


def test_in_a_checkout_of_another_user_it_is_said_why_there_is_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage" / "environment.py").touch()
    identity = ("-c", "user.name=n", "-c", "user.email=n@example.org")
    for arguments in (("init", "-q"), ("add", "."), (*identity, "commit", "-q", "-m", "a file")):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    monkeypatch.setattr(environment, "_PACKAGE", tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", tool_record()["commit"])
    assert caplog.messages == []
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert tool_record()["commit"] is None
    assert tool_record()["commit"] is None
    (said,) = caplog.messages
    assert said.startswith(
        "fluxttice: the record will name no commit, since git does not read the checkout of"
    )
    assert said.endswith(f"run: git config --global --add safe.directory {shlex.quote(str(tmp_path))}")


def test_no_person_and_no_place_is_named() -> None:
    text = repr(environment_record())
    assert platform.node() not in text
    assert str(Path.home()) not in text
    assert f"'{getpass.getuser()}'" not in text
    assert environment_record()["cores"] >= 1


def test_the_timestamp_is_utc_to_the_second() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", timestamp())


def test_peak_memory_is_in_bytes() -> None:
    assert 50e6 < peak_memory() < 1e12
