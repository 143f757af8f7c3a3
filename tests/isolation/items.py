"""Tags, documents and settings that are made, changed and removed at random; and the same in the model."""

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.isolation.company import NOBODY, Company, mostly, some
from tests.isolation.model import ADMIN, KINDS, MEMBER, OK, ModelItem

NAMES: Final = ("Work", "WORK", "Home", "home", "new", "late", "calls", "Books")
KEYS: Final = ("a", "b", "c")

kinds = st.sampled_from(KINDS)
with_ids = st.sampled_from(["tags", "tags", "documents"])
"""Tags more often: what becomes of them becomes of tasks, too."""
name = st.sampled_from(NAMES)
names = st.lists(name, max_size=3)
"""Few, so that they meet: in one space, and in several."""


class Items(Company):
    """People who have tags, documents and settings."""

    def __init__(self) -> None:
        super().__init__()
        self.item_ids: dict[str, list[str]] = {"tags": [NOBODY], "documents": [NOBODY], "settings": [*KEYS]}
        self.texts = 0

    def make_one_of_each(self, user: str, named: str | None) -> None:
        self.make_in("tags", user, named, "new")
        self.make_in("documents", user, named, self.new_text())
        self.put_in(user, named, "a")

    def change_own_tags(self) -> None:
        """The first one gives other names to what their tasks are named, the others take it off."""
        for user in self.users:
            for tag in self.world.items_in("tags", user):
                if tag.text != "new" and tag.id:
                    if user == self.users[0]:
                        self.change_in("tags", user, None, tag.id, self.new_text())
                    else:
                        self.remove_in("tags", user, None, tag.id)

    @rule(kind=with_ids, who=some, where=some, name=name)
    def make(self, kind: str, who: int, where: int, name: str) -> None:
        user, named, _ = self.before(who, where)
        self.make_in(kind, user, named, name if kind == "tags" else self.new_text())

    def make_in(self, kind: str, user: str, named: str | None, text: str) -> None:
        space = named or user
        expected = self.world.entering(user, space, needed=MEMBER)
        if expected == OK and kind == "tags":
            expected = self.world.naming(space, text)
        status, item = self.do(self.driver.items.make(kind, user, named, text))
        assert status == expected
        if status == OK:
            self.item_ids[kind].append(item["id"])
            self.is_the_item(item, self.world.make(kind, ModelItem(space, user, text, item["id"])))

    @rule(who=some, where=some, key=st.sampled_from(KEYS))
    def put(self, who: int, where: int, key: str) -> None:
        user, named, _ = self.before(who, where)
        self.put_in(user, named, key)

    def put_in(self, user: str, named: str | None, key: str) -> None:
        space, value = named or user, self.new_text()
        status, item = self.do(self.driver.items.change("settings", user, named, key, value))
        assert status == self.world.entering(user, space, needed=ADMIN)
        if status == OK:
            kept = self.world.item("settings", space, key)
            kept = kept or self.world.make("settings", ModelItem(space, user, value, key))
            kept.text = value
            self.is_the_item(item, kept)

    @rule(kind=with_ids, who=some, where=some, which=some, name=name)
    def change_item(self, kind: str, who: int, where: int, which: int, name: str) -> None:
        user, named, space = self.before(who, where)
        self.change_in(kind, user, named, self.one_of(kind, space, which), name if kind == "tags" else self.new_text())

    def change_in(self, kind: str, user: str, named: str | None, item_id: str, text: str) -> None:
        space = named or user
        kept = self.world.item(kind, space, item_id)
        expected = self.world.reaching(user, space, kept, needed=MEMBER)
        if expected == OK and kind == "tags":
            expected = self.world.naming(space, text, kept)
        status, item = self.do(self.driver.items.change(kind, user, named, item_id, text))
        assert status == expected
        if kept and status == OK:
            self.world.change(kind, kept, text)
            self.is_the_item(item, kept)

    @rule(kind=kinds, who=some, where=some, which=some)
    def remove_item(self, kind: str, who: int, where: int, which: int) -> None:
        user, named, space = self.before(who, where)
        self.remove_in(kind, user, named, self.one_of(kind, space, which))

    def remove_in(self, kind: str, user: str, named: str | None, item_id: str) -> None:
        space = named or user
        kept = self.world.item(kind, space, item_id)
        if kind == "settings":
            expected = self.world.reaching(user, space, kept, needed=ADMIN)
        else:
            expected = self.world.taking_away(user, space, kept)
        assert self.do(self.driver.items.remove(kind, user, named, item_id))[0] == expected
        if kept and expected == OK:
            self.world.change(kind, kept, None)

    @rule(kind=kinds, who=some, where=some, which=some)
    def read_item(self, kind: str, who: int, where: int, which: int) -> None:
        user, named, space = self.before(who, where)
        self.read_in(kind, user, named, self.one_of(kind, space, which))

    def read_in(self, kind: str, user: str, named: str | None, item_id: str) -> None:
        space = named or user
        kept = self.world.item(kind, space, item_id)
        status, item = self.do(self.driver.items.read(kind, user, named, item_id))
        assert status == self.world.reaching(user, space, kept, needed=0)
        if kept and status == OK:
            self.is_the_item(item, kept)

    def misses_others_items(self, user: str) -> None:
        """In their own space nobody finds anything of another."""
        for kind in KINDS:
            others = [item.id for item in self.world.items[kind] if item.space != user and item.id]
            for item_id in others[:1]:
                self.read_in(kind, user, None, item_id)

    def sees_items(self, user: str, named: str | None, space: str) -> None:
        for kind in KINDS:
            self.sees_items_of(kind, user, named, space)

    def sees_items_of(self, kind: str, user: str, named: str | None, space: str) -> None:
        """They see all that is there and nothing else, and so the ids of the tags that were made for tasks."""
        status, found = self.do(self.driver.items.list(kind, user, named))
        assert status == self.world.entering(user, space)
        if status == OK:
            kept = {item.text if kind == "tags" else item.id: item for item in self.world.items_in(kind, space)}
            assert {item["text" if kind == "tags" else "id"] for item in found} == kept.keys()
            assert len(found) == len(kept)
            for item in found:
                self.is_the_item(item, kept[item["text" if kind == "tags" else "id"]])

    def is_the_item(self, item: dict[str, Any], kept: ModelItem) -> None:
        if kept.id is None:
            assert item["id"] not in self.item_ids["tags"]
            kept.id = item["id"]
            self.item_ids["tags"].append(item["id"])
        assert (item["id"], item["owner_id"], item["created_by"]) == (kept.id, kept.space, kept.maker)
        assert item["text"] == kept.text

    def one_of(self, kind: str, space: str, which: int) -> str:
        """The id of an item, mostly one of the space."""
        here = [item.id for item in self.world.items_in(kind, space) if item.id is not None]
        return mostly(here, self.item_ids[kind], which)

    def new_text(self) -> str:
        self.texts += 1
        return f"text {self.texts}"
