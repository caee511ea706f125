"""The documentation, and the program that keeps its figures those of the result files."""
