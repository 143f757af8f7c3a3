"""What a request may hold: nothing is guessed, nothing is ignored. For every route, whether it takes a body or none."""

import json
from collections.abc import AsyncIterable, AsyncIterator, Mapping

import httpx
import pytest

from tests.http.belongings import Belongings, belongings_of
from tests.http.document import Operation
from tests.http.offer import DOCUMENT, OPERATIONS, WITH_BODY
from tests.http.people import JSON_TYPE, Person

MEBIBYTE = 1024 * 1024
CHUNK = 64 * 1024

MALFORMED_JSON = (400, "/docs/problems#malformed-json")
OWNER_FIELDS = ("user_id", "owner_id", "tenant_id", "org_id", "space_id", "organization_id", "account_id")
READ_ONLY_FIELDS = (
    "id",
    "created_by",
    "created_at",
    "updated_at",
    "completed_at",
    "deleted_at",
    "version",
    "role",
    "is_active",
    "password_hash",
    "email_key",
)
ODD_NAMES = ("unknown", "", " ", "TITLE", "Title", "title ", "__proto__", "__class__", "$ref", "a/b~c", "\u00e9")

BELOW_API = [o for o in OPERATIONS if o.path.startswith("/api")]
PUBLIC = [o for o in OPERATIONS if o.is_public]
UNSAFE = [o for o in OPERATIONS if o.method != "GET"]
UNSAFE_WITHOUT_BODY = [o for o in UNSAFE if not o.has_body]

every_body = pytest.mark.parametrize("operation", WITH_BODY, ids=str)
every_change = pytest.mark.parametrize("operation", UNSAFE, ids=str)
every_change_without_body = pytest.mark.parametrize("operation", UNSAFE_WITHOUT_BODY, ids=str)


class Target:
    """An operation with an address at which it would work."""

    def __init__(self, ann: Person, belongings: Belongings) -> None:
        self.operation = operation = belongings.operation
        self.ann = ann
        self._path = belongings.at()
        self.example = belongings.body
        self.properties = DOCUMENT.body_schema(operation)["properties"] if operation.has_body else {}

    async def send(
        self,
        content: bytes | AsyncIterable[bytes],
        headers: Mapping[str, str] = JSON_TYPE,
        query: str | dict[str, str] | None = None,
    ) -> httpx.Response:
        method, path = self.operation.method, self._path
        return await self.ann.send(method, path, content=content, headers=dict(headers), params=query)

    async def errors(self, contents: Mapping[str, bytes]) -> dict[str, tuple[int, list[tuple[str, str]]]]:
        """The status and the errors with which each of these bodies is answered."""
        return {label: _verdict(await self.send(content)) for label, content in contents.items()}

    async def refusals(self, contents: Mapping[str, bytes]) -> dict[str, tuple[int, str]]:
        """The status and the type of problem with which each of these bodies is answered."""
        answers = {label: await self.send(content) for label, content in contents.items()}
        return {label: (answer.status_code, answer.json().get("type")) for label, answer in answers.items()}

    async def statuses(self, contents: Mapping[str, bytes]) -> dict[str, int]:
        """The status with which each of these bodies is answered."""
        return {label: (await self.send(content)).status_code for label, content in contents.items()}

    def with_member(self, name: str, value: bytes) -> bytes:
        """The example with one member written just so."""
        others = {key: part for key, part in self.example.items() if key != name}
        return json.dumps(others | {name: "@@"}).encode().replace(b'"@@"', value)

    def takes(self, name: str, text: str) -> bool:
        """Whether a member takes what most others do not: a number, or yes and no; or anything at all."""
        if name in self.free_members:
            return True
        kind = {"1": "integer", "true": "boolean"}.get(text)
        return kind is not None and self.properties[name].get("type") == kind

    @property
    def free_members(self) -> list[str]:
        """The members that take any JSON."""
        return [name for name, schema in self.properties.items() if not {"type", "anyOf", "$ref"} & schema.keys()]

    @property
    def text_members(self) -> list[str]:
        """The members that take text, in one form or another."""
        return [name for name, schema in self.properties.items() if isinstance(DOCUMENT.example(schema), str)]


