"""A request without an account says where it comes from: else it would have the share of the service itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import syntax_of

OPERATORS = "administration.py"
"""What the operator does at the command line is the service's own work."""


def _unsaid(file: Path, tree: ast.AST) -> Iterator[str]:
    """The places where accounts are opened in the name of no account and of no address."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="open_identity"), args=[ast.Constant(value=None)], keywords=keywords):
                if file.name != OPERATORS and "origin" not in {keyword.arg for keyword in keywords}:
                    yield f"{file.name}:{node.lineno}"


def test_what_is_opened_without_an_account_says_from_where() -> None:
    assert [place for file, tree in syntax_of("application").items() for place in _unsaid(Path(file), tree)] == []


def test_a_place_that_does_not_say_it_is_seen() -> None:
    planted = ast.parse("async def f(self):\n    async with self.open_identity(None, read_only=True) as identity: pass")
    assert list(_unsaid(Path("accounts.py"), planted)) == ["accounts.py:2"]
    assert list(_unsaid(Path(OPERATORS), planted)) == []
