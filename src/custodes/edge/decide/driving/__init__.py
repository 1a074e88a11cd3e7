"""What a vehicle does, worked out of samples: its axes, its motion along and across them."""
