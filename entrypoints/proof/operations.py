"""What a deployment offers, read from its OpenAPI document."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_BASE: Final = "/api/"
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SPACE_PARAMETERS: Final = frozenset({"owner_id", "organization_id"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked for."""

    id: str
    method: str
    path: str
    takes_body: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_safe(self) -> bool:
        """Whether it only reads (RFC 9110, section 9.2.1)."""
        return self.method in {"GET", "HEAD", "OPTIONS", "TRACE"}

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return re.findall(r"\{([^}]+)\}", self.path)

    @property
    def names_space(self) -> bool:
        """Whether the path says which space is meant."""
        return not _SPACE_PARAMETERS.isdisjoint(self.parameters)

    @property
    def names_item(self) -> bool:
        """Whether the path says which item is meant."""
        return not _SPACE_PARAMETERS.issuperset(self.parameters)

    def paths_upwards(self) -> Iterator[str]:
        """The path with its space named, and every path above it."""
        path = self.path if self.names_space else self.path.replace(_BASE, f"{_BASE}{{owner_id}}/", 1)
        while path:
            yield path
            path = path.rpartition("/")[0]

    def at(self, space_id: str, item_id: str = "") -> str:
        """The path to one item in one space."""
        return self.path.format(
            **{name: space_id if name in _SPACE_PARAMETERS else item_id for name in self.parameters}
        )

    def spelled(self, space_id: str, item_id: str, name: str, text: str) -> str:
        """The same, with another text in the place of one parameter."""
        values = {one: space_id if one in _SPACE_PARAMETERS else item_id for one in self.parameters}
        return self.path.format(**values | {name: text})


def operations_in(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation under ``/api``. Raises ValueError for what is no OpenAPI document."""
    if "openapi" not in document or not isinstance(document.get("paths"), dict):
        raise ValueError("this is no OpenAPI document")
    return list(_operations(document))


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        if not path.startswith(_BASE):
            continue
        for method in _METHODS:
            if method in methods:
                described = methods[method]
                name = described.get("operationId", f"{method} {path}")
                yield Operation(name, method.upper(), path, "requestBody" in described)
