"""Who may see and do what, said once more and as simply as can be: not with the service's own words or tables."""

from dataclasses import dataclass, field

RANK = {"viewer": 0, "member": 1, "admin": 2, "owner": 3}
MEMBER, ADMIN, OWNER = RANK["member"], RANK["admin"], RANK["owner"]

KINDS = ("tags", "documents", "settings")

OK = 200
REFUSED_INVITATION, SIGN_IN, FORBIDDEN, MISSING, CONFLICT = 400, 401, 403, 404, 409


@dataclass
class ModelTask:
    space: str
    maker: str
    title: str
    status: str = "pending"
    tags: list[str] = field(default_factory=list)


@dataclass(eq=False)
class ModelItem:
    """A tag with its name, a document with its title, or a setting with its value and its key as its id.

    The id of a tag that was made for a task is unknown until somebody has seen it.
    """

    space: str
    maker: str
    text: str
    id: str | None = None


@dataclass
class ModelInvitation:
    space: str
    maker: str
    role: str
    is_closed: bool = False


@dataclass
class World:
    """All that there is. Methods tell what must come of something; nothing changes by asking."""

    signed_in: set[str] = field(default_factory=set)
    roles: dict[str, dict[str, str]] = field(default_factory=dict)
    organizations: set[str] = field(default_factory=set)
    tasks: dict[str, ModelTask] = field(default_factory=dict)
    invitations: dict[str, ModelInvitation] = field(default_factory=dict)
    items: dict[str, list[ModelItem]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def rank(self, user: str, space: str) -> int | None:
        role = self.roles.get(space, {}).get(user)
        return None if role is None else RANK[role]

    def entering(self, user: str, space: str, *, needed: int = 0) -> int:
        """What comes of trying something in a space that takes at least this rank."""
        if user not in self.signed_in:
            return SIGN_IN
        rank = self.rank(user, space)
        return FORBIDDEN if rank is None or rank < needed else OK

    def entering_organization(self, user: str, space: str, *, needed: int = 0) -> int:
        if user in self.signed_in and space not in self.organizations:
            return FORBIDDEN
        return self.entering(user, space, needed=needed)

    def reaching(self, user: str, space: str, item: ModelTask | ModelItem | None, *, needed: int) -> int:
        entered = self.entering(user, space, needed=needed)
        if entered != OK:
            return entered
        return OK if item is not None and item.space == space else MISSING

    def taking_away(self, user: str, space: str, item: ModelTask | ModelItem | None) -> int:
        """Deleting something, or moving it somewhere else."""
        reached = self.reaching(user, space, item, needed=MEMBER)
        if item is None or reached != OK:
            return reached
        return self.entering(user, space, needed=MEMBER if item.maker == user else ADMIN)

    def transferring(self, user: str, space: str, task: ModelTask | None, to: str) -> int:
        reached = self.reaching(user, space, task, needed=MEMBER)
        if reached != OK or to == space:
            return reached
        allowed = self.taking_away(user, space, task)
        return allowed if allowed != OK or self.may_give(user, to) else MISSING

    def may_give(self, user: str, to: str) -> bool:
        rank = self.rank(user, to)
        if rank is not None:
            return rank >= MEMBER
        return any(user in self.roles[shared] and to in self.roles[shared] for shared in self.organizations)

    def inviting(self, user: str, space: str, role: str) -> int:
        return self.entering_organization(user, space, needed=max(ADMIN, RANK[role]))

    def accepting(self, user: str, token: str) -> int:
        if user not in self.signed_in:
            return SIGN_IN
        invitation = self.invitations[token]
        if invitation.is_closed or invitation.space not in self.organizations:
            return REFUSED_INVITATION
        return OK if self.rank(user, invitation.space) is None else CONFLICT

    def changing_role(self, user: str, space: str, target: str, role: str) -> set[int]:
        managing = self.entering_organization(user, space, needed=ADMIN)
        if managing != OK:
            return {managing}
        too_high = self.entering(user, space, needed=RANK[role])
        rank = self.rank(target, space)
        if rank is None:
            return {MISSING} | ({too_high} - {OK})
        if too_high != OK or self.entering(user, space, needed=rank) != OK:
            return {FORBIDDEN}
        return {CONFLICT if self.is_last_owner(target, space) and role != "owner" else OK}

    def removing(self, user: str, space: str, target: str) -> int:
        managing = self.entering_organization(user, space, needed=0 if target == user else ADMIN)
        rank = self.rank(target, space)
        if managing != OK or rank is None:
            return managing if managing != OK else MISSING
        if target != user and self.entering(user, space, needed=rank) != OK:
            return FORBIDDEN
        return CONFLICT if self.is_last_owner(target, space) else OK

    def give_role(self, user: str, space: str, role: str | None) -> None:
        """Make somebody this in a space, or nothing. What they could not offer any more, nobody can take for ever."""
        if role is None:
            del self.roles[space][user]
        else:
            self.roles[space][user] = role
        for invitation in self.invitations.values():
            if (invitation.maker, invitation.space) == (user, space):
                too_low = role is None or RANK[role] < max(ADMIN, RANK[invitation.role])
                invitation.is_closed = invitation.is_closed or too_low

    def is_last_owner(self, user: str, space: str) -> bool:
        return [member for member, role in self.roles[space].items() if role == "owner"] == [user]

    def tasks_in(self, space: str) -> dict[str, ModelTask]:
        return {task_id: task for task_id, task in self.tasks.items() if task.space == space}

    def dissolve(self, space: str) -> None:
        self.organizations.discard(space)
        self.roles.pop(space, None)
        self.tasks = {task_id: task for task_id, task in self.tasks.items() if task.space != space}
        self.items = {kind: [item for item in items if item.space != space] for kind, items in self.items.items()}

    # Tags, documents and settings

    def items_in(self, kind: str, space: str) -> list[ModelItem]:
        return [item for item in self.items[kind] if item.space == space]

    def item(self, kind: str, space: str, id: str) -> ModelItem | None:
        return next((item for item in self.items_in(kind, space) if item.id == id), None)

    def tag(self, space: str, name: str) -> ModelItem | None:
        return next((tag for tag in self.items_in("tags", space) if tag.text.lower() == name.lower()), None)

    def make(self, kind: str, item: ModelItem) -> ModelItem:
        self.items[kind].append(item)
        return item

    def naming(self, space: str, name: str, tag: ModelItem | None = None) -> int:
        """What comes of giving a tag this name, or a new one."""
        return OK if self.tag(space, name) in (None, tag) else CONFLICT

    def spelt(self, space: str, names: list[str], *, by: str) -> list[str]:
        """The names as the space spells them, each once; tags that it lacks are made."""
        found: dict[str, str] = {}
        for name in names:
            if name.lower() not in found:
                tag = self.tag(space, name) or self.make("tags", ModelItem(space, by, name))
                found[name.lower()] = tag.text
        return list(found.values())

    def change(self, kind: str, item: ModelItem, text: str | None) -> None:
        """Give it another text, or take it away; a tag's name is exchanged on its tasks, or taken off them."""
        if kind == "tags":
            for task in self.tasks_in(item.space).values():
                named = [text if name == item.text else name for name in task.tags]
                task.tags = [name for name in named if name is not None]
        if text is None:
            self.items[kind].remove(item)
        else:
            item.text = text
