"""How fast the service is: beside others, and with many tasks. README.md says how to use it."""