def _verdict(answer: httpx.Response) -> tuple[int, list[tuple[str, str]]]:
    errors = answer.json().get("errors", []) if answer.content else []
    return answer.status_code, [(error["pointer"], error["code"]) for error in errors]


@pytest.fixture
async def target(operation: Operation, ann: Person) -> Target:
    return Target(ann, await belongings_of(ann, operation))


@pytest.fixture
async def _unchanged(target: Target, ann: Person, ben: Person) -> AsyncIterator[None]:
    """Nothing that the test sends may change anything of anybody."""
    before = await ann.everything(), await ben.everything()
    yield
    assert (await ann.everything(), await ben.everything()) == before


nothing_is_written = pytest.mark.usefixtures("_unchanged")


@every_change
async def test_the_example_that_the_tests_start_from_is_well_formed(operation: Operation, target: Target) -> None:
    answer = await target.send(json.dumps(target.example).encode())
    if answer.status_code == 400:  # There is nothing wrong with its form: no mail was sent.
        assert answer.json()["type"].endswith("#password-reset-refused")
    else:
        only_administrators = "/admin/" in operation.path
        assert answer.status_code in ({403} if only_administrators else {200, 201, 202, 204, 401}), answer.text


@every_change
@nothing_is_written
async def test_an_unknown_field_is_refused(operation: Operation, target: Target, ann: Person, ben: Person) -> None:
    names = [name for name in (*OWNER_FIELDS, *READ_ONLY_FIELDS, *ODD_NAMES) if name not in target.properties]
    assert len(names) > 25
    values = {name: ann.id if name in OWNER_FIELDS else ben.id for name in names}
    bodies = {name: target.with_member(name, json.dumps(value).encode()) for name, value in values.items()}
    bodies |= {f"{name}: null": target.with_member(name, b"null") for name in OWNER_FIELDS if name in names}
    assert await target.errors(bodies) == {label: _no_such_field(label.removesuffix(": null")) for label in bodies}


def _no_such_field(name: str) -> tuple[int, list[tuple[str, str]]]:
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    return 422, [(pointer, "extra_forbidden")]


@every_body
@nothing_is_written
async def test_every_required_field_is_required(operation: Operation, target: Target) -> None:
    bodies = {
        name: json.dumps({key: value for key, value in target.example.items() if key != name}).encode()
        for name in target.example
    }
    assert await target.errors(bodies) == {name: (422, [(f"/{name}", "missing")]) for name in target.example}


@every_body
@nothing_is_written
async def test_a_body_that_is_no_object_is_refused(operation: Operation, target: Target) -> None:
    bodies = {text: text.encode() for text in ("", "[]", '"text"', "1", "true", "false", "null", "[{}]")}
    assert await target.statuses(bodies) == dict.fromkeys(bodies, 422)


@every_body
@nothing_is_written
async def test_a_value_of_another_type_is_refused(operation: Operation, target: Target) -> None:
    for name in target.properties:
        others = [text for text in ("1", "1.5", "true", "{}", '{"a": 1}') if not target.takes(name, text)]
        bodies = {text: target.with_member(name, text.encode()) for text in others}
        for label, (status, errors) in (await target.errors(bodies)).items():
            assert (status, {pointer for pointer, _ in errors}) == (422, {f"/{name}"}), label


