"""What people do with tags, documents and settings, alone and with others; and what is written down of it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from adapters.memory.store import Contents
from adapters.memory.tags import MemoryTags
from application.facade import Application
from application.ports.paging import Stretch
from application.recording.resources import RecordingTagNames
from application.recording.scribe import Notes
from domain.access import Actor, Role
from domain.audit import Action, AuditEvent, Resource
from domain.document import Content
from domain.errors import (
    CursorRefused,
    DocumentNotFound,
    InvalidValue,
    NotFound,
    PreconditionFailed,
    RoleTooLow,
    SettingNotFound,
    SpaceForbidden,
    TagNotFound,
    TagTaken,
)
from domain.ids import NOBODY, DocumentId, SpaceId, TagId, UserId
from domain.setting import NO_KEY, SettingKey, SettingValue
from domain.tag import Color, Tag, TagName
from domain.task import Title
from domain.versions import Expectation
from tests.unit.application.organizations_builders import Office
from tests.unit.builders import ANN, HOME, NOON, House, a_draft

ALL = Stretch(limit=100)
KEY = SettingKey("theme")
Use = Callable[[Application, Actor, str | None, Any], Awaitable[object]]

USES: dict[str, dict[str, Use]] = {
    "tag": {
        "list": lambda app, actor, space, _: app.list_tags(actor, space, ALL),
        "get": lambda app, actor, space, id_: app.get_tag(actor, space, id_),
        "create": lambda app, actor, space, _: app.create_tag(actor, space, {"name": TagName("other")}),
        "change": lambda app, actor, space, id_: app.change_tag(actor, space, id_, {"name": TagName("more")}),
        "delete": lambda app, actor, space, id_: app.delete_tag(actor, space, id_),
    },
    "document": {
        "list": lambda app, actor, space, _: app.list_documents(actor, space, ALL),
        "get": lambda app, actor, space, id_: app.get_document(actor, space, id_),
        "create": lambda app, actor, space, _: app.create_document(actor, space, {"title": Title("other")}),
        "replace": lambda app, actor, space, id_: app.replace_document(actor, space, id_, {"title": Title("x")}),
        "change": lambda app, actor, space, id_: app.change_document(actor, space, id_, {"title": Title("y")}),
        "delete": lambda app, actor, space, id_: app.delete_document(actor, space, id_),
    },
    "setting": {
        "list": lambda app, actor, space, _: app.list_settings(actor, space, ALL),
        "get": lambda app, actor, space, key: app.get_setting(actor, space, key),
        "put": lambda app, actor, space, key: app.put_setting(actor, space, key, SettingValue.of(2)),
        "delete": lambda app, actor, space, key: app.delete_setting(actor, space, key),
    },
}
READING = {"list", "get"}
UNKNOWN: dict[str, tuple[object, type[NotFound]]] = {
    "tag": (TagId(NOBODY), TagNotFound),
    "document": (DocumentId(NOBODY), DocumentNotFound),
    "setting": (NO_KEY, SettingNotFound),
}
ITSELF = {"list", "create", "put"}
"""What needs no item to be there."""

every_use = pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, uses in USES.items() for name in uses])


async def make(kind: str, app: Application, actor: Actor, space: str | None) -> Any:
    if kind == "setting":
        return (await app.put_setting(actor, space, KEY, SettingValue.of(1))).setting.key
    if kind == "tag":
        return (await app.create_tag(actor, space, {"name": TagName("work")})).id
    return (await app.create_document(actor, space, {"title": Title("Minutes")})).id


def allowed(kind: str, name: str, role: Role) -> bool:
    """What the contract's table says, of something that somebody else made."""
    if name in READING:
        return True
    admins = role in {Role.ADMIN, Role.OWNER}
    return admins if kind == "setting" or name == "delete" else role is not Role.VIEWER


