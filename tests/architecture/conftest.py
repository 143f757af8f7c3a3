"""The real service, put together by the container on a database file of its own."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from entrypoints.container import Service, build
from entrypoints.settings import Environment, Settings


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.chdir(tmp_path)
    database = SecretStr(f"sqlite:///{tmp_path / 'taskward.db'}")
    return build(Settings(environment=Environment.TEST, bcrypt_cost=4, database_url=database))
