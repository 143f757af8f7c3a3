"""Accounts: addresses, names, passwords."""

from dataclasses import FrozenInstanceError, replace

import pytest

from domain.errors import InvalidValue, NotAnAdministrator
from domain.user import Email, FullName, Password, PasswordPolicy, User, UserChanges, UserRole, password_spellings
from tests.unit.builders import ANN, LATER, NOON, UNSTORABLE

LONG_DOMAIN = ".".join(["a" * 63, "b" * 63, "c" * 57, "org"])
LONGEST = f"{'l' * 64}@{LONG_DOMAIN}"
USER = User.register(id=ANN, email=Email("ann@example.org"), full_name=FullName("Ann"), role=UserRole.USER, at=NOON)


def refused_because(kind: type[str], text: str) -> str | None:
    """Why a text is refused."""
    try:
        kind(text)
    except InvalidValue as refused:
        return refused.reason
    return None


@pytest.mark.parametrize(
    "address",
    [
        "a@b.de",
        "Ann.Other+tasks@mail.Example.org",
        "!#$%&'*+/=?^_`{|}~-@example.org",
        "1@2.example",
        "ann@xn--bcher-kva.example",
        "ann@a-b.example",
        "ann@example.x1",
        f"ann@{'d' * 63}.org",
        f"ann@example.{'t' * 63}",
        f"{'l' * 64}@example.org",
        LONGEST,
    ],
)
def test_an_address_is_kept_as_it_is_written(address: str) -> None:
    assert Email(address) == address


@pytest.mark.parametrize(
    "text",
    [
        "ann",
        "ann@",
        "@example.org",
        "ann@example",
        "ann@@example.org",
        "ann@home@example.org",
        ".ann@example.org",
        "ann.@example.org",
        "ann..other@example.org",
        "an n@example.org",
        "ann@exam ple.org",
        "ann@.org",
        "ann@example..org",
        "ann@example.org.",
        "ann@-example.org",
        "ann@example-.org",
        "ann@example.o",
        "ann@example.1org",
        "ann@example.or-",
        "ann@127.0.0.1",
        "ann@[127.0.0.1]",
        '"ann"@example.org',
        "Ann <ann@example.org>",
        "ann@exämple.org",
        "änn@example.org",
        "ann@example.org\nbcc: ben@example.org",
        "ann,ben@example.org",
        f"ann@{'d' * 64}.org",
        f"ann@example.{'t' * 64}",
        f"{'l' * 65}@example.org",
    ],
)
def test_what_no_mail_server_could_deliver_to_is_no_address(text: str) -> None:
    assert refused_because(Email, text) == "not_an_email"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "too_short"),
        ("   ", "too_short"),
        ("a@", "too_short"),
        ("a@b", "not_an_email"),
        (f"{LONGEST}x", "too_long"),
        *((f"a{character}@example.org", "unstorable_character") for character in UNSTORABLE.values()),
    ],
)
def test_an_address_has_the_length_that_mail_allows(text: str, reason: str) -> None:
    assert refused_because(Email, text) == reason


@pytest.mark.parametrize("blank", [" ", "\t", "\r\n", "\N{NO-BREAK SPACE}"])
def test_blanks_around_an_address_are_not_part_of_it(blank: str) -> None:
    assert Email(f"{blank}ann@example.org{blank}") == "ann@example.org"


def test_blanks_around_the_longest_address_do_not_count() -> None:
    assert Email(f"  {LONGEST}  ") == LONGEST


@pytest.mark.parametrize(
    ("text", "spellings"),
    [
        ("plain", ("plain",)),
        ("caf\u00e9", ("caf\u00e9",)),
        ("cafe\u0301", ("caf\u00e9", "cafe\u0301")),
        ("e\u0301" * 257, ("e\u0301" * 257,)),
    ],
    ids=["plain", "composed", "decomposed", "long"],
)
def test_a_password_was_hashed_composed_or_as_typed(text: str, spellings: tuple[str, ...]) -> None:
    assert password_spellings(text) == spellings


def test_a_password_is_kept_composed_and_measured_then() -> None:
    assert Password("e\u0301" * 8) == "\u00e9" * 8
    assert Password("e\u0301" * 128) == "\u00e9" * 128
    for text in ("e\u0301" * 7, "e\u0301" * 129):
        with pytest.raises(InvalidValue):
            Password(text)


def test_addresses_that_differ_in_case_only_have_one_key() -> None:
    assert Email("Ann@Example.ORG").key == Email("ann@example.org").key == "ann@example.org"


@pytest.mark.parametrize("text", ["A", "Ann Ärmel", "\N{PILE OF POO}" * 200])
def test_a_name_is_kept_as_it_is_written(text: str) -> None:
    assert FullName(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "too_short"),
        ("a" * 201, "too_long"),
        ("\N{PILE OF POO}" * 201, "too_long"),
        *((f"Ann{character}", "unstorable_character") for character in UNSTORABLE.values()),
    ],
)
def test_a_name_that_breaks_a_rule_is_refused(text: str, reason: str) -> None:
    assert refused_because(FullName, text) == reason


