"""Successful answers."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response


class Json(Response):
    """A view as JSON. Moments end in ``Z``; a view that says too much is found by the tests, not on each request."""

    media_type = "application/json"

    def __init__(
        self, view: Mapping[str, Any], status_code: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(orjson.dumps(view, option=orjson.OPT_UTC_Z), status_code, headers)


def no_content() -> Response:
    """204."""
    return Response(status_code=204)
