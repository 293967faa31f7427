"""What maintainers run, and users need not get."""
