"""The process that editors talk to."""
