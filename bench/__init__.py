"""Measurements: each is a command of its own, and prints a table."""
