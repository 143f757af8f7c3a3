"""What can be done with Taskward: the use cases, and the ports through which they reach the outside."""
