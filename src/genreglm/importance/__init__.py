"""Which terms shape the classes as a whole, and each of them."""
