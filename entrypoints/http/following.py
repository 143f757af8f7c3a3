"""The links in the OpenAPI document: what can be done with something that was just made."""

import re
from collections.abc import Iterator
from typing import Any

_ID = "$response.body#/id"


def link(written: dict[str, Any]) -> None:
    """Say for each answer that shows something new which operations take its id."""
    schemas = written["components"]["schemas"]
    for path, item in written["paths"].items():
        made = item.get("post", {}).get("responses", {}).get("201")
        links = dict(_links(path, written["paths"]))
        if made and links and "id" in schemas[_schema_name(made)]["properties"]:
            made["links"] = links


def _schema_name(response: dict[str, Any]) -> str:
    name: str = response["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return name


def _links(path: str, paths: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The operations below this path that need one more id and nothing else."""
    known = {name: f"$request.path.{name}" for name in re.findall(r"{(\w+)}", path)}
    for other, item in paths.items():
        own = re.findall(r"{(\w+)}", other.removeprefix(path))
        if other.startswith(f"{path}/{{") and len(own) == 1:
            for operation in item.values():
                yield (
                    operation["operationId"],
                    {
                        "operationId": operation["operationId"],
                        "parameters": {**known, own[0]: _ID},
                    },
                )
