"""It runs in the editors' own Python: what it imports is to be had there alone."""

collect_ignore = ["screen.py"]
