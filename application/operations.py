"""What operators and their machines ask."""

from dataclasses import dataclass

from application.ports.readiness import Readiness


@dataclass(frozen=True, slots=True)
class CheckReadiness:
    """Tell whether the service can do its work; if not, the reason. Anyone may ask."""

    readiness: Readiness

    async def __call__(self) -> str | None:
        return await self.readiness()
