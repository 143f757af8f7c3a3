"""The ports that keep things, met by SQLite and PostgreSQL.

SQLAlchemy Core writes every statement, once for both; ``sqlite`` and ``postgres`` hand them to the drivers.
"""
