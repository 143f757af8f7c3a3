"""The ports that keep things, met by plain dictionaries: to try and to test use cases in microseconds.

They keep the promises of the SQL adapters, transactions included, and pass the same exam.
"""
