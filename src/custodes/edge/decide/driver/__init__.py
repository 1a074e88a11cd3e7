"""What the rules on the driver share: the person's usual look, what is off it, stages, and when film is kept."""
