"""What an operation does and how it is refused, as the docstrings of its use cases say."""

import re
from inspect import cleandoc
from typing import Final, get_type_hints

from fastapi.routing import APIRoute

from application.facade import Application
from domain import errors
from domain.errors import DomainError

_OTHER_NAMES: Final = {
    "livez": None,
    "readyz": "check_readiness",
    "login": "sign_in",
    "login_browser": "sign_in_browser",
    "show_browser_session": "get_me",
    "delete_tasks_by_post": "delete_tasks",
    "logout": "sign_out",
    "logout_browser": "sign_out",
    "logout_all": "end_all_sessions",
}
"""The use cases of routes that have another name than theirs; None for a route without one."""

_WORD: Final = re.compile(r"\b[A-Z]\w+\b")
_RAISES: Final = re.compile(r"\s*\bRaises [^.]*\.")
_END_OF_CLAUSE: Final = re.compile(r"[.:;]")


def summary_of(route: APIRoute) -> str:
    """What the route does, in the few words that its docstring begins with."""
    return _END_OF_CLAUSE.split(_paragraphs(route.description)[0])[0]


def description_of(route: APIRoute) -> str:
    """What its use case does and who may use it, and what the route has to say of HTTP after its first paragraph."""
    first, *more = _paragraphs(route.description)
    use_case = use_case_of(route)
    said = [first] if use_case is None else _paragraphs(_RAISES.sub("", use_case.__doc__ or ""))
    return "\n\n".join([*said, *more])


def raised_by(route: APIRoute) -> set[type[DomainError]]:
    """The errors that the docstring of its use case names."""
    use_case = use_case_of(route)
    words = set() if use_case is None else set(_WORD.findall(use_case.__doc__ or ""))
    known = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    return {kind for name, kind in known.items() if name in words and issubclass(kind, DomainError)}


def use_case_of(route: APIRoute) -> type | None:
    """The use case that a route is for: the one of its name, but for a few."""
    name = _OTHER_NAMES.get(route.name, route.name)
    use_case: type | None = None if name is None else get_type_hints(Application)[name]
    return use_case


def _paragraphs(docstring: str) -> list[str]:
    """The paragraphs, each in one line."""
    text = cleandoc(docstring).replace("``", "`")
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
