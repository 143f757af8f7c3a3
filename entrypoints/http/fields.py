"""How the domain's value objects are read from JSON, and how that is documented."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field, GetPydanticSchema
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
    Title, _from_text(Title, minLength=1, maxLength=255, pattern=r"\S", examples=["Write the report"])
]
DescriptionField = Annotated[Description, _from_text(Description, maxLength=10_000)]
SearchField = Annotated[SearchText, _from_text(SearchText, maxLength=255, examples=["report"])]
TagField = Annotated[TagName, _from_text(TagName, minLength=1, maxLength=100, pattern=r"\S", examples=["work"])]
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
NameField = Annotated[FullName, _from_text(FullName, minLength=1, maxLength=200, examples=["Ann Example"])]
OrganizationNameField = Annotated[
    OrganizationName, _from_text(OrganizationName, minLength=1, maxLength=255, pattern=r"\S", examples=["Acme"])
]
PasswordField = Annotated[Password, _from_text(Password, minLength=8, maxLength=128, format="password")]


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WRITTEN_WITH_A_POINT: Final = BeforeValidator(_whole)
"""For strict whole numbers, which JSON may write as ``60.0``. It comes last in the annotation."""

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
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*", re.DOTALL)


def _written_out(value: object) -> object:
    """Refuse numbers, as numbers and as text, which pydantic would take for seconds since 1970."""
    if not isinstance(value, str) or len(value) > _LONGEST_MOMENT or not _RFC3339.fullmatch(value):
        raise InvalidValue("not_a_moment", "Write date and time as text: '2026-05-01T12:00:00Z'.")
    return value


MomentField = Annotated[
    AwareDatetime,
    BeforeValidator(_written_out, json_schema_input_type=datetime),
    AfterValidator(in_utc),
    Field(
        description="RFC 3339, with an offset; answered in UTC.",
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
