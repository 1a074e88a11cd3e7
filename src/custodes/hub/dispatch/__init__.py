"""Dispatch: where the vans are now, for whom the rules let know it, and who looked."""
