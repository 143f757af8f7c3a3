"""Statements: a list of values narrows what is found, also when it is empty, and never widens it."""

import pytest
from sqlalchemy import select

from adapters.sql.query import Query
from adapters.sql.tables import tasks


@pytest.mark.parametrize("values", [[], ["pending"], ["pending", "completed"]], ids=len)
def test_a_list_whose_length_is_compiled_in_is_refused(values: list[str]) -> None:
    query = Query(select(tasks.c.id).where(tasks.c.status.in_(values)))
    for dialect in ("on_postgres", "on_sqlite"):
        with pytest.raises(ValueError, match="is_any_of"):
            getattr(query, dialect)