@every_use
@pytest.mark.parametrize("role", Role)
async def test_a_role_allows_what_the_table_says(kind: str, name: str, role: Role) -> None:
    house = House()
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    item = await make(kind, house.app, ann, None)
    space = await house.let_in(ben, ann, role)
    if allowed(kind, name, role):
        await USES[kind][name](house.app, ben, space, item)
        return
    before = await house.contents()
    unseen = role is Role.MEMBER and name == "delete" and kind != "setting"
    for one in (item,) if unseen else (item, UNKNOWN[kind][0]):
        with pytest.raises(RoleTooLow):
            await USES[kind][name](house.app, ben, space, one)
    assert await house.contents() == before


@every_use
async def test_a_foreign_space_is_forbidden_and_a_foreign_item_not_found(kind: str, name: str) -> None:
    house = House()
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    item = await make(kind, house.app, ann, None)
    before = await house.contents()
    with pytest.raises(SpaceForbidden):
        await USES[kind][name](house.app, ben, str(ann.user_id), item)
    if name not in ITSELF:
        for one in (item, UNKNOWN[kind][0]):
            with pytest.raises(UNKNOWN[kind][1]):
                await USES[kind][name](house.app, ben, None, one)
    assert await house.contents() == before


@pytest.mark.parametrize("kind", ["tag", "document"])
async def test_a_member_deletes_what_they_made(kind: str) -> None:
    house = House()
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    space = await house.let_in(ben, ann, Role.MEMBER)
    item = await make(kind, house.app, ben, space)
    await USES[kind]["delete"](house.app, ben, space, item)
    with pytest.raises(UNKNOWN[kind][1]):
        await USES[kind]["get"](house.app, ann, None, item)


async def tags_of(house: House, actor: Actor) -> list[Tag]:
    return list((await house.app.list_tags(actor, None, ALL)).items)


def names(*texts: str) -> tuple[TagName, ...]:
    return tuple(map(TagName, texts))


async def test_a_tag_that_a_task_names_is_made_and_spelt_as_it_is() -> None:
    house = House()
    ann = await house.somebody("ann")
    work = await house.app.create_tag(ann, None, {"name": TagName("Work"), "color": Color("#000000")})
    task = await house.app.create_task(ann, None, a_draft(tags=names("new", "WORK", "NEW")))
    assert task.tags == ("new", "Work")
    assert [tag.name for tag in await tags_of(house, ann)] == ["new", "Work"]
    changed = await house.app.change_task(ann, None, task.id, {"tags": names("work", "more")})
    assert changed.tags == ("Work", "more")
    replaced = await house.app.replace_task(ann, None, task.id, a_draft(tags=names("MORE", "Last")))
    assert replaced.tags == ("more", "Last")
    assert [tag.name for tag in await tags_of(house, ann)] == ["Last", "more", "new", "Work"]
    assert (await tags_of(house, ann))[-1] == work


async def test_what_is_refused_makes_no_tag() -> None:
    house = House()
    ann = await house.somebody("ann")
    with pytest.raises(InvalidValue):
        await house.app.create_task(ann, None, a_draft(tags=names("a"), assignee_id=UserId(NOBODY)))
    with pytest.raises(InvalidValue):
        await house.app.create_task(ann, None, a_draft(tags=names(*map(str, range(51)))))
    with pytest.raises(NotFound):
        await house.app.change_task(ann, None, UNKNOWN["tag"][0], {"tags": names("a")})  # type: ignore[arg-type] # no task's id
    assert await tags_of(house, ann) == []


