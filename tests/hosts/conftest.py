"""Scripts that run in the editors' own Python are not collected: what they import is to be had there alone."""

collect_ignore = ["gimp_batch.py", "gimp_window.py"]
