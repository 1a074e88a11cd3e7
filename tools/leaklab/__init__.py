"""The attack bench of `custodes.trace`: films, attacks with fixed seeds, honest physics, tables. Never shipped."""
