"""Clips: what was kept, its state, and what people did about it."""
