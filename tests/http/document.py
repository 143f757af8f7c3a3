"""The OpenAPI document as a promise: what it lists, and whether an answer keeps it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import httpx

PROBLEM = "application/problem+json"
ANYWHERE = frozenset({"no-such-route", "method-not-allowed", "internal-error", "https-required"})
"""Problems of an address, a method or the whole service: they belong to no operation."""

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_ANNOTATIONS = frozenset({"title", "description", "default", "examples", "example", "deprecated"})
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked for."""

    method: str
    path: str
    spec: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def id(self) -> str:
        """The name of the operation, the same under both prefixes."""
        name: str = self.spec["operationId"]
        return name.removesuffix("_of_owner")

    @property
    def problems(self) -> dict[str, set[str]]:
        """The types of problem that each status is documented with."""
        refusals = {status: found for status, found in self.spec["responses"].items() if status >= "4"}
        return {status: set(found["content"][PROBLEM]["examples"]) for status, found in refusals.items()}

    @property
    def is_public(self) -> bool:
        return not self.spec["security"]

    @property
    def has_body(self) -> bool:
        return "requestBody" in self.spec

    @cached_property
    def template(self) -> re.Pattern[str]:
        """What the paths that this is found at have in common."""
        parts = re.split(r"(\{[^}]+\})", self.path)
        return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts))

    def at(self, **values: str) -> str:
        """The path with these values in it."""
        return self.path.format(**values)


