"""Regular expressions of JSON Schema for names, in the Basic Multilingual Plane: clients read them by UTF-16 units."""

from typing import Final

from domain.characters import DEFAULT_IGNORABLE

_LAST_OF_PLANE: Final = 0xFFFF
_IGNORABLE: Final = "".join(
    f"\\u{first:04x}-\\u{last:04x}" for first, last in DEFAULT_IGNORABLE if last <= _LAST_OF_PLANE
)
_CONTROL: Final = r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
_UNSEEN: Final = f"{_CONTROL}{_IGNORABLE}"

SEEN: Final = rf"[^\s{_IGNORABLE}\u2800]"
"""One character that can be seen."""

TAG: Final = rf"^[^{_UNSEEN}]*[^\s{_UNSEEN}\u2800][^{_UNSEEN}]*$"
"""One character that can be seen, and none that cannot. The service also takes joiners and variation selectors where
writing and emoji need them, which no regular expression of this kind can say."""