@every_change
@nothing_is_written
async def test_a_number_that_is_not_finite_is_a_refused_value(operation: Operation, target: Target) -> None:
    numbers = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400 + ".0")
    shapes = ("%s", "[%s]", '{"deep": [%s]}')
    name = next(iter(target.properties), "unknown")
    bodies = {
        f"{name}: {shape}" % number[:9]: target.with_member(name, (shape % number).encode())
        for number in numbers
        for shape in shapes
    }
    bodies |= {name: target.with_member(name, b"NaN") for name in (*target.properties, "unknown")}
    bodies |= {number[:9]: number.encode() for number in numbers}
    assert await target.errors(bodies) == dict.fromkeys(bodies, (422, [("", "not_finite")]))


UNSTORABLE = {
    "NUL": rb'"a\u0000b"',
    "NUL alone": rb'"\u0000"',
    "a high surrogate": rb'"a\ud800b"',
    "a low surrogate": rb'"a\udfffb"',
    "surrogates in the wrong order": rb'"\udc00\ud800"',
    "much before NUL": b'"' + b"correct horse battery staple " * 3 + rb'\u0000"',
    "an address before NUL": rb'"ann@example.org\u0000"',
}


@every_body
@nothing_is_written
async def test_text_that_cannot_be_stored_is_refused_in_every_field(operation: Operation, target: Target) -> None:
    assert target.text_members or target.free_members or target.properties.keys() & {"ids", "items"}
    for name in target.text_members:
        bodies = {label: target.with_member(name, text) for label, text in UNSTORABLE.items()}
        for label, (status, errors) in (await target.errors(bodies)).items():
            assert (status, [pointer for pointer, _ in errors]) == (422, [f"/{name}"]), label


@pytest.mark.parametrize(
    "operation", [o for o in WITH_BODY if "tags" in DOCUMENT.body_schema(o)["properties"]], ids=str
)
@nothing_is_written
async def test_text_that_cannot_be_stored_is_refused_in_lists(operation: Operation, target: Target) -> None:
    bodies = {label: target.with_member("tags", b'["fine", ' + text + b"]") for label, text in UNSTORABLE.items()}
    for label, (status, errors) in (await target.errors(bodies)).items():
        assert (status, [pointer for pointer, _ in errors]) == (422, ["/tags/1"]), label


@every_change
@nothing_is_written
async def test_text_that_cannot_be_stored_is_refused_in_names_of_fields(operation: Operation, target: Target) -> None:
    bodies = {label: target.with_member("##", b"1").replace(b'"##"', text) for label, text in UNSTORABLE.items()}
    assert await target.statuses(bodies) == dict.fromkeys(bodies, 422)


@pytest.mark.parametrize("text", [r"\ud83d\ude02", r"\u00e9", r"\/", r"\"\\"])
async def test_an_escaped_character_is_that_character(text: str, ann: Person) -> None:
    answer = await ann.post_json("/api/tasks", b'{"title": "%s"}' % text.encode())
    assert answer.json()["title"] == json.loads(f'"{text}"')


@every_change
@nothing_is_written
async def test_a_name_that_comes_twice_is_malformed(operation: Operation, target: Target) -> None:
    name, value = next(iter(target.example.items()), ("full_name", "Ann"))
    escaped = f"\\u{ord(name[0]):04x}{name[1:]}"
    text = json.dumps(value)
    bodies = {
        "the same value": f'{{"{name}": {text}, "{name}": {text}}}',
        "another spelling": f'{{"{name}": {text}, "{escaped}": {text}}}',
        "of an unknown field": '{"x": 1, "x": 2}',
        "without a name": '{"": 1, "": 1}',
        "deep inside": f'{{"{name}": {text}, "x": [{{"y": {{"z": 1, "z": 1}}}}]}}',
    }
    written = {label: body.encode() for label, body in bodies.items()}
    assert await target.refusals(written) == dict.fromkeys(bodies, MALFORMED_JSON)


