"""Make the paper's claims again: `make artifact`, or `make artifact-quick` for what takes four minutes.

Prints a table of claim, command, expected interval, what was found and a verdict, keeps it, and ends with
status 1 if anything is outside of its interval.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch

from fluxttice_core.storage.atomic_write import write_text
from paper.claims import CLAIMS, NOT_REMADE, ROOT
from paper.found import HEAD, Claim, Found, rows

KEPT = ROOT / "build" / "artifact.md"
WORKERS = 2


def made(claim: Claim) -> tuple[list[Found], float]:
    """A claim's figures, and the seconds of processor time that they took."""
    torch.set_num_threads(1)
    began = time.process_time()
    return list(claim.check()), time.process_time() - began


def _numbered(at: int) -> tuple[list[Found], float]:
    return made(CLAIMS[at])


def table(claims: Sequence[Claim], found: Sequence[Sequence[Found]]) -> str:
    """What was claimed and found, as a table in Markdown."""
    lines = [line for claim, each in zip(claims, found, strict=True) for line in rows(claim, each)]
    return "\n".join([HEAD, *lines]) + "\n"


def outside(found: Sequence[Sequence[Found]]) -> list[str]:
    """The figures that do not hold."""
    return [each.name for figures in found for each in figures if not each.holds]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="only what takes four minutes on two quiet cores"
    )
    parser.add_argument("--out", type=Path, default=KEPT, help="where the table is kept")
    chosen = parser.parse_args(arguments)
    places = [at for at, claim in enumerate(CLAIMS) if claim.quick or not chosen.quick]
    # The long ones first, so that two processes end together.
    order = sorted(places, key=lambda at: CLAIMS[at].quick)
    began, done = time.monotonic(), {}
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        waiting = {at: pool.submit(_numbered, at) for at in order}
        for at in order:
            done[at] = waiting[at].result()
            print(f"{CLAIMS[at].says}: {done[at][1]:.0f} s of processor time", flush=True)
    found = [done[at][0] for at in places]
    text = table([CLAIMS[at] for at in places], found)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    write_text(chosen.out, text)
    print(f"\n{text}")
    print(f"Not made again, for want of the file: the numbers of {', '.join(NOT_REMADE)}.")
    wrong, seconds = outside(found), time.monotonic() - began
    figures = sum(len(each) for each in found)
    print(f"{figures} figures of {len(found)} claims in {seconds:.0f} s: {len(wrong)} outside.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
