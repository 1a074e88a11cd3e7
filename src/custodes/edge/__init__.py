"""The unit: the program at a site that runs its cameras. Folders in the order in which film moves."""
