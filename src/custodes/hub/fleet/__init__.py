"""Organisations, households, sites, units, cameras, people and their roles."""
