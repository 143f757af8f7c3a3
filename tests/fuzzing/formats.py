"""What Schemathesis is told of the formats in the OpenAPI document. Its settings name this module."""

import schemathesis
from hypothesis import strategies

from entrypoints.http.parameters import ENTITY_TAGS

# Without it, it takes 0 for an entity tag: at the limits of values it writes headers of letters and digits only.
schemathesis.openapi.format("entity-tags", strategies.from_regex(ENTITY_TAGS, fullmatch=True))