@pytest.mark.parametrize("text", ["a" * 8, "a" * 128, "\N{PILE OF POO}" * 8, "\N{PILE OF POO}" * 128, " " * 8])
def test_a_password_is_taken_as_typed(text: str) -> None:
    assert Password(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "too_short"),
        ("a" * 7, "too_short"),
        ("\N{PILE OF POO}" * 7, "too_short"),
        ("a" * 129, "too_long"),
        *((f"password{character}", "unstorable_character") for character in UNSTORABLE.values()),
    ],
)
def test_a_password_that_breaks_a_rule_is_refused(text: str, reason: str) -> None:
    assert refused_because(Password, text) == reason


@pytest.mark.parametrize("text", ["too sly", "sly" * 43, "so sly \x00"])
def test_a_refused_password_is_not_repeated(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Password(text)
    assert "sly" not in f"{refused.value!s} {refused.value!r}"


def test_a_password_shows_itself_to_nobody() -> None:
    password = Password("open sesame")
    assert repr(password) == "Password(***)"
    assert f"{[password]} {password!r}" == "[Password(***)] Password(***)"


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (Email, "", "An e-mail address needs at least 3 characters."),
        (Email, f"{LONGEST}x", "An e-mail address may have at most 254 characters."),
        (Email, "ann", "This is not an e-mail address: write 'name@example.org'."),
        (FullName, "", "A name needs at least 1 character."),
        (FullName, "a" * 201, "A name may have at most 200 characters."),
        (Password, "", "A password needs at least 8 characters."),
        (Password, "a" * 129, "A password may have at most 128 characters."),
    ],
)
def test_a_refused_text_is_told_what_is_allowed(kind: type[str], text: str, message: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        kind(text)
    assert str(refused.value) == message


@pytest.mark.parametrize("text", ["password", "Password", "PASSWORD"])
def test_a_common_password_is_refused_in_any_case(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        PasswordPolicy(frozenset({"password", "12345678"})).check(Password(text))
    assert (refused.value.reason, refused.value.field) == ("common_password", "password")
    assert str(refused.value) == (
        "This password is among the commonest ones. Choose another, for example four random words."
    )


@pytest.mark.parametrize("text", ["password1", "passwor d", "correct horse"])
def test_any_other_password_is_fine(text: str) -> None:
    PasswordPolicy(frozenset({"password", "12345678"})).check(Password(text))


def test_roles_are_called_as_the_contract_calls_them() -> None:
    assert set(UserRole) == {"user", "admin"}


@pytest.mark.parametrize("role", UserRole)
@pytest.mark.parametrize("full_name", [FullName("Ann"), None])
def test_a_new_account_is_active(role: UserRole, full_name: FullName | None) -> None:
    user = User.register(id=ANN, email=Email("ann@example.org"), full_name=full_name, role=role, at=NOON)
    assert user == User(
        id=ANN,
        email=Email("ann@example.org"),
        full_name=full_name,
        role=role,
        is_active=True,
        created_at=NOON,
        updated_at=NOON,
    )


@pytest.mark.parametrize(
    "changes",
    [
        UserChanges(email=Email("other@example.org")),
        UserChanges(email=Email("ANN@example.org")),
        UserChanges(full_name=FullName("Anna")),
        UserChanges(full_name=None),
        UserChanges(email=Email("other@example.org"), full_name=FullName("Anna")),
    ],
)
def test_a_change_touches_what_it_names_and_the_time(changes: UserChanges) -> None:
    assert USER.change(changes, at=LATER) == replace(USER, **changes, updated_at=LATER)


@pytest.mark.parametrize(
    "changes",
    [
        UserChanges(),
        UserChanges(email=Email("ann@example.org")),
        UserChanges(email=USER.email, full_name=FullName("Ann")),
    ],
)
def test_a_change_that_changes_nothing_leaves_the_account_as_it_is(changes: UserChanges) -> None:
    assert USER.change(changes, at=LATER) is USER


@pytest.mark.parametrize("part", ["id", "email", "role", "is_active", "updated_at"])
def test_an_account_is_never_altered(part: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(USER, part, None)


@pytest.mark.parametrize(
    ("role", "is_active", "may"),
    [(UserRole.ADMIN, True, True), (UserRole.ADMIN, False, False), (UserRole.USER, True, False)],
)
def test_only_an_active_administrator_passes_for_one(role: UserRole, *, is_active: bool, may: bool) -> None:
    user = replace(USER, role=role, is_active=is_active)
    assert user.is_administrator is may
    if may:
        user.require_administrator()
    else:
        with pytest.raises(NotAnAdministrator):
            user.require_administrator()
