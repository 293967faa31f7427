"""The editors that Sixbit works in, and the server that they talk to."""
