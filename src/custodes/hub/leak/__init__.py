"""Leaks: films and stills that came from outside, what was found in them, and how they are forgotten."""
