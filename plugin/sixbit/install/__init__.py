"""Sixbit put into other programs, and taken out again."""
