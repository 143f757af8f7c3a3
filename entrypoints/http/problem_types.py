"""Every type of problem there is: what programs tell it by, what to do about it, and its schema."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter

from domain.errors import DomainError, InvalidValue
from entrypoints.http.problems import INVALID, OTHERS, STATUS_OF, Problem, RequestRefused, title_of, uri_of

Refusal = type[DomainError] | type[RequestRefused]

_SCHEMAS: Final = "#/components/schemas/"
_REQUEST_ID: Final = "0c5f1f0e6c1e4d0e9a7f3b1d2c4e5f60"
_FIELD_ERRORS: Final = [{"pointer": "/title", "message": "This is required.", "code": "missing"}]


@dataclass(frozen=True, slots=True, order=True)
class ProblemType:
    """One way of being refused."""

    code: str
    status: int
    detail: str
    lists_errors: bool = False

    @property
    def uri(self) -> str:
        """What programs tell it by. It never changes."""
        return uri_of(self.code)

    @property
    def name(self) -> str:
        """Its name in the OpenAPI document, without the word Problem."""
        return "".join(part.capitalize() for part in self.code.split("-"))

    @property
    def reference(self) -> dict[str, str]:
        """A reference to its schema."""
        return {"$ref": f"{_SCHEMAS}{self.name}Problem"}

    @property
    def example(self) -> dict[str, Any]:
        """An answer of this type."""
        said = {"type": self.uri, "title": title_of(self.code), "status": self.status, "detail": self.detail}
        return {**said, "request_id": _REQUEST_ID, **({"errors": _FIELD_ERRORS} if self.lists_errors else {})}

    def schema(self) -> dict[str, Any]:
        """What every problem has, with what is special of this one."""
        general, _ = _general_schema()
        members = general["properties"]
        members["type"]["const"], members["status"]["const"] = self.uri, self.status
        if self.lists_errors:
            general["required"].append("errors")
        else:
            del members["errors"]
        return {**general, "title": f"{self.name}Problem", "description": self.detail}


def type_of(kind: Refusal) -> ProblemType:
    """What a refusal is on the wire."""
    if issubclass(kind, RequestRefused):
        return ProblemType(kind.code, int(kind.status), kind.text)
    status = next(int(status) for family, status in STATUS_OF.items() if issubclass(kind, family))
    return ProblemType(kind.code, status, getattr(kind, "detail", INVALID), issubclass(kind, InvalidValue))


INTERNAL_ERROR: Final = ProblemType(OTHERS[500][0], 500, OTHERS[500][1])
NO_SUCH_ROUTE: Final = ProblemType(OTHERS[404][0], 404, OTHERS[404][1])
"""Also the answer to a path that is not canonical, whatever operation it was meant for."""


def every_type() -> list[ProblemType]:
    """All of them, by their codes."""
    kinds = [kind for family in STATUS_OF for kind in _with_subclasses(family)]
    refusals: list[Refusal] = [*kinds, *RequestRefused.__subclasses__()]
    return sorted(
        {*map(type_of, refusals), *(ProblemType(code, status, detail) for status, (code, detail) in OTHERS.items())}
    )


def problem_schemas(types: set[ProblemType]) -> dict[str, Any]:
    """The schemas of these types, and of what they are made of."""
    _, parts = _general_schema()
    return parts | {f"{each.name}Problem": each.schema() for each in sorted(types)}


def _general_schema() -> tuple[dict[str, Any], dict[str, Any]]:
    schema = TypeAdapter(Problem).json_schema(ref_template=f"{_SCHEMAS}{{model}}")
    parts: dict[str, Any] = schema.pop("$defs")
    return schema, parts


def _with_subclasses(family: type[DomainError]) -> Iterator[type[DomainError]]:
    yield family
    for kind in family.__subclasses__():
        yield from _with_subclasses(kind)
