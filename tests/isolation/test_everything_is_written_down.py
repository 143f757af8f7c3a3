"""Every operation that changes something leaves an event in a log: generated from the document, as the matrix is."""

import re
from typing import Final

import httpx
import pytest

from application.recording.resources import RecordingDocuments
from domain.audit import Outcome
from entrypoints.proof.callers import Caller
from entrypoints.proof.casting import assemble
from entrypoints.proof.deployment import Deployment
from entrypoints.proof.items import TRASHED_TASK
from entrypoints.proof.matrix import attempts, offered
from entrypoints.proof.operations import Operation
from entrypoints.proof.scene import Scene
from entrypoints.proof.stage import Stage
from entrypoints.proof.table import RULES
from entrypoints.proof.watch import Watch
from tests.isolation.services import MemoryService

SILENT: Final = {
    "refresh": "the session goes on; a token that is used again is written down (test_recording)",
    "request_password_reset": "it changes no account, and the one who asks may have none",
    "confirm_password_reset": "it takes the token of a mail; that it is written down is tested in test_passwords",
}
"""The operations that leave no event of a success here, and why."""


async def silent(service: MemoryService, patch: pytest.MonkeyPatch) -> set[str]:
    """The unsafe operations of which no success was written down, when the owner or an administrator used each."""
    answers: list[tuple[str, str, httpx.Response]] = []
    send = Deployment.send

    async def noting(deployment: Deployment, method: str, path: str, **more: object) -> httpx.Response:
        answer = await send(deployment, method, path, **more)  # type: ignore[arg-type] # as it was called
        answers.append((method, path.partition("?")[0], answer))
        return answer

    patch.setattr(Deployment, "send", noting)
    async with service.served() as served:
        operations = await offered(served.deployment)
        cast = await assemble(served.deployment, served.operator)
        stage = Stage(cast, Watch(operations, RULES, cast))
        for scene in attempts([operation for operation in operations if not operation.is_safe], RULES):
            for attempt in scene:
                if attempt.succeeds and attempt.caller in {Caller.OWNER, Caller.ADMINISTRATOR}:
                    if attempt.rule.case.permission is not None:  # Whoever empties the trash finds something there.
                        await TRASHED_TASK.make(Scene(cast, attempt.caller, attempt.way.named))
                    assert [str(result) async for result in stage.play([attempt]) if not result.ok] == []
    told = {event.request_id for event in service.contents.audit_events.values() if event.outcome is Outcome.SUCCESS}
    unsafe = {operation.id for operation in operations if not operation.is_safe}
    return unsafe - {
        operation_at(operations, method, path).id
        for method, path, answer in answers
        if answer.is_success and answer.headers["x-request-id"] in told
    }


def operation_at(operations: list[Operation], method: str, path: str) -> Operation:
    """The one that a request was for: the one that fits it best."""
    fits = [one for one in operations if one.method == method and re.fullmatch(one.at("[^/]+", "[^/]+"), path)]
    return min(fits, key=lambda one: len(one.parameters))


async def test_every_change_is_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await silent(MemoryService(), monkeypatch) == SILENT.keys()


async def test_a_change_that_is_not_written_down_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def remove(recording: RecordingDocuments, document: object) -> None:
        await recording.documents.remove(document)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(RecordingDocuments, "remove", remove)
    unnoticed = await silent(MemoryService(), monkeypatch) - SILENT.keys()
    assert unnoticed == {"delete_document", "delete_document_of_owner"}