async def test_a_tag_with_another_name_has_it_on_its_tasks() -> None:
    house = House()
    ann = await house.somebody("ann")
    task = await house.app.create_task(ann, None, a_draft(tags=names("a", "work", "z")))
    other = await house.app.create_task(ann, None, a_draft(tags=names("a")))
    work = next(tag for tag in await tags_of(house, ann) if tag.name == "work")
    house.clock.advance(timedelta(minutes=1))
    renamed = await house.app.change_tag(ann, None, work.id, {"name": TagName("Labour")})
    now = await house.app.get_task(ann, None, task.id)
    assert now.tags == ("a", "Labour", "z")
    assert (now.version, now.updated_at) == (2, renamed.updated_at)
    assert await house.app.get_task(ann, None, other.id) == other
    await house.app.change_tag(ann, None, work.id, {"name": TagName("LABOUR")})
    assert (await house.app.get_task(ann, None, task.id)).tags == ("a", "LABOUR", "z")
    await house.app.change_tag(ann, None, work.id, {"color": Color("#ffffff")})
    assert (await house.app.get_task(ann, None, task.id)).version == 3
    with pytest.raises(TagTaken):
        await house.app.change_tag(ann, None, work.id, {"name": TagName("Z")})
    await house.app.delete_tag(ann, None, work.id)
    assert (await house.app.get_task(ann, None, task.id)).tags == ("a", "z")


async def test_a_name_is_there_once_in_a_space() -> None:
    house = House()
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    await make("tag", house.app, ann, None)
    with pytest.raises(TagTaken):
        await house.app.create_tag(ann, None, {"name": TagName("WORK")})
    await make("tag", house.app, ben, None)


async def test_a_setting_is_new_once() -> None:
    house = House()
    ann = await house.somebody("ann")
    first = await house.app.put_setting(ann, None, KEY, SettingValue.of(1))
    same = await house.app.put_setting(ann, None, KEY, SettingValue.of(1))
    other = await house.app.put_setting(ann, None, KEY, SettingValue.of({"a": 2}))
    assert [(put.is_new, put.setting.version, put.setting.value) for put in (first, same, other)] == [
        (True, 1, "1"),
        (False, 1, "1"),
        (False, 2, '{"a":2}'),
    ]
    assert await house.app.get_setting(ann, None, KEY) == other.setting


async def test_a_page_is_a_stretch() -> None:
    house = House()
    ann = await house.somebody("ann")
    for text in ("b", "A", "c"):
        await house.app.create_tag(ann, None, {"name": TagName(text)})
        await house.app.put_setting(ann, None, SettingKey(text), SettingValue.of(text))
        await house.app.create_document(ann, None, {"title": Title(text)})
        house.clock.advance(timedelta(minutes=1))
    stretch = Stretch(skip=1, limit=1)
    tags, keys = await house.app.list_tags(ann, None, stretch), await house.app.list_settings(ann, None, stretch)
    documents = await house.app.list_documents(ann, None, stretch)
    assert ([tag.name for tag in tags.items], tags.total) == (["b"], 3)
    assert ([one.key for one in keys.items], keys.total) == (["b"], 3)
    assert ([one.title for one in documents.items], documents.total) == (["A"], 3)


async def named(kind: str, app: Application, actor: Actor, text: str, space: str | None = None) -> None:
    """Make one that is called so."""
    match kind:
        case "tag":
            await app.create_tag(actor, space, {"name": TagName(text)})
        case "document":
            await app.create_document(actor, space, {"title": Title(text)})
        case _:
            await app.put_setting(actor, space, SettingKey(text), SettingValue.of(text))


@pytest.mark.parametrize("kind", USES)
async def test_cursors_lead_through_all_of_them_without_counting(kind: str) -> None:
    house = House()
    ann = await house.somebody("ann")
    for text in ("b", "A", "c", "d", "e"):
        await named(kind, house.app, ann, text)
        house.clock.advance(timedelta(minutes=1))
    find = getattr(house.app, f"list_{kind}s")
    whole = await find(ann, None, Stretch(limit=5))
    stretches = [await find(ann, None, Stretch(limit=2), cursor="")]
    while stretches[-1].next_cursor:
        stretches.append(await find(ann, None, Stretch(limit=2), cursor=stretches[-1].next_cursor))
    assert [item for stretch in stretches for item in stretch.items] == whole.items
    assert [(len(stretch.items), stretch.total) for stretch in stretches] == [(2, None), (2, None), (1, None)]
    assert whole.next_cursor is None
    page = await find(ann, None, Stretch(skip=1, limit=2))
    assert (await find(ann, None, Stretch(limit=9), cursor=page.next_cursor)).items == whole.items[3:]


