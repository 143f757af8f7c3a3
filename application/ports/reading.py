"""Doors that are opened for reading."""


class OpenedForReading(RuntimeError):
    """A use case wrote through a door that it had opened for reading. A mistake in the use case, nobody's refusal."""
