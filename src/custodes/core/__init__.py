"""Shared values: pure or tiny, imports nothing else of ours."""
