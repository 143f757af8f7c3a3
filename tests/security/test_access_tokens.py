"""Access tokens: only what this service signed, just so, is believed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.security.keys import KeyRing
from adapters.security.tokens import JwtAccessTokens
from adapters.system.ids import Uuid7Generator
from domain.errors import NotAuthenticated
from domain.ids import SessionId, UserId
from domain.user import Email, User, UserRole

Claims = dict[str, Any]

NEW = "new:Zk8uQw3nYx6vBr1tLp9sHd4fGj7mCa2e"
OLD = "old:Pt5yRm2wKx8zNq4vJc7bFh1sDg9lTe6u"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LIFETIME = timedelta(minutes=15)
NEW_ID = Uuid7Generator()


def tokens(keys: str = f"{NEW},{OLD}") -> JwtAccessTokens:
    return JwtAccessTokens(KeyRing.parse(keys), LIFETIME, NEW_ID)


def somebody() -> User:
    return User.register(
        id=UserId(NEW_ID()), email=Email("ann@example.org"), full_name=None, role=UserRole.USER, at=NOON
    )


ANN, SESSION = somebody(), SessionId(NEW_ID())
GOOD = tokens().issue(ANN, SESSION, at=NOON)


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def read(part: str) -> Claims:
    claims: Claims = json.loads(decode(part))
    return claims


HEADER, CLAIMS = read(GOOD.split(".")[0]), read(GOOD.split(".")[1])


def text(value: Claims) -> bytes:
    return json.dumps(value).encode()


def signed(header: bytes, claims: bytes, *, by: str = NEW, digest: str = "sha256") -> str:
    """A token with a signature that is right, whatever else is wrong with it."""
    secret = KeyRing.parse(by).newest.derive("access-token")
    body = f"{encode(header)}.{encode(claims)}"
    return f"{body}.{encode(hmac.digest(secret, body.encode(), digest))}"


def with_header(**changes: Any) -> str:
    return signed(text(HEADER | changes), text(CLAIMS))


def without_header(name: str) -> str:
    return signed(text({key: value for key, value in HEADER.items() if key != name}), text(CLAIMS))


def with_claims(**changes: Any) -> str:
    return signed(text(HEADER), text(CLAIMS | changes))


def refused(token: str, *, at: datetime = NOON, by: JwtAccessTokens | None = None) -> bool:
    """Whether the token is refused as the contract says, and not in another way."""
    try:
        (by or tokens()).verify(token, at=at)
    except NotAuthenticated:
        return True
    return False


def test_a_good_token_names_its_user_and_session() -> None:
    assert tokens().verify(GOOD, at=NOON) == (ANN.id, SESSION)


def test_the_tokens_that_these_tests_put_together_are_good_unless_something_is_changed() -> None:
    assert tokens().verify(signed(text(HEADER), text(CLAIMS)), at=NOON) == (ANN.id, SESSION)
    assert tokens().verify(signed(decode(GOOD.split(".")[0]), decode(GOOD.split(".")[1])), at=NOON)
    assert tokens().verify(with_claims(jti="another"), at=NOON)


def test_a_token_says_what_the_contract_lists() -> None:
    assert HEADER == {"alg": "HS256", "typ": "at+jwt", "kid": "new"}
    assert CLAIMS.keys() == {"iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "email", "role"}
    assert (CLAIMS["sub"], CLAIMS["sid"]) == (str(ANN.id), str(SESSION))
    assert (CLAIMS["email"], CLAIMS["role"]) == ("ann@example.org", "user")
    assert CLAIMS["iat"] == CLAIMS["nbf"] == NOON.timestamp()
    assert CLAIMS["exp"] == (NOON + LIFETIME).timestamp()


def test_every_token_has_an_id_of_its_own() -> None:
    issued = [tokens().issue(ANN, SESSION, at=NOON) for _ in range(10)]
    assert len({read(token.split(".")[1])["jti"] for token in issued}) == 10


ALGORITHMS: dict[str, Callable[[], str]] = {
    "none": lambda: with_header(alg="none"),
    "None": lambda: with_header(alg="None"),
    "NONE without signature": lambda: f"{encode(text(HEADER | {'alg': 'NONE'}))}.{GOOD.split('.')[1]}.",
    "none without signature": lambda: f"{encode(text(HEADER | {'alg': 'none'}))}.{GOOD.split('.')[1]}.",
    "HS384": lambda: signed(text(HEADER | {"alg": "HS384"}), text(CLAIMS), digest="sha384"),
    "HS512": lambda: signed(text(HEADER | {"alg": "HS512"}), text(CLAIMS), digest="sha512"),
    "HS384 signed as HS256": lambda: with_header(alg="HS384"),
    "HS256 signed as HS384": lambda: signed(text(HEADER), text(CLAIMS), digest="sha384"),
    "RS256": lambda: with_header(alg="RS256"),
    "ES256": lambda: with_header(alg="ES256"),
    "EdDSA": lambda: with_header(alg="EdDSA"),
    "hs256": lambda: with_header(alg="hs256"),
    "a list": lambda: with_header(alg=["HS256"]),
    "null": lambda: with_header(alg=None),
    "empty": lambda: with_header(alg=""),
    "missing": lambda: without_header("alg"),
}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_another_algorithm_is_refused(name: str) -> None:
    assert refused(ALGORITHMS[name]())


HEADERS: dict[str, Callable[[], str]] = {
    "typ missing": lambda: without_header("typ"),
    "typ JWT": lambda: with_header(typ="JWT"),
    "typ AT+JWT": lambda: with_header(typ="AT+JWT"),
    "typ application/at+jwt": lambda: with_header(typ="application/at+jwt"),
    "typ null": lambda: with_header(typ=None),
    "typ a list": lambda: with_header(typ=["at+jwt"]),
    "crit": lambda: with_header(crit=["exp"]),
    "crit, unknown": lambda: with_header(crit=["x"], x=1),
    "crit, empty": lambda: with_header(crit=[]),
    "b64": lambda: with_header(b64=False, crit=["b64"]),
    "jwk": lambda: with_header(jwk={"kty": "oct", "k": "AA"}),
    "jku": lambda: with_header(jku="https://evil.example/keys"),
    "x5u": lambda: with_header(x5u="https://evil.example/keys"),
    "cty": lambda: with_header(cty="JWT"),
    "another member": lambda: with_header(x=1),
    "kid missing": lambda: without_header("kid"),
    "kid unknown": lambda: with_header(kid="other"),
    "kid of another key": lambda: with_header(kid="old"),
    "kid empty": lambda: with_header(kid=""),
    "kid null": lambda: with_header(kid=None),
    "kid a number": lambda: with_header(kid=1),
    "kid a list": lambda: with_header(kid=["new"]),
    "kid a path": lambda: with_header(kid="../../dev/null"),
    "kid with a blank": lambda: with_header(kid="new "),
    "kid in capitals": lambda: with_header(kid="NEW"),
    "a list": lambda: signed(b"[]", text(CLAIMS)),
    "a text": lambda: signed(b'"x"', text(CLAIMS)),
    "null": lambda: signed(b"null", text(CLAIMS)),
    "empty": lambda: signed(b"", text(CLAIMS)),
    "no JSON": lambda: signed(b"x", text(CLAIMS)),
    "no UTF-8": lambda: signed(b"\xff", text(CLAIMS)),
    "NaN": lambda: signed(text(HEADER)[:-1] + b', "x": NaN}', text(CLAIMS)),
    "alg twice": lambda: signed(text(HEADER)[:-1] + b', "alg": "HS256"}', text(CLAIMS)),
    "alg twice, none first": lambda: signed(b'{"alg": "none", ' + text(HEADER)[1:], text(CLAIMS)),
    "kid twice": lambda: signed(text(HEADER)[:-1] + b', "kid": "new"}', text(CLAIMS)),
    "kid twice, escaped": lambda: signed(text(HEADER)[:-1] + rb', "\u006bid": "new"}', text(CLAIMS)),
    "very deep": lambda: signed(b"[" * 2500, b"{}"),
    "very deep, closed": lambda: signed(b"[" * 1200 + b"]" * 1200, b"{}"),
    "very deep objects": lambda: signed(b'{"a":' * 500, b"{}"),
    "a very long number": lambda: signed(b'{"a":' + b"1" * 2500 + b"}", b"{}"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_another_header_is_refused(name: str) -> None:
    assert refused(HEADERS[name]())


@pytest.mark.parametrize("name", CLAIMS)
def test_a_missing_claim_is_refused(name: str) -> None:
    assert refused(signed(text(HEADER), text({key: value for key, value in CLAIMS.items() if key != name})))


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_of_another_type_is_refused(name: str) -> None:
    for value in (None, [], {}, True, False, 1.5, [CLAIMS[name]], {"": CLAIMS[name]}):
        assert refused(with_claims(**{name: value})), value


NOW = int(NOON.timestamp())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "Taskward"),
        ("iss", "https://evil.example"),
        ("iss", ["taskward"]),
        ("aud", "another"),
        ("aud", ["taskward"]),
        ("aud", ["taskward", "another"]),
        ("exp", str(NOW + 900)),
        ("exp", float(NOW + 900)),
        ("exp", NOW),
        ("exp", NOW - 1),
        ("exp", 0),
        ("exp", -1),
        ("iat", str(NOW)),
        ("iat", NOW + 60),
        ("nbf", str(NOW)),
        ("nbf", NOW + 60),
        ("nbf", 2**63),
        ("exp", 10**400),
        ("sub", "ann"),
        ("sub", 1),
        ("sub", "x" * 32),
        ("sid", "x"),
        ("sid", 1),
        ("jti", 1),
        ("email", 1),
        ("role", ["admin"]),
    ],
    ids=lambda part: str(part)[:20],
)
def test_a_wrong_claim_is_refused(name: str, value: Any) -> None:
    assert refused(with_claims(**{name: value}))


PAYLOADS: dict[str, bytes] = {
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "empty": b"",
    "no JSON": b"x",
    "no UTF-8": text(CLAIMS)[:-1] + b', "x": "\xff"}',
    "sub twice": text(CLAIMS)[:-1] + f', "sub": "{NEW_ID()}"}}'.encode(),
    "exp twice": text(CLAIMS)[:-1] + b', "exp": 99999999999}',
    "exp NaN": text({k: v for k, v in CLAIMS.items() if k != "exp"})[:-1] + b', "exp": NaN}',
    "exp Infinity": text({k: v for k, v in CLAIMS.items() if k != "exp"})[:-1] + b', "exp": Infinity}',
    "exp 1e999": text({k: v for k, v in CLAIMS.items() if k != "exp"})[:-1] + b', "exp": 1e999}',
    "twice, deep inside": text(CLAIMS)[:-1] + b', "x": {"a": 1, "a": 2}}',
    "very deep": b"[" * 2500,
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_another_payload_is_refused(name: str) -> None:
    assert refused(signed(text(HEADER), PAYLOADS[name]))


def parts() -> list[str]:
    return GOOD.split(".")


def _other_last(part: str) -> str:
    """The part with the unused bits of its last character set: another spelling of the same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = next(c for c in alphabet if c != part[-1] and decode(part[:-1] + c) == decode(part))
    return part[:-1] + other


