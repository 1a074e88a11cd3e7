"""Faces: where they are, how they are turned, how far eyes and mouth are open. Whose they are is never asked."""
