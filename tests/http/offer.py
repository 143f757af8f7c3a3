"""What the service offers, read from its own OpenAPI document when the tests are collected."""

from typing import Any

from sqlalchemy import make_url

from entrypoints.container import build
from entrypoints.http.app import create_app
from tests.http.document import Document
from tests.http.service import settings_for

ITEMS = ("task_id", "tag_id", "document_id", "key")
"""How paths name what lies in a space."""


def document_of(**settings: Any) -> Document:
    """The document of a service that is never opened."""
    return Document(create_app(build(settings_for(make_url("sqlite:///never-opened.db"), **settings))).openapi())


DOCUMENT = document_of()
OPERATIONS = DOCUMENT.operations

SECURED = [o for o in OPERATIONS if not o.is_public]
OF_OWNER = [o for o in OPERATIONS if "{owner_id}" in o.path]
OF_ITEM = [o for o in OPERATIONS if any(f"{{{name}}}" in o.path for name in ITEMS)]
FINDING = [o for o in OF_ITEM if "201" not in o.spec["responses"]]
"""Those that need an item to be there; the others make it."""
OF_TRASH = [o for o in OF_ITEM if o.path.endswith("/restore") or "/trash/" in o.path]
WITH_BODY = [o for o in OPERATIONS if o.has_body]

BODIES: dict[str, dict[str, Any]] = {str(o): DOCUMENT.example_body(o) for o in WITH_BODY}
"""For each operation that takes a body, one in which nothing is wrong."""