MALFORMED = {
    "a word": b"hello",
    "half an object": b'{"title": ',
    "a comma too many": b'{"title": "x",}',
    "single quotes": b"{'title': 'x'}",
    "two values": b'{"title": "x"} {"title": "y"}',
    "text after the value": b'{"title": "x"}x',
    "a comment": b'{"title": "x"} // x',
    "blanks only": b" \n",
    "invalid UTF-8": b'{"title": "\xff"}',
    "an encoded surrogate": b'{"title": "\xed\xa0\x80"}',
    "an overlong encoding": b'{"title": "\xc0\x80"}',
    "half a character": b'{"title": "\xe2\x82',
    "a byte order mark": '\ufeff{"title": "x"}'.encode(),
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"title": "x"}'.encode("utf-16-le"),
    "UTF-32": '{"title": "x"}'.encode("utf-32"),
    "NUL": b"\x00",
    "a line break in text": b'{"title": "a\nb"}',
    "a leading zero": b'{"title": 01}',
    "a hexadecimal number": b'{"title": 0x1}',
    "2,000 arrays deep": b"[" * 2000,
    "2,000 arrays deep, all closed": b"[" * 2000 + b"]" * 2000,
    "2,000 objects deep": b'{"a":' * 2000 + b"1" + b"}" * 2000,
    "deep inside a field": b'{"title": ' + b"[" * 2000 + b"]" * 2000 + b"}",
}

DEEP = {
    "100,000 arrays deep": b"[" * 100_000,
    "100,000 arrays deep, all closed": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep inside a field": b'{"title": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}
TOO_LARGE = (413, "/docs/problems#body-too-large")


@every_change
@nothing_is_written
async def test_a_body_that_is_no_json_is_malformed(operation: Operation, target: Target) -> None:
    assert await target.refusals(MALFORMED) == dict.fromkeys(MALFORMED, MALFORMED_JSON)
    refusal = TOO_LARGE if operation in PUBLIC else MALFORMED_JSON
    assert await target.refusals(DEEP) == dict.fromkeys(DEEP, refusal)


@every_change
@nothing_is_written
async def test_json_that_is_merely_deep_is_refused_too(operation: Operation, target: Target) -> None:
    bodies = {
        f"{name}, {depth} deep": target.with_member(name, b"[" * depth + b"]" * depth)
        for name in (*target.properties, "unknown")
        for depth in (10, 200, 900)
        if depth > 10 or name not in target.free_members
    }
    assert set((await target.statuses(bodies)).values()) <= {400, 422}


@every_change
@nothing_is_written
async def test_a_body_that_does_not_say_it_is_json_is_an_unsupported_media_type(
    operation: Operation, target: Target
) -> None:
    body = json.dumps(target.example).encode()
    types = (
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "application/json-patch+json",
        "application/vnd.api+json",
        "text/json",
        "json",
        "*/*",
    )
    found = {name: (await target.send(body, {"Content-Type": name})).status_code for name in types}
    found["none"] = (await target.send(body, {})).status_code
    assert found == dict.fromkeys((*types, "none"), 415)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/json ;charset=UTF-8"],
)
async def test_json_may_say_its_charset(content_type: str, ann: Person) -> None:
    answer = await ann.post("/api/tasks", content=b'{"title": "x"}', headers={"Content-Type": content_type})
    assert answer.status_code == 201


async def test_json_may_be_preceded_by_blanks(ann: Person) -> None:
    assert (await ann.post_json("/api/tasks", b' \r\n\t{"title": "x"}\n')).status_code == 201


class Stream:
    """A body almost without end, that counts how much of it was read."""

    def __init__(self) -> None:
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.read < 64 * MEBIBYTE:
            self.read += CHUNK
            yield b" " * CHUNK


@every_change
@nothing_is_written
async def test_a_body_over_the_limit_is_refused_by_its_announced_length(operation: Operation, target: Target) -> None:
    for length in (str(MEBIBYTE + 1), str(50 * MEBIBYTE), "9" * 19):
        stream = Stream()
        answer = await target.send(stream, JSON_TYPE | {"Content-Length": length})
        assert (answer.status_code, stream.read) == (413, 0)


