"""What a fitted model says of the classes: how far apart they are, a map of them, and their typical rows."""
