"""One module for each resource. They know nothing of each other."""
