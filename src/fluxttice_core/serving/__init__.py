"""Serving: the embedding API and the explorer."""
