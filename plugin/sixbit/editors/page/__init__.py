"""The guided calibration: a page in the user's own browser that leads from the choice of a lens to its calibration.

``server`` speaks HTTP on the loopback, ``session`` is what the page is about, ``steps`` are the measurements it offers,
``worker`` is the process that decodes and measures, and ``work`` what is done there with photos.
"""
