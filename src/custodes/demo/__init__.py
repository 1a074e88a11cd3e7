"""A van and a home on real film with a hub, on one machine: the real programs, started together."""
