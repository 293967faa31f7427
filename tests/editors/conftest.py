"""Scripts that run in the editors' own Python are not collected: what they import is to be had there alone."""

collect_ignore = [
    "darktable_window.py",
    "gimp_batch.py",
    "gimp_filter.py",
    "gimp_lenses.py",
    "gimp_operation.py",
    "gimp_seen.py",
    "gimp_sequence.py",
    "gimp_sequences.py",
    "gimp_window.py",
    "gmic_window.py",
]
