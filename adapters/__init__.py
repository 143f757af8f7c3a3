"""How the ports are met: SQL databases, memory, cryptography, the operating system."""
