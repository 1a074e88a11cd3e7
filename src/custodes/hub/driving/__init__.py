"""Trips, what happened on them, and what drivers say of it."""
