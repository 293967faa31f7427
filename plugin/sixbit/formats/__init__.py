"""File formats: one module each, with ``read(path)`` and, where photos are written, ``write(file, ...)``."""