async def test_contents_come_by_cursor_as_far_as_they_fit() -> None:
    house = House()
    ann = await house.somebody("ann")
    longest = Content("\u20ac" * 100_000)  # 300,000 bytes each: 13 fit into 4 MiB.
    for _ in range(15):
        await house.app.create_document(ann, None, {"title": Title("x"), "content": longest})
        house.clock.advance(timedelta(minutes=1))
    read = house.app.list_documents.with_contents
    first = await read(ann, None, Stretch(limit=100))
    assert [len(first.items), first.total] == [13, None]
    assert {one.content for one in first.items} == {longest}
    assert first.next_cursor is not None
    second = await read(ann, None, Stretch(limit=100), cursor=first.next_cursor)
    assert [len(second.items), second.next_cursor] == [2, None]
    shown = [one.id for one in (*first.items, *second.items)]
    assert shown == [one.id for one in (await house.app.list_documents(ann, None, Stretch(limit=100))).items]


@pytest.mark.parametrize("kind", USES)
async def test_a_cursor_is_good_for_its_reader_its_space_and_its_list_only(kind: str) -> None:
    office = Office()
    await office.open()
    for text in ("a", "b", "c"):
        await named(kind, office.app, office["owner"], text, office.id)
    find = getattr(office.app, f"list_{kind}s")
    cursor = (await find(office["owner"], office.id, Stretch(limit=1), cursor="")).next_cursor
    assert len((await find(office["owner"], office.id, Stretch(), cursor=cursor)).items) == 2
    other = office.app.list_trash if kind == "document" else office.app.list_documents
    for use, who, space in ((find, "admin", office.id), (find, "owner", None), (other, "owner", office.id)):
        with pytest.raises(CursorRefused):
            await use(office[who], space, Stretch(), cursor=cursor)


@pytest.mark.parametrize(
    ("expected", "is_put"),
    [
        (Expectation(), True),
        (Expectation(is_new=False), True),
        (Expectation({2}, is_new=False), True),
        (Expectation({1}, is_new=False), False),
        (Expectation(is_new=True), False),
    ],
)
async def test_a_setting_is_replaced_if_it_is_what_was_expected(expected: Expectation, *, is_put: bool) -> None:
    house = House()
    ann = await house.somebody("ann")
    await house.app.put_setting(ann, None, KEY, SettingValue.of(1))
    was = (await house.app.put_setting(ann, None, KEY, SettingValue.of(2))).setting
    putting = house.app.put_setting(ann, None, KEY, SettingValue.of(3), expected)
    if is_put:
        was = (await putting).setting
        assert (was.version, was.value) == (3, "3")
    else:
        with pytest.raises(PreconditionFailed):
            await putting
    assert await house.app.get_setting(ann, None, KEY) == was


async def test_a_setting_that_is_expected_to_be_there_is_not_made() -> None:
    house = House()
    ann = await house.somebody("ann")
    for expected in (Expectation(is_new=False), Expectation({1}, is_new=False)):
        with pytest.raises(PreconditionFailed):
            await house.app.put_setting(ann, None, KEY, SettingValue.of(1), expected)
    with pytest.raises(SettingNotFound):
        await house.app.get_setting(ann, None, KEY)
    written = await events(house, SpaceId(ann.user_id), Resource.SETTING)
    assert {event.action for event in written} == {Action.READ}
    assert (await house.app.put_setting(ann, None, KEY, SettingValue.of(1), Expectation(is_new=True))).is_new
    with pytest.raises(PreconditionFailed):
        await house.app.delete_setting(ann, None, KEY, {2})
    await house.app.delete_setting(ann, None, KEY, {1})


async def events(house: House | Office, space_id: SpaceId, kind: Resource) -> list[AuditEvent]:
    async with house.store.begin(read_only=True) as contents:
        kept = [event for event in contents.audit_events.values() if event.space_id == space_id]
    return [event for event in kept if event.resource_type is kind]


