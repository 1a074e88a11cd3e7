"""The hub: one Django app a noun. It never imports `custodes.edge`."""
