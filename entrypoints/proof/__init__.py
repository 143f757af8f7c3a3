"""The proof that nobody sees or changes what is not theirs: every operation, tried by everybody, on any deployment."""
