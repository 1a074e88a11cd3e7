"""Mark each view of a clip and name the view that a leak came from. Pure: knows files and arrays, not the hub."""
