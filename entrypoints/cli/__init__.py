"""The service from a shell: ``taskward …``."""
