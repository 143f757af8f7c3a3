"""Tags, documents and settings, with every change noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from application.pausing import in_parts
from application.ports.documents import Documents
from application.ports.paging import Page, Stretch
from application.ports.settings import Settings
from application.ports.tags import TagNames, Tags
from application.recording.scribe import Notes
from domain.audit import Resource
from domain.deeds import document_deed, setting_deed, tag_deed
from domain.document import Document, DocumentSummary
from domain.ids import DocumentId, TagId
from domain.setting import Setting, SettingKey
from domain.tag import Tag, TagName


@dataclass(frozen=True, slots=True)
class RecordingTagNames:
    """The names of tags, with every tag noted that is made for one."""

    names: TagNames
    notes: Notes

    async def spelt(self, names: Sequence[TagName]) -> Sequence[TagName]:
        return await self.names.spelt(names)

    async def add_unless_there(self, tags: Sequence[Tag]) -> Sequence[Tag]:
        kept = await self.names.add_unless_there(tags)
        new = [tag for tag, one in zip(tags, kept, strict=True) if one is tag]
        await in_parts(lambda tag: self.notes.did(tag.space_id, tag_deed(None, tag)), new)
        return kept


@dataclass(frozen=True, slots=True)
class RecordingTags(RecordingTagNames):
    """Tags, with every change noted."""

    tags: Tags

    async def add(self, tag: Tag) -> None:
        await self.tags.add(tag)
        self.notes.did(tag.space_id, tag_deed(None, tag))

    async def get(self, tag_id: TagId) -> Tag:
        self.notes.aim(Resource.TAG, tag_id)
        return await self.tags.get(tag_id)

    async def save(self, tag: Tag, *, was: Tag) -> None:
        await self.tags.save(tag, was=was)
        if tag != was:
            self.notes.did(tag.space_id, tag_deed(was, tag))

    async def remove(self, tag: Tag) -> None:
        await self.tags.remove(tag)
        self.notes.did(tag.space_id, tag_deed(tag, None))

    async def find(self, stretch: Stretch) -> Page[Tag]:
        self.notes.resource_type = Resource.TAG
        return await self.tags.find(stretch)


@dataclass(frozen=True, slots=True)
class RecordingDocuments:
    """Documents, with every change noted."""

    documents: Documents
    notes: Notes

    async def add(self, document: Document) -> None:
        await self.documents.add(document)
        self.notes.did(document.space_id, document_deed(None, document))

    async def get(self, document_id: DocumentId) -> Document:
        self.notes.aim(Resource.DOCUMENT, document_id)
        return await self.documents.get(document_id)

    async def save(self, document: Document, *, was: Document) -> None:
        await self.documents.save(document, was=was)
        if document != was:
            self.notes.did(document.space_id, document_deed(was, document))

    async def remove(self, document: Document) -> None:
        await self.documents.remove(document)
        self.notes.did(document.space_id, document_deed(document, None))

    async def find(self, stretch: Stretch) -> Page[DocumentSummary]:
        self.notes.resource_type = Resource.DOCUMENT
        return await self.documents.find(stretch)

    async def sizes(self, document_ids: Sequence[DocumentId]) -> Mapping[DocumentId, int]:
        return await self.documents.sizes(document_ids)

    async def read_all(self, document_ids: Sequence[DocumentId]) -> Sequence[Document]:
        return await self.documents.read_all(document_ids)


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """Settings, with every change noted."""

    settings: Settings
    notes: Notes

    async def add_unless_there(self, setting: Setting) -> Setting:
        self.notes.aim(Resource.SETTING, setting.key)
        kept = await self.settings.add_unless_there(setting)
        if kept is setting:
            self.notes.did(setting.space_id, setting_deed(None, setting))
        return kept

    async def get(self, key: SettingKey) -> Setting:
        self.notes.aim(Resource.SETTING, key)
        return await self.settings.get(key)

    async def save(self, setting: Setting, *, was: Setting) -> None:
        await self.settings.save(setting, was=was)
        if setting != was:
            self.notes.did(setting.space_id, setting_deed(was, setting))

    async def remove(self, setting: Setting) -> None:
        await self.settings.remove(setting)
        self.notes.did(setting.space_id, setting_deed(setting, None))

    async def find(self, stretch: Stretch) -> Page[Setting]:
        self.notes.resource_type = Resource.SETTING
        return await self.settings.find(stretch)
