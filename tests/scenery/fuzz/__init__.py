"""Files of every kind that Sixbit reads, damaged at random where their structure is, and what has to hold for each.

``seeds`` are whole files, ``mutate`` damages them, ``trial`` puts one through Sixbit, ``worker`` is a process that does
so under limits, ``run`` has several of them at work, and ``corpus`` is what once failed. The suite runs some thousands
(``tests/files/test_fuzz.py``), ``python -m benchmarks.fuzz`` as many as are wanted.
"""
