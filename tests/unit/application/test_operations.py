"""What operators ask."""

from application.operations import CheckReadiness
from tests.unit.builders import House


async def test_the_service_is_ready_when_everything_is_in_order(house: House) -> None:
    assert await house.app.check_readiness() is None


async def test_the_service_says_why_it_is_not_ready() -> None:
    async def readiness() -> str | None:
        return "The database does not answer."

    assert await CheckReadiness(readiness)() == "The database does not answer."
