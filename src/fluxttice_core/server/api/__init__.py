"""The embedding API: one module for each group of endpoints."""
