"""One module per kind of rule. A module dropped in here registers itself; nothing else changes."""

import pkgutil
from importlib import import_module


def load_all() -> None:
    """Import every module of this folder, so that its kind is registered."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
