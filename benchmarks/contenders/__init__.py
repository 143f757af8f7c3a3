"""Whoever takes part: how each is started, and how its requests are spelt."""
