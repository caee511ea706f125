"""Watches the tree and the installation while tests run: if anything in them changed, the run ends in red."""

from typing import Any

import pytest

from tests.intact import Listing, harm, listing, site_packages

OTHERS = frozenset({".git", ".venv", ".mypy_cache", ".ruff_cache", "runs"})
"""What git, the linters and somebody who trains write while the tests run."""


class Watch:
    """Compares all files before the first test was read with those after the last has ended."""

    def __init__(self, config: pytest.Config) -> None:
        self._folders = {config.rootpath: OTHERS, site_packages(): frozenset[str]()}
        self._before = self._listing()
        self.harm: list[str] = []

    def _listing(self) -> Listing:
        found: Listing = {}
        for folder, others in self._folders.items():
            found |= listing(folder, without=others)
        return found

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.harm = harm(self._before, self._listing())
        if self.harm:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self.harm:
            return
        terminalreporter.section("FILES CHANGED OUTSIDE THE TESTS' OWN FOLDERS", red=True, bold=True)
        for line in self.harm:
            terminalreporter.line(line, red=True)
        terminalreporter.line("a test did this, or somebody did while the tests ran", red=True)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Watch(config))
