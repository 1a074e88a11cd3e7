"""Fixtures of this folder."""

from hub_fixtures import cast, hub_dir

__all__ = ["cast", "hub_dir"]
