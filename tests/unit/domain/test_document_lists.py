"""How many documents fit into an answer that shows their contents."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.document import MOST_CONTENT_AT_ONCE, DocumentSummary, fitting
from domain.ids import DocumentId, SpaceId, UserId
from domain.task import Title

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def summary(number: int) -> DocumentSummary:
    return DocumentSummary(
        id=DocumentId(UUID(int=number)),
        space_id=SpaceId(UUID(int=100)),
        title=Title("x"),
        created_by=UserId(UUID(int=101)),
        version=1,
        created_at=NOON,
        updated_at=NOON,
    )


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], 0),
        ([0, 0, 0], 3),
        ([MOST_CONTENT_AT_ONCE, 0, 1], 2),
        ([MOST_CONTENT_AT_ONCE + 1, 0], 1),
        ([1, MOST_CONTENT_AT_ONCE - 1], 2),
        ([1, MOST_CONTENT_AT_ONCE], 1),
    ],
)
def test_documents_fit_as_far_as_their_contents_do(sizes: list[int], expected: int) -> None:
    summaries = [summary(number) for number in range(len(sizes))]
    of = {one.id: size for one, size in zip(summaries, sizes, strict=True)}
    assert fitting(summaries, of) == summaries[:expected]


def test_a_document_that_was_deleted_meanwhile_takes_no_room() -> None:
    summaries = [summary(0), summary(1)]
    assert fitting(summaries, {summaries[1].id: MOST_CONTENT_AT_ONCE}) == summaries
