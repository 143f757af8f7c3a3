"""Writes docs/contract-coverage.md: the tables of the contract, a tick for each row, and the tests that hold it."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from tests.docs.contract import CONTRACT, COVERAGE, Holding, Table, tables

INTRODUCTION: Final = """\
# What holds the contract

The tables of [contract.md](contract.md), with the tests that hold each row. A row without a tick is not there yet. This
page is written by `make docs` from `tests/docs/contract.toml`, and the tests of this folder see to it that every row
has tests, that every test is there, and that the page is up to date.
"""


def page(found: Iterable[Table], holding: Holding) -> str:
    """The whole page."""
    all_tables = list(found)
    rows = [key for table in all_tables for key in table.rows]
    held = [key for key in rows if key in holding.held]
    parts = [INTRODUCTION, f"{len(held)} of {len(rows)} rows are held, by {len(holding.named)} tests.\n"]
    for section, of_section in groupby(all_tables, lambda table: table.section):
        parts += [f"## {section}\n", *("\n".join(_lines(table, holding)) + "\n" for table in of_section)]
    return "\n".join(parts)


def _lines(table: Table, holding: Holding) -> Iterator[str]:
    columns = ("", "Key", *table.columns, "Held by")
    yield _line(columns)
    yield _line(["---"] * len(columns))
    for key, cells in table.rows.items():
        if key in holding.held:
            yield _line(["✓", f"`{key}`", *cells, "<br>".join(_link(test) for test in holding.held[key])])
        else:
            yield _line(["open", f"`{key}`", *cells, holding.open.get(key, {}).get("why", "")])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("  ", " ")


def _link(test: str) -> str:
    file, _, name = test.partition("::")
    return f"[`{name.rpartition('::')[2]}`](../{file})"


def written() -> str:
    """The page as it should be now."""
    return page(tables(CONTRACT.read_text(encoding="utf-8")), Holding.read())


if __name__ == "__main__":
    COVERAGE.write_text(written(), encoding="utf-8")
