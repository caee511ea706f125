"""Somebody's samples, counts or claims against what is possible, without torch."""
