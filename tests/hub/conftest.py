"""Fixtures of this folder."""

from hub_fixtures import both_factors, cast, hub_dir

__all__ = ["both_factors", "cast", "hub_dir"]