@every_change
@nothing_is_written
async def test_a_body_over_the_limit_is_read_no_further_than_the_limit(operation: Operation, target: Target) -> None:
    for headers in ({}, {"Content-Length": "2"}):
        stream = Stream()
        answer = await target.send(stream, JSON_TYPE | headers)
        assert ("transfer-encoding" in answer.request.headers) == (not headers)
        assert answer.status_code == 413
        assert stream.read <= MEBIBYTE + CHUNK


@pytest.mark.parametrize("operation", [o for o in WITH_BODY if o in PUBLIC], ids=str)
@pytest.mark.parametrize(("extra", "status"), [(0, 422), (1, 413)])
@nothing_is_written
async def test_without_an_account_the_limit_is_16_kibibytes(
    operation: Operation, target: Target, extra: int, status: int
) -> None:
    body = b'{"unknown": 1}'.ljust(16 * 1024 + extra)

    async def chunks() -> AsyncIterator[bytes]:
        yield body[:1000]
        yield body[1000:]

    answers = [await target.send(body), await target.send(chunks())]
    assert [answer.status_code for answer in answers] == [status, status]


@pytest.mark.parametrize("operation", [o for o in WITH_BODY if o in PUBLIC], ids=str)
async def test_without_an_account_little_more_than_the_limit_is_read(operation: Operation, target: Target) -> None:
    stream = Stream()
    assert (await target.send(stream)).status_code == 413
    assert stream.read == CHUNK


@every_change
@nothing_is_written
async def test_of_many_unknown_fields_the_first_fifty_are_named(operation: Operation, target: Target) -> None:
    names = [f"unknown{number}" for number in range(900)]
    answer = await target.send(json.dumps(target.example | dict.fromkeys(names, 1)).encode())
    pointers = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
    assert answer.status_code == 422
    assert pointers == [(f"/{name}", "extra_forbidden") for name in names[:50]]


@pytest.mark.parametrize("operation", [o for o in UNSAFE if o not in PUBLIC], ids=str)
@nothing_is_written
async def test_more_members_than_could_fit_are_refused_unread(operation: Operation, target: Target) -> None:
    objects = json.dumps(dict.fromkeys(map(str, range(70_000)), 1)).encode()
    bodies = {"an object": objects, "an array": b"[" + b"1," * 70_000 + b"1]"}
    assert await target.errors(bodies) == dict.fromkeys(bodies, (422, [("", "too_many")]))


@pytest.mark.parametrize(("extra", "status"), [(0, 201), (1, 413)])
async def test_the_limit_is_one_mebibyte_to_the_byte(extra: int, status: int, ann: Person) -> None:
    body = b'{"title": "x"}'.ljust(MEBIBYTE + extra)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), CHUNK):
            yield body[start : start + CHUNK]

    assert (await ann.post_json("/api/tasks", body)).status_code == status
    assert (await ann.post_json("/api/tasks", chunks())).status_code == status


@every_change_without_body
@pytest.mark.parametrize(("content", "headers"), [(b"", {}), (b"", JSON_TYPE), (b"", {"Content-Type": "text/plain"})])
async def test_where_no_body_is_taken_there_may_be_an_empty_one(
    operation: Operation, content: bytes, headers: dict[str, str], target: Target
) -> None:
    assert (await target.send(content, headers)).is_success


@every_change_without_body
@nothing_is_written
async def test_where_no_body_is_taken_one_that_is_no_object_is_refused(operation: Operation, target: Target) -> None:
    bodies = {text: text.encode() for text in ("[]", '""', "0", "false", "null", '[{"ids": []}]')}
    assert await target.errors(bodies) == dict.fromkeys(bodies, (422, [("", "dict_type")]))


READING = [o for o in OPERATIONS if o.method == "GET" and not o.path.startswith("/api/admin/")]


