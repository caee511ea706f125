"""For every run of pytest in this repository: folders of its own, and a watch over everyone else's."""

pytest_plugins = ["tests.garbage", "tests.own_folders", "tests.type_checks", "tests.watch"]
