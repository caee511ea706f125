"""Auditing ten million samples, beside what counts them otherwise: NumPy's bincount, and its unique."""

from functools import partial

import numpy as np

from benchmarks.comparison import Row, against
from benchmarks.stopwatch import Work, in_turn
from fluxttice_core.audit.sample_report import report_samples
from fluxttice_core.audit.sample_values import samples_of

SAMPLES = 10_000_000
SIZE = 19_683


def rows() -> list[Row]:
    """The whole audit, verdict and intervals included, beside the two ways of counting alone."""
    drawn = np.random.default_rng(0).integers(0, SIZE, SAMPLES)
    timings = in_turn(
        {
            "audit": Work(lambda: report_samples(samples_of(drawn, size=SIZE)), threads=1),
            "bincount": Work(partial(np.bincount, drawn, minlength=SIZE), threads=1),
            "unique": Work(partial(np.unique, drawn, return_counts=True), threads=1),
        },
        patience=20,
    )
    audit = timings["audit"]
    return [
        (f"the audit of {SAMPLES:,} samples", f"{audit.best:.2f} s", against(audit, timings[rival], said))
        for rival, said in (
            ("unique", "np.unique, which only counts"),
            ("bincount", "np.bincount, which only counts"),
        )
    ]
