"""Estimators, tests and intervals on counts, with NumPy and SciPy alone."""
