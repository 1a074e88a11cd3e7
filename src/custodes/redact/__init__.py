"""Redaction: which parts of a picture are hidden before film leaves, and how. Pure: boxes in, planes changed."""
