"""Many runs: sweeps and ablations, their tables and effects."""
