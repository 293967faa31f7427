"""Tools for maintainers; they are not installed."""
