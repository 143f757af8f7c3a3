"""How the domain's value objects are read from JSON, and how that is documented."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, GetPydanticSchema
from pydantic_core import core_schema

from domain.document import Content
from domain.errors import InvalidValue
from domain.ids import UserId, read_id
from domain.organization import OrganizationName
from domain.setting import SettingKey, SettingValue
from domain.tag import Color, TagName
from domain.task import Description, SearchText, Title
from domain.text import checked_text
from domain.time import in_utc
from domain.user import Email, FullName, Password
from entrypoints.http.patterns import SEEN, TAG

STRICT: Final = ConfigDict(extra="forbid")
"""For every object that a client sends: these fields and no others."""


def _from_text(kind: Callable[[str], object], **documented: Any) -> GetPydanticSchema:
    """Read a JSON string by the value object, which alone decides; ``documented`` is its rule in JSON Schema."""
    return GetPydanticSchema(
        lambda _source, _handler: core_schema.no_info_after_validator_function(
            kind,
            core_schema.str_schema(strict=True),
            metadata={"pydantic_js_updates": documented},
        ),
    )


TitleField = Annotated[
    Title, _from_text(Title, minLength=1, maxLength=255, pattern=SEEN, examples=["Write the report"])
]
DescriptionField = Annotated[Description, _from_text(Description, maxLength=10_000)]
SearchField = Annotated[SearchText, _from_text(SearchText, maxLength=255, examples=["report"])]
TagField = Annotated[TagName, _from_text(TagName, minLength=1, maxLength=100, pattern=TAG, examples=["work"])]
ColorField = Annotated[
    Color, _from_text(Color, minLength=7, maxLength=7, pattern="^#[0-9A-Fa-f]{6}$", examples=["#1e90ff"])
]
ContentField = Annotated[Content, _from_text(Content, maxLength=100_000)]
KeyField = Annotated[SettingKey, _from_text(SettingKey)]
"""A setting's key, which stands in paths: parameters.py documents it, as it does every parameter of a path."""
ValueField = Annotated[
    SettingValue,
    GetPydanticSchema(
        lambda _source, _handler: core_schema.no_info_after_validator_function(
            SettingValue.of, core_schema.any_schema()
        ),
    ),
    Field(description="Any JSON, up to 64 KiB and 32 levels deep.", examples=[{"theme": "dark"}]),
]
EmailField = Annotated[Email, _from_text(Email, format="email", maxLength=254, examples=["ann@example.org"])]
NameField = Annotated[
    FullName, _from_text(FullName, minLength=1, maxLength=200, pattern=SEEN, examples=["Ann Example"])
]
OrganizationNameField = Annotated[
    OrganizationName, _from_text(OrganizationName, minLength=1, maxLength=255, pattern=SEEN, examples=["Acme"])
]
PasswordField = Annotated[Password, _from_text(Password, minLength=8, maxLength=128, format="password")]


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WRITTEN_WITH_A_POINT: Final = BeforeValidator(_whole)
"""For strict whole numbers, which JSON may write as ``60.0``. It comes last in the annotation."""

_DIGITS: Final = re.compile("-?(?:0|[1-9][0-9]{0,18})")


def _in_digits(value: object) -> object:
    """A whole number that a query writes as JSON would; Python also reads ``1_0``, ``+1``, blanks and other digits."""
    if isinstance(value, str):
        if not _DIGITS.fullmatch(value):
            raise InvalidValue("int_parsing", "Write a whole number in digits: '20'.")
        return int(value)
    return value


IN_DIGITS: Final = BeforeValidator(_in_digits)
"""For whole numbers in queries. It comes last in the annotation."""

UuidField = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
"""An id in an answer."""


_LONGEST_PLAIN: Final = 4096


def checked_plain(text: str) -> str:
    """Text that has no rule of its own."""
    return checked_text(text, what="This", shortest=0, longest=_LONGEST_PLAIN)


def _read_plain_id(text: str) -> UserId:
    return UserId(read_id(checked_plain(text)))


UserIdField = Annotated[UserId, _from_text(_read_plain_id, format="uuid", maxLength=_LONGEST_PLAIN)]
"""A person's id. What is no UUID is an id that nobody has, and is answered like one."""

_LONGEST_MOMENT: Final = 64
_HOUR_AND_MINUTE: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_MOMENT: Final = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt]{_HOUR_AND_MINUTE}:(?P<second>[0-5][0-9]|60)"
    rf"(?P<fraction>\.[0-9]+)?(?P<offset>[Zz]|[+-]{_HOUR_AND_MINUTE})?"
)
"""RFC 3339, section 5.6, and the same without an offset, which has a refusal of its own."""

_FINEST: Final = 7
"""The point and six digits: moments are kept to the microsecond."""


def read_moment(value: object) -> datetime:
    """Read a moment as RFC 3339 writes it: the one reader of moments in bodies and queries.

    Raises InvalidValue for other text and for numbers, for a time without offset, for more than six digits of a second,
    and for a leap second, which no clock of the service ever shows.
    """
    is_short = isinstance(value, str) and len(value) <= _LONGEST_MOMENT
    written = _MOMENT.fullmatch(value) if isinstance(value, str) and is_short else None
    if written is None:
        raise _no_moment()
    if len(written["fraction"] or "") > _FINEST:
        raise InvalidValue("too_precise", "A moment is kept to the microsecond: write six digits of a second at most.")
    if written["second"] == "60":
        raise InvalidValue("leap_second", "Leap seconds are not kept: write the second before or after.")
    try:
        return in_utc(datetime.fromisoformat(written[0].upper()))
    except InvalidValue:
        raise
    except ValueError:
        raise _no_moment() from None


def _no_moment() -> InvalidValue:
    return InvalidValue("not_a_moment", "Write date and time as RFC 3339 does: '2026-05-01T12:00:00Z'.")


MomentField = Annotated[
    AwareDatetime,
    BeforeValidator(read_moment, json_schema_input_type=datetime),
    Field(
        description="RFC 3339, with an offset and up to six digits of a second; answered in UTC.",
        examples=["2026-05-01T12:00:00Z"],
        json_schema_extra={"maxLength": _LONGEST_MOMENT},
    ),
]


def _truth(value: object) -> object:
    """Read a truth value as it is written in a query: as in JSON."""
    truths = {"true": True, "false": False}
    if value not in truths:
        raise InvalidValue("not_a_truth_value", "Write true or false.")
    return truths[str(value)]


SaidField = Annotated[bool, BeforeValidator(_truth)]
"""Whether something is said that a call does not take for granted. It has no default that generated clients send."""
REQUIRED: Final = Field(json_schema_extra={"required": True})
"""Documents a parameter of a query as required that the use case misses, and not the model: so after the role."""

PlainText = Annotated[str, _from_text(checked_plain, maxLength=_LONGEST_PLAIN)]
"""Text that is only compared with something."""