SPELLINGS: dict[str, Callable[[], str]] = {
    "a trailing =": lambda: f"{GOOD}=",
    "two trailing =": lambda: f"{GOOD}==",
    "= after the header": lambda: ".".join([parts()[0] + "=", *parts()[1:]]),
    "= after the payload": lambda: ".".join([parts()[0], parts()[1] + "=", parts()[2]]),
    "another spelling of the signature": lambda: ".".join([*parts()[:2], _other_last(parts()[2])]),
    "another alphabet": lambda: f"{parts()[0]}.{parts()[1]}.{encode(b'x' * 31 + bytes([251]))}".replace("-", "+"),
    "a blank at the end": lambda: f"{GOOD} ",
    "a blank at the start": lambda: f" {GOOD}",
    "a line break": lambda: f"{GOOD}\n",
    "a line break within": lambda: GOOD.replace(".", ".\n", 1),
    "a blank within the signature": lambda: f"{GOOD[:-4]} {GOOD[-4:]}",
    "a character that base64 skips": lambda: f"{GOOD[:-4]}!{GOOD[-4:]}",
    "NUL": lambda: f"{GOOD}\x00",
    "no ASCII": lambda: f"{GOOD}\u00e9",
    "full-width letters": lambda: f"{GOOD[:-1]}\uff21",
    "a fourth part": lambda: f"{GOOD}.x",
    "an empty fourth part": lambda: f"{GOOD}.",
    "five parts": lambda: f"{GOOD}.x.y",
    "two parts": lambda: ".".join(parts()[:2]),
    "one part": lambda: parts()[1],
    "no signature": lambda: ".".join(parts()[:2]) + ".",
    "half a signature": lambda: GOOD[:-20],
    "the signature of another token": lambda: ".".join([*parts()[:2], with_claims(jti="x").split(".")[2]]),
    "the payload of another token": lambda: ".".join([parts()[0], with_claims(jti="x").split(".")[1], parts()[2]]),
    "nothing": lambda: "",
    "dots": lambda: "..",
    "quoted": lambda: f'"{GOOD}"',
    "JSON serialisation": lambda: json.dumps({"protected": parts()[0], "payload": parts()[1], "signature": parts()[2]}),
    "in lower case": GOOD.lower,
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_another_spelling_is_refused(name: str) -> None:
    remembering = tokens()
    assert remembering.verify(GOOD, at=NOON)
    assert SPELLINGS[name]() != GOOD
    assert refused(SPELLINGS[name](), by=remembering)


def test_every_character_counts() -> None:
    for index, character in enumerate(GOOD):
        if character != ".":
            changed = GOOD[:index] + ("A" if character != "A" else "B") + GOOD[index + 1 :]
            assert refused(changed), index


def test_a_token_over_4_kib_is_refused_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    long = signed(text(HEADER), text(CLAIMS | {"x": "x" * 4096}))
    assert len(long) > 4096
    fits = signed(text(HEADER), text(CLAIMS | {"x": "x" * 1000}))
    assert not refused(fits)

    def unexpected(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(base64, "urlsafe_b64decode", unexpected)
    monkeypatch.setattr(json, "loads", unexpected)
    for token in (long, "x" * 4097, "." * 5000, "x." * 100_000):
        assert refused(token)


def test_a_token_signed_with_something_else_is_refused() -> None:
    body = ".".join(parts()[:2])
    ring = KeyRing.parse(NEW)
    for secret in (b"", ring.newest.secret, ring.newest.derive("refresh-token"), b"secret", hashlib.sha256().digest()):
        assert refused(f"{body}.{encode(hmac.digest(secret, body.encode(), 'sha256'))}")


def test_a_token_lives_as_long_as_it_says() -> None:
    remembering = tokens()
    last = NOON + LIFETIME - timedelta(microseconds=1)
    assert remembering.verify(GOOD, at=last)
    assert tokens().verify(GOOD, at=last)
    assert refused(GOOD, at=NOON + LIFETIME)
    assert refused(GOOD, at=NOON + LIFETIME, by=remembering), "although it is remembered"
    assert refused(GOOD, at=NOON + timedelta(days=3650), by=remembering)


def test_a_token_from_the_future_is_refused() -> None:
    assert refused(GOOD, at=NOON - timedelta(minutes=1))
    assert not refused(GOOD, at=NOON - timedelta(seconds=4)), "clocks differ a little"


def test_a_refused_token_is_not_remembered() -> None:
    remembering, forged = tokens(), with_header(kid="other")
    assert refused(forged, by=remembering)
    assert refused(forged, by=remembering)


def test_what_is_remembered_is_bounded() -> None:
    remembering = tokens()
    signed_tokens = remembering._tokens
    proven = signed_tokens._prove(GOOD, NOON)
    signed_tokens._remembered |= {str(number): proven for number in range(10_000)}
    remembering.verify(GOOD, at=NOON)
    assert list(signed_tokens._remembered) == [GOOD]


def test_the_old_key_verifies_until_it_is_retired() -> None:
    before, both, after = tokens(OLD), tokens(f"{NEW},{OLD}"), tokens(NEW)
    issued = before.issue(ANN, SESSION, at=NOON)
    assert not refused(issued, by=both)
    assert refused(issued, by=after)


def test_the_newest_key_signs() -> None:
    issued = tokens(f"{NEW},{OLD}").issue(ANN, SESSION, at=NOON)
    assert not refused(issued, by=tokens(NEW))
    assert refused(issued, by=tokens(OLD))


def test_the_same_kid_with_another_secret_is_another_key() -> None:
    assert refused(GOOD, by=tokens("new:Wd3kTz7qLv1xNy5cRb9mHp2gJf8sKa4e"))
