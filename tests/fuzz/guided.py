"""Fuzz one parser with atheris, guided by the package's coverage: `python -m tests.fuzz.guided NAME FOLDER`.

What follows the folder goes to libFuzzer, such as `-runs=1000000 -seed=1`. The file `counts` in the folder
says how many inputs were read and how many refused; one that was neither is kept there, and the exit code is
not 0.
"""

from __future__ import annotations

import gc
import sys
import warnings
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.parsers import Parser

SECONDS_AN_INPUT, MEGABYTES = 10, 2_048


class Counted:
    """A parser in the form that atheris drives."""

    def __init__(self, parser: Parser, folder: Path) -> None:
        self.parser, self.folder = parser, folder
        self.read = self.refused = 0

    def __call__(self, data: bytes) -> None:
        if self.parser.accepts(data, self.folder):
            self.read += 1
        else:
            self.refused += 1
        # Kept as it goes, since the process ends inside libFuzzer.
        if (self.read + self.refused) % 1_000 == 0:
            (self.folder / "counts").write_text(f"{self.read} {self.refused}\n")


def mutation(parser: Parser, by_bytes: Callable[[bytes, int], bytes]) -> Callable[[bytes, int, int], bytes]:
    """Damage to an input by its structure, or as libFuzzer does it."""
    from tests.fuzz.mutations import mutated

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.3:
            return by_bytes(data, longest)
        return mutated(data, random, parser.tokens, prefix=parser.prefix)[:longest]

    return mutate


def main(name: str, folder: Path, options: list[str]) -> None:
    """Fuzz a parser until libFuzzer has had enough."""
    import atheris

    with atheris.instrument_imports(include=["fluxttice_core"]):
        from tests.fuzz.parsers import parsers

    warnings.simplefilter("error")
    parser = parsers()[name]
    seeds = folder / "corpus"
    seeds.mkdir(exist_ok=True)
    for number, seed in enumerate(parser.seeds()):
        (seeds / f"seed-{number}").write_bytes(seed)
    limits = [f"-timeout={SECONDS_AN_INPUT}", f"-rss_limit_mb={MEGABYTES}", f"-max_len={parser.longest}"]
    steps = ["-mutate_depth=2", f"-artifact_prefix={folder}/", *options]
    atheris.Setup(
        [sys.argv[0], *limits, *steps, str(seeds)],
        Counted(parser, folder),
        # Looked up at every call, since atheris puts it in place only when fuzzing begins.
        custom_mutator=mutation(parser, lambda data, longest: atheris.Mutate(data, longest)),
    )
    gc.freeze()  # what was imported need not be looked through again and again
    with parser.around(folder):
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
