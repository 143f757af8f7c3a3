"""The ways in: HTTP and the command line, and the container that puts the service together."""
