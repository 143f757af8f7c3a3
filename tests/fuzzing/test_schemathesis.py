"""Requests that are made up from the OpenAPI document, in good and in bad form, one after another and in sequences.

By hand it can be had as long as one likes:
    TASKWARD_TEST_EXAMPLES=100 pytest tests/fuzzing
"""

import json
import os
import re
from pathlib import Path
from typing import Any, Final

from tests.fuzzing.front_desk import front_desk
from tests.support import serving
from tests.support.serving import COMMANDS
from tests.support.tools import attempt

ROOT: Final = Path(__file__).parents[2]
SETTINGS: Final = Path(__file__).with_name("schemathesis.toml")
EXAMPLES: Final = os.environ.get("TASKWARD_TEST_EXAMPLES", "2")
PEOPLE: Final = ("ann", "ben")
SIGN_IN: Final = """
[auth.wfc]
path = "people.json"
user = "ann"
peers = ["ann", "ben"]
refresh_interval = 86400
"""
"""Ann sends everything; Ben tries whether he can read what is hers."""


def signing_in(name: str, url: str) -> dict[str, Any]:
    """How Schemathesis signs somebody in."""
    token = {"extractFrom": "body", "extractSelector": "/access_token", "sendIn": "header", "sendName": "Authorization"}
    login = {"verb": "POST", "externalEndpointURL": url, "token": token | {"sendTemplate": "Bearer {token}"}}
    return {"name": name, "loginEndpointAuth": login}


def test_schemathesis_finds_nothing_with_all_of_its_checks(tmp_path: Path) -> None:
    (tmp_path / "service").mkdir()
    limits = {"RATE_LIMITS": "off", "ACCESS_TOKEN_MINUTES": "1440", "LOG_LEVEL": "error"}
    with serving.service(tmp_path / "service", **limits) as service, front_desk(service) as (desk, url):
        people = {"auth": [signing_in(name, url) for name in PEOPLE]}
        (tmp_path / "people.json").write_text(json.dumps(people), encoding="utf-8")
        settings = SETTINGS.read_text(encoding="utf-8") + SIGN_IN
        ids = {"${SPACE_ID}": desk.space_id, "${MEMBER_ID}": desk.member_id}
        for name, found in ids.items():
            settings = settings.replace(name, found)
        (tmp_path / "schemathesis.toml").write_text(settings, encoding="utf-8")
        ran = attempt(
            *(COMMANDS / "st", "run", f"{service.url}/openapi.json", "--checks", "all", "--continue-on-failure"),
            *("--max-examples", EXAMPLES),
            folder=tmp_path,
            seconds=24 * 60 * 60,
            environment={"PYTHONPATH": str(ROOT)},
        )
    (tmp_path / "report").write_text(ran.stdout, encoding="utf-8")
    assert ran.returncode == 0, ran.stdout
    made_up = re.search(r"(\d+) generated, (\d+) passed", ran.stdout)
    assert made_up
    assert int(made_up[1]) > 1000
    assert (tmp_path / "service" / "log").read_text(encoding="utf-8").count("[error") == 0
