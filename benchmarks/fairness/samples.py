"""What the victims have measured, cut into phases. Nothing here measures anything."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import Final, NamedTuple

GET: Final = "get"
SIGN_IN: Final = "sign-in"


class Sample(NamedTuple):
    """One request of a victim. Moments and times are in seconds; status 0 means that there was no answer."""

    routine: str
    began: float
    seconds: float
    status: int

    @property
    def ended(self) -> float:
        """When the answer was there, or given up."""
        return self.began + self.seconds

    @property
    def refused(self) -> bool:
        """Whether the victim did not get what it asked for."""
        return not HTTPStatus.OK <= self.status < HTTPStatus.BAD_REQUEST


@dataclass(frozen=True, kw_only=True)
class Phase:
    """How one routine fared in one phase. Latencies are in milliseconds."""

    requests: int
    refused: int
    p50: float
    p99: float
    slowest: float


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a line went once: before the attack, under it, and how long the victims felt it afterwards."""

    calm: Phase
    attacked: Phase
    sign_ins_calm: Phase | None = None
    sign_ins: Phase | None = None
    recovery: float
    """Seconds from the end of the attack to the last answer that was slow or refused."""

    @property
    def refused(self) -> int:
        """Requests of the victims that were refused while the attack went on."""
        return self.attacked.refused + (self.sign_ins.refused if self.sign_ins else 0)


def course(samples: Iterable[Sample], *, began: float, ended: float, interval: float, floor: float) -> Course:
    """Cut samples at the moments at which an attack began and ended.

    ``interval`` is the pace of the routine ``get``, and ``floor`` the milliseconds up to which an answer is never slow.
    """
    found = sorted(samples, key=lambda sample: sample.began)
    gets, sign_ins = (list(of_routine(found, name)) for name in (GET, SIGN_IN))
    gets = list(corrected(gets, interval))
    calm, attacked = (phase([s for s in gets if _is_in(s, *span)]) for span in ((0, began), (began, ended)))
    limit = slow_from(calm.p99, floor) / 1000
    late = [s.ended for s in gets if s.ended > ended and s.began < s.ended and (s.refused or s.seconds > limit)]
    return Course(
        calm=calm,
        attacked=attacked,
        sign_ins_calm=_phase_if_any([s for s in sign_ins if _is_in(s, 0, began)]),
        sign_ins=_phase_if_any([s for s in sign_ins if _is_in(s, began, ended)]),
        recovery=max((at - ended for at in late), default=0.0),
    )


def slow_from(calm_p99: float, floor: float) -> float:
    """The milliseconds up to which another tenant's get may take under attack."""
    return max(2 * calm_p99, floor)


def of_routine(samples: Iterable[Sample], name: str) -> Iterator[Sample]:
    """Those of one routine."""
    return (sample for sample in samples if sample.routine == name)


def corrected(samples: Iterable[Sample], interval: float) -> Iterator[Sample]:
    """The samples, with those that a client could not take while it waited for an answer (coordinated omission).

    A client that waits for an answer sends nothing. The requests that it would have sent meanwhile would have waited
    for the rest of that time; they are added, as HdrHistogram does.
    """
    for sample in samples:
        yield sample
        began, left = sample.began + interval, sample.seconds - interval
        while left > interval:
            yield sample._replace(began=began, seconds=left)
            began, left = began + interval, left - interval


def phase(samples: Sequence[Sample]) -> Phase:
    """Latencies of these samples, of which there is at least one, and how many were refused."""
    times = sorted(sample.seconds * 1000 for sample in samples)
    return Phase(
        requests=len(times),
        refused=sum(sample.refused for sample in samples),
        p50=percentile(times, 0.5),
        p99=percentile(times, 0.99),
        slowest=times[-1],
    )


def _phase_if_any(samples: Sequence[Sample]) -> Phase | None:
    return phase(samples) if samples else None


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that is not below this share of the values (nearest rank)."""
    return ordered[max(ceil(share * len(ordered)), 1) - 1]


def _is_in(sample: Sample, begin: float, end: float) -> bool:
    return begin <= sample.began < end
