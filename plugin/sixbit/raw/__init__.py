"""A correction that travels in the raw: DNG opcodes, which raw developers carry out (DNG 1.7.1, chapter 7)."""
