"""Publishing: figures, exports and the paper."""
