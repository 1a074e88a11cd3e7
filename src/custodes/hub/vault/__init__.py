"""Where sealed footage lies, and its keys. Only access, ingest, process and clips come here."""
