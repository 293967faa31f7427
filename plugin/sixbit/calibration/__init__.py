"""Calibration from the user's own frames: flats, straight lines, edges; and the database that keeps what was found.

Each measurement is a pure function: pictures in, a result out that says what was found, how surely, and what to draw;
:class:`CalibrationError` where the frames do not carry it. Keeping a result is a step of its own
(:func:`sixbit.calibration.keep.add`).
"""