@pytest.mark.parametrize("operation", READING, ids=str)
async def test_a_body_of_a_request_that_only_reads_is_not_read(operation: Operation, target: Target) -> None:
    stream = Stream()
    assert (await target.send(stream)).status_code == 200
    assert stream.read <= CHUNK


@pytest.mark.parametrize("operation", BELOW_API, ids=str)
@nothing_is_written
async def test_an_unknown_name_in_a_query_is_refused(operation: Operation, target: Target) -> None:
    named = [parameter["name"] for parameter in operation.spec["parameters"] if parameter["in"] == "query"]
    names = [name for name in ("status", "ids", "owner_id", "force", *ODD_NAMES) if name not in named]
    found = {name: _verdict(await target.send(_example(target), query={name: "x"})) for name in names}
    expected = {
        name: (status, [(f"/query{at}", code)]) for name in names for status, [(at, code)] in [_no_such_field(name)]
    }
    assert found == expected
    # A name is a name, with a value and without.
    assert _verdict(await target.send(_example(target), query="unknown")) == expected["unknown"]


def _single(operation: Operation) -> list[str]:
    """The names in its query that have one value each."""
    query = [parameter for parameter in operation.spec["parameters"] if parameter["in"] == "query"]
    return [parameter["name"] for parameter in query if parameter["schema"].get("type") != "array"]


@pytest.mark.parametrize("operation", [o for o in BELOW_API if _single(o)], ids=str)
@nothing_is_written
async def test_a_name_that_has_one_value_comes_once_in_a_query(operation: Operation, target: Target) -> None:
    for name in _single(operation):
        for query in (
            f"{name}=x&{name}=y",
            f"{name}=1&{name}=1",
            f"{name}=&{name}=",
            f"{name}&%{ord(name[0]):x}{name[1:]}",
        ):
            answer = await target.send(_example(target), query=query)
            assert _verdict(answer) == (422, [(f"/query/{name}", "repeated")]), query


def _example(target: Target) -> bytes:
    return json.dumps(target.example).encode() if target.operation.has_body else b""


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_a_probe_is_answered_whatever_it_asks(path: str, http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{path}?verbose")).status_code == 200


async def test_what_a_request_to_delete_says_in_vain_deletes_nothing(ann: Person) -> None:
    kept, trashed = await ann.new_task("kept"), await ann.new_task("trashed")
    await ann.delete(f"/api/tasks/{trashed['id']}")
    for answer in (
        await ann.delete("/api/tasks?all=true", json={"ids": [kept["id"]]}),
        await ann.delete("/api/tasks/trash?all=true&status=completed"),
        await ann.delete("/api/tasks/trash?all=true", json={"ids": [trashed["id"]]}),
    ):
        assert answer.status_code == 422
    assert [task["id"] for task in (await ann.tasks())["items"]] == [kept["id"]]
    assert [task["id"] for task in (await ann.get("/api/tasks/trash")).json()["items"]] == [trashed["id"]]


@pytest.mark.parametrize(
    "path",
    ["/api/%00", "/api/tasks/%00/complete", "/%ED%A0%80", "/api/users/%ff", "/docs/assets/%00", "/docs/%00"],
)
async def test_a_path_that_cannot_be_text_is_answered(path: str, ann: Person, http: httpx.AsyncClient) -> None:
    for answer in (await ann.get(path), await http.get(path)):
        assert answer.status_code in {401, 404, 405}, answer.text


@pytest.mark.parametrize(("seconds", "status"), [(60, 201), (60.0, 201), (60.5, 422), ("60", 422), (True, 422)])
async def test_a_whole_number_may_be_written_with_a_point_and_is_no_text(
    seconds: object, status: int, ann: Person
) -> None:
    invitations = f"/api/organizations/{await ann.new_organization()}/invitations"
    answer = await ann.post(invitations, json={"role": "member", "expires_in": seconds})
    assert answer.status_code == status
