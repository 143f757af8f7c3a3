"""What tests of use cases share."""

import pytest


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs are sealed and looked over three events at a time."""
    for module in ("sealing", "verifying"):
        monkeypatch.setattr(f"application.{module}._AT_ONCE", 3)
