"""Calibration from the user's own frames: flats, straight lines, edges; and the database that keeps what was found.

Frames are read one after the other (``frames``) and measured by pure functions (:mod:`sixbit.measure`); the result says
how the lens was set, what was found and how surely. :class:`CalibrationError` says why frames do not
carry one. Keeping a result is a step of its own (:func:`sixbit.calibration.keep.add`).
"""
