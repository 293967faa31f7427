"""The editors that Sixbit works in, and the process that they talk to."""
