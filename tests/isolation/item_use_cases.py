"""Tags, documents and settings of the application on memory adapters, without HTTP."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from application.facade import Application
from application.ports.paging import Stretch
from domain.access import Actor
from domain.document import Document, DocumentSummary
from domain.errors import DomainError
from domain.ids import DocumentId, TagId, read_id
from domain.setting import Setting, SettingKey, SettingValue
from domain.tag import Tag, TagName
from domain.task import Title
from entrypoints.http.problems import STATUS_OF
from tests.isolation.drivers import Answer

EVERYTHING = Stretch(skip=0, limit=100)


async def answer(doing: Awaitable[Any]) -> Answer:
    """What HTTP would make of it."""
    try:
        return HTTPStatus.OK, await doing
    except DomainError as error:
        return next(status for family, status in STATUS_OF.items() if isinstance(error, family)), None


def _said(item: Tag | Document | DocumentSummary | Setting) -> dict[str, str]:
    match item:
        case Tag():
            id_, text = str(item.id), str(item.name)
        case Document() | DocumentSummary():
            id_, text = str(item.id), str(item.title)
        case Setting():
            id_, text = str(item.key), item.value.strip('"')
    return {"id": id_, "owner_id": str(item.space_id), "created_by": str(item.created_by), "text": text}


@dataclass(frozen=True)
class ItemUseCases:
    """Each thing that people do is one use case."""

    app: Application
    actors: Mapping[str, Actor]

    async def make(self, kind: str, user: str, space: str | None, text: str) -> Answer:
        if kind == "tags":
            return await self._item(self.app.create_tag(self.actors[user], space, {"name": TagName(text)}))
        return await self._item(self.app.create_document(self.actors[user], space, {"title": Title(text)}))

    async def change(self, kind: str, user: str, space: str | None, id: str, text: str) -> Answer:
        actor = self.actors[user]
        if kind == "settings":
            status, put = await answer(self.app.put_setting(actor, space, SettingKey(id), SettingValue.of(text)))
            return status, put and _said(put.setting)
        if kind == "tags":
            return await self._item(self.app.change_tag(actor, space, TagId(read_id(id)), {"name": TagName(text)}))
        changes: Any = {"title": Title(text)}
        return await self._item(self.app.change_document(actor, space, DocumentId(read_id(id)), changes))

    async def remove(self, kind: str, user: str, space: str | None, id: str) -> Answer:
        actor = self.actors[user]
        if kind == "settings":
            return await answer(self.app.delete_setting(actor, space, SettingKey(id)))
        if kind == "tags":
            return await answer(self.app.delete_tag(actor, space, TagId(read_id(id))))
        return await answer(self.app.delete_document(actor, space, DocumentId(read_id(id))))

    async def read(self, kind: str, user: str, space: str | None, id: str) -> Answer:
        actor = self.actors[user]
        if kind == "settings":
            return await self._item(self.app.get_setting(actor, space, SettingKey(id)))
        if kind == "tags":
            return await self._item(self.app.get_tag(actor, space, TagId(read_id(id))))
        return await self._item(self.app.get_document(actor, space, DocumentId(read_id(id))))

    async def list(self, kind: str, user: str, space: str | None) -> Answer:
        use_cases: Any = {
            "tags": self.app.list_tags,
            "documents": self.app.list_documents,
            "settings": self.app.list_settings,
        }
        status, page = await answer(use_cases[kind](self.actors[user], space, EVERYTHING))
        assert page is None or page.total == len(page.items)
        return status, page and [_said(item) for item in page.items]

    async def _item(self, doing: Awaitable[Tag | Document | Setting]) -> Answer:
        status, item = await answer(doing)
        return status, item and _said(item)