class Document:
    """An OpenAPI document."""

    def __init__(self, written: Mapping[str, Any]) -> None:
        self.written: Any = json.loads(json.dumps(written))
        self.operations = [
            Operation(method.upper(), path, self._with_responses(item[method]))
            for path, item in self.written["paths"].items()
            for method in _METHODS
            if method in item
        ]

    def _with_responses(self, spec: dict[str, Any]) -> dict[str, Any]:
        """The operation with its shared responses in the place of references to them."""
        responses = {status: self.resolved(response) for status, response in spec["responses"].items()}
        return spec | {"responses": responses}

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation that a request is for: the one with the most literal segments."""
        found = [o for o in self.operations if o.method == method and o.template.fullmatch(path)]
        return min(found, key=lambda o: o.path.count("{"), default=None)

    def check(self, response: httpx.Response) -> None:
        """Assert everything that holds for every answer, and what the document says of this one."""
        request, status = response.request, response.status_code
        path = request.url.path.rstrip("/") or "/"
        _check_headers(response, path)
        if "access-control-request-method" in request.headers and "access-control-allow-origin" in response.headers:
            return  # A question of a browser's (CORS): no operation of the document.
        if request.method in {"HEAD", "OPTIONS"} or path.startswith(("/docs", "/openapi.json")):
            return
        problem = self._problem(response) if status >= 400 else None
        operation = self.operation(request.method, path)
        if problem is not None and (operation is None or problem["type"].partition("#")[2] in ANYWHERE):
            return
        assert operation is not None, f"{request.method} {path} is answered with {status} and is not documented"
        documented = operation.spec["responses"].get(str(status))
        assert documented is not None, f"{operation} is not documented to answer {status}: {response.text}"
        for name, header in documented.get("headers", {}).items():
            assert not header.get("required") or response.headers.get(name), f"{name} is missing"
        self._check_content(response, documented)

    def _problem(self, response: httpx.Response) -> dict[str, Any]:
        assert response.headers["content-type"] == PROBLEM, response.headers["content-type"]
        problem: dict[str, Any] = response.json()
        assert problem.keys() - {"errors"} == {"type", "title", "status", "detail", "request_id"}
        assert problem["title"]
        assert problem["detail"]
        assert problem["status"] == response.status_code
        assert problem["request_id"] == response.headers["x-request-id"]
        assert ("errors" in problem) == (response.status_code == 422)
        if response.status_code == 401:
            assert response.headers["www-authenticate"] in {"Bearer", 'Bearer error="invalid_token"'}
        if response.status_code == 405:
            assert response.headers["allow"]
        return problem

    def _check_content(self, response: httpx.Response, documented: Mapping[str, Any]) -> None:
        content = documented.get("content", {})
        if not content:
            assert response.content == b""
            return
        media_type = response.headers["content-type"]
        assert media_type in content, f"{media_type} is not documented: {sorted(content)}"
        self.conforms(response.json(), content[media_type]["schema"])

    def conforms(self, value: object, schema: Mapping[str, Any]) -> None:
        """Assert that a value is what a schema describes, and holds nothing else."""
        found = list(self.mismatches(value, schema, ""))
        assert not found, found

    def mismatches(self, value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:  # noqa: C901, PLR0912 - a branch for each keyword
        """Where a value is not what a schema describes. Objects may hold documented members only."""
        for keyword, rule in schema.items():
            match keyword:
                case "$ref":
                    yield from self.mismatches(value, self.resolve(rule), at)
                case "anyOf":
                    if all(list(self.mismatches(value, choice, at)) for choice in rule):
                        yield f"{at}: {value!r} is none of {rule}"
                case "oneOf":
                    fitting = [choice for choice in rule if not list(self.mismatches(value, choice, at))]
                    if len(fitting) != 1:
                        yield f"{at}: {value!r} is {len(fitting)} of {rule}"
                case "type":
                    if not isinstance(value, _TYPES[rule]) or (isinstance(value, bool) and rule != "boolean"):
                        yield f"{at}: {value!r} is no {rule}"
                case "enum":
                    if value not in rule:
                        yield f"{at}: {value!r} is none of {rule}"
                case "const":
                    if value != rule:
                        yield f"{at}: {value!r} is not {rule!r}"
                case "format":
                    if isinstance(value, str) and not _has_format(value, rule):
                        yield f"{at}: {value!r} is no {rule}"
                case "properties":
                    yield from self._member_mismatches(value, schema, at)
                case "items":
                    for index, item in enumerate(value):
                        yield from self.mismatches(item, rule, f"{at}/{index}")
                case "maxItems":
                    if len(value) > rule:
                        yield f"{at}: {len(value)} are more than {rule}"
                case "additionalProperties":
                    assert rule is True, "no test knows what closed objects mean in an answer: all of them are"
                case "required":
                    pass  # read together with the properties
                case _:
                    assert keyword in _ANNOTATIONS, f"no test knows what {keyword!r} means in an answer"

    def _member_mismatches(self, value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
        properties = schema["properties"]
        yield from (f"{at}: {name!r} is missing" for name in schema.get("required", ()) if name not in value)
        for name, member in value.items():
            if name in properties:
                yield from self.mismatches(member, properties[name], f"{at}/{name}")
            else:
                yield f"{at}: {name!r} is not documented"

    def resolved(self, part: Any) -> Any:
        """What a reference points to; anything else as it is."""
        return self.resolve(part["$ref"]) if "$ref" in part else part

    def resolve(self, ref: str) -> Any:
        """What a reference points to."""
        found = self.written
        for part in ref.removeprefix("#/").split("/"):
            found = found[part]
        return found

    def body_schema(self, operation: Operation) -> dict[str, Any]:
        """The object that an operation takes."""
        schema: dict[str, Any] = operation.spec["requestBody"]["content"]["application/json"]["schema"]
        while "$ref" in schema:
            schema = self.resolve(schema["$ref"])
        return schema

    def example_body(self, operation: Operation) -> dict[str, Any]:
        """A body with what is required, for an operation that takes one."""
        schema = self.body_schema(operation)
        return {name: self.example(schema["properties"][name]) for name in schema.get("required", ())}

    def example(self, schema: Mapping[str, Any]) -> Any:
        """A value that a schema describes."""
        if "$ref" in schema:
            return self.example(self.resolve(schema["$ref"]))
        if "anyOf" in schema:
            return self.example(schema["anyOf"][0])
        if "examples" in schema:
            return schema["examples"][0]
        if "enum" in schema:
            return schema["enum"][0]
        match schema["type"]:
            case "array":
                example: object = [self.example(schema["items"])]
            case "integer":
                example = schema["minimum"]
            case "boolean":
                example = True
            case "object":
                example = {name: self.example(schema["properties"][name]) for name in schema.get("required", ())}
            case other:
                assert other == "string", f"no example for {schema}"
                example = "example " * 2
        return example


def _check_headers(response: httpx.Response, path: str) -> None:
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"] or path.startswith("/docs")
    assert "default-src" in headers["content-security-policy"]
    assert headers["x-request-id"]
    assert "server" not in headers
    assert "x-powered-by" not in headers
    if path.startswith("/api"):
        assert headers["cache-control"] == "no-store"


def _has_format(text: str, name: str) -> bool:
    match name:
        case "uuid":
            try:
                return str(UUID(text)) == text
            except ValueError:
                return False
        case "date-time":
            return bool(_MOMENT.fullmatch(text)) and datetime.fromisoformat(text).utcoffset() is not None
        case "email":
            return "@" in text
        case _:
            raise AssertionError(f"no test knows the format {name!r}")