async def test_every_change_is_written_down_with_both_sides() -> None:
    house = House()
    ann = await house.somebody("ann")
    space_id, app = SpaceId(ann.user_id), house.app
    task = await app.create_task(ann, None, a_draft(tags=names("work")))
    (tag,) = await tags_of(house, ann)
    await app.change_tag(ann, None, tag.id, {"name": TagName("Labour"), "color": Color("#ffffff")})
    await app.change_tag(ann, None, tag.id, {})
    await app.delete_tag(ann, None, tag.id)
    await app.create_tag(ann, None, {"name": TagName("b")})
    document = await app.create_document(ann, None, {"title": Title("a"), "content": Content("x" * 300)})
    await app.change_document(ann, None, document.id, {"title": Title("b")})
    await app.change_document(ann, None, document.id, {})
    await app.delete_document(ann, None, document.id)
    await app.put_setting(ann, None, KEY, SettingValue.of("x" * 300))
    await app.put_setting(ann, None, KEY, SettingValue.of(1))
    await app.put_setting(ann, None, KEY, SettingValue.of(1))
    await app.delete_setting(ann, None, KEY)
    written = {kind: await events(house, space_id, kind) for kind in Resource}
    steps = [Action.CREATE, Action.UPDATE, Action.DELETE]
    assert [event.action for event in written[Resource.TAG]] == [*steps, Action.CREATE]
    assert [event.action for event in written[Resource.DOCUMENT]] == steps
    assert [event.action for event in written[Resource.SETTING]] == steps
    assert written[Resource.TAG][1].changes == {
        "name": {"from": "work", "to": "Labour"},
        "color": {"from": None, "to": "#ffffff"},
    }
    assert [event.changes for event in written[Resource.TASK][1:]] == [
        {"tags": {"from": ["work"], "to": ["Labour"]}, "count": 1},
        {"tags": {"from": ["Labour"], "to": []}, "count": 1},
    ]
    assert [event.resource_id for event in written[Resource.TASK]] == [str(task.id), None, None]
    assert written[Resource.DOCUMENT][1].changes == {"title": {"from": "a", "to": "b"}}
    assert written[Resource.SETTING][1].changes == {"value": {"from": '"' + "x" * 199 + "\u2026", "to": "1"}}
    assert {event.resource_id for event in written[Resource.SETTING]} == {KEY}


async def test_tags_go_along_by_name_when_a_task_is_handed_over() -> None:
    office = Office()
    await office.open()
    owner = office["owner"]
    there = SpaceId(owner.user_id)
    await office.app.create_tag(owner, None, {"name": TagName("WORK")})
    task = await office.app.create_task(owner, office.id, a_draft(tags=names("work", "new")))
    moved = await office.app.transfer_task(owner, office.id, task.id, there)
    assert moved.tags == ("WORK", "new")
    assert await office.app.get_task(owner, None, task.id) == moved
    assert [tag.name for tag in (await office.app.list_tags(owner, None, ALL)).items] == ["new", "WORK"]
    assert [tag.name for tag in (await office.app.list_tags(owner, office.id, ALL)).items] == ["new", "work"]
    made = await events(office, there, Resource.TAG)
    assert [(event.action, event.changes["name"]) for event in made] == [
        (Action.CREATE, {"to": "WORK"}),
        (Action.CREATE, {"to": "new"}),
    ]


async def test_a_tag_that_somebody_else_made_in_the_meantime_is_not_noted_again() -> None:
    notes = Notes(Action.UPDATE)
    names_ = RecordingTagNames(MemoryTags(Contents(), HOME), notes)
    first, second = (
        Tag.named(TagName(text), id=TagId(id_), space_id=HOME, created_by=ANN, at=NOON)
        for text, id_ in (("work", NOBODY), ("WORK", ANN))
    )
    assert await names_.add_unless_there([first]) == [first]
    assert await names_.add_unless_there([second]) == [first]
    assert [deed.resource_id for _, deed in notes.deeds] == [str(first.id)]
