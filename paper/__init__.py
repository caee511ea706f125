"""The paper, whose every number is read from result files, and what it takes to check them."""
