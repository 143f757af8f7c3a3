"""Time zones, by the names that people know them by."""

from functools import cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import GetPydanticSchema
from pydantic_core import core_schema

from domain.errors import InvalidValue

UTC_ZONE: Final = ZoneInfo("UTC")
_LONGEST_NAME: Final = 64


@cache
def _known() -> frozenset[str]:
    """The names of all zones. They are looked up here first: a name is also the name of a file."""
    return frozenset(available_timezones())


def _zone(name: str) -> ZoneInfo:
    if name not in _known():
        raise InvalidValue("unknown_zone", "There is no time zone of this name. Use one like 'Europe/Berlin'.")
    return ZoneInfo(name)


ZoneField = Annotated[
    ZoneInfo,
    GetPydanticSchema(
        lambda _source, _handler: core_schema.no_info_after_validator_function(
            _zone,
            core_schema.str_schema(strict=True, max_length=_LONGEST_NAME),
            metadata={"pydantic_js_updates": {"examples": ["Europe/Berlin"]}},
            serialization=core_schema.to_string_ser_schema(),
        )
    ),
]
