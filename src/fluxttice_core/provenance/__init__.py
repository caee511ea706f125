"""Where weights come from, and who vouches for them: checkpoints, digests, signatures."""
