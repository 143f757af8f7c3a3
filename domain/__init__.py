"""The rules and the words of Taskward: plain Python, no I/O, nothing but the standard library."""
