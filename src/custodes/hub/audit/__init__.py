"""Who keeps watch over the watchers: an append-only Merkle ledger with signed heads."""
