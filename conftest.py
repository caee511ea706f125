"""For every run of pytest in this repository: folders of its own, and a watch over everyone else's."""

import os

# Threads that wait for each other sleep: spinning, they take the time that the other half of the tests needs,
# and what takes a second alone takes six beside it. Read when torch is loaded; no bit depends on it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

pytest_plugins = ["tests.garbage", "tests.own_folders", "tests.type_checks", "tests.watch"]
