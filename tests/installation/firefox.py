"""The explorer's tests in Firefox, which Playwright drives by the protocol that all browsers share."""

import shutil
import sys
from pathlib import Path

from tests.installation.environment import show

PLAYWRIGHT = ("playwright==1.60.0", "pyee==13.0.1")
"""Newer ones ask Firefox for what its long-lived releases do not know yet, and so cannot open a window."""
NAMES = ("firefox", "firefox-esr")
PAGES = "tests/server/explorer/browser"


def firefox(scratch: Path) -> None:
    """Run all tests of the explorer that ask for nothing that Chromium alone is asked for.

    Raises:
        SystemExit: If there is no Firefox, or a test failed.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise SystemExit("there is no Firefox on PATH to run the explorer in: apt-get install firefox-esr")
    beside = scratch / "playwright"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    show([*pip, "--target", str(beside), *PLAYWRIGHT])
    tests = [sys.executable, "-m", "pytest", "-m", "not slow and not chromium", PAGES]
    show(tests, PYTHONPATH=str(beside), FLUXTTICE_FIREFOX=found)
