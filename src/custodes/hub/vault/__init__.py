"""Sealed blobs and the keys that open them. Only `access`, `ingest`, `process` and `clips` may import it."""
