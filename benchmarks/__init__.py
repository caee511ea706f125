"""Benchmarks of the hot paths, as ratios measured in one run: `make bench`."""
