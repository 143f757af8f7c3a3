"""A request is gone when it is answered: nothing of it is left to the garbage collector, which would look for it."""

import gc
import weakref
from typing import Any

import pytest

from entrypoints.http import routing
from entrypoints.http.bodies import StrictRequest
from tests.http.people import Person

TASK = {"title": "Write the report", "tags": ["work"]}
REQUESTS: dict[str, tuple[str, str, Any, int]] = {
    "a task": ("GET", "/api/tasks/{task}", None, 200),
    "a list": ("GET", "/api/tasks", None, 200),
    "a new task": ("POST", "/api/tasks", TASK, 201),
    "a change": ("PATCH", "/api/tasks/{task}", {"title": "x"}, 200),
    "nothing there": ("GET", "/api/tasks/0", None, 404),
    "bad input": ("POST", "/api/tasks", {}, 422),
}


@pytest.mark.parametrize("kind", REQUESTS)
async def test_a_request_is_gone_when_it_is_answered(ann: Person, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    method, path, body, status = REQUESTS[kind]
    seen: list[weakref.ref[StrictRequest]] = []

    class Watched(StrictRequest):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            seen.append(weakref.ref(self))

    task = await ann.new_task(tags=["work"])
    monkeypatch.setattr(routing, "StrictRequest", Watched)
    gc.disable()
    try:
        answer = await ann.send(method, path.format(task=task["id"]), json=body)
        assert answer.status_code == status
        assert [request() for request in seen] == [None]
    finally:
        gc.enable()
