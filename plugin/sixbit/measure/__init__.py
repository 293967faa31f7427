"""Pixels to numbers about a lens: pure functions."""
