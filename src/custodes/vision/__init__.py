"""Models and geometry, used by the unit and by the hub's workers. Imports `custodes.core` and nothing else of ours."""
