"""Adapters over Redis, for what several hosts share and may forget."""
