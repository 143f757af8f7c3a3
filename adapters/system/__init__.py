"""What the operating system gives: the time, and random ids."""
