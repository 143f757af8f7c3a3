"""The other pages: what they refer to is there."""

import re
from pathlib import Path
from typing import Final

import pytest

from entrypoints.settings import PREFIX, Settings

ROOT: Final = Path(__file__).parents[2]
DECISIONS: Final = ROOT / "docs" / "adr"
PAGES: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FOLDERS: Final = ("adapters", "alembic", "application", "benchmarks", "docs", "domain", "entrypoints", "tests")
EXAMPLES: Final = {"example", "note", "notes"}  # what README.md and CONTRIBUTING.md invent

each_page = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


def decisions() -> list[Path]:
    return sorted(DECISIONS.glob("[0-9]*.md"))


@each_page
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@each_page
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`", page.read_text(encoding="utf-8"))
    missing = [name for name in named if not (ROOT / name).exists()]
    assert [name for name in missing if Path(name).stem.removeprefix("test_") not in EXAMPLES] == []


@each_page
def test_every_setting_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z_]+\b", page.read_text(encoding="utf-8")))
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert {name for name in named - known if not name.startswith(PREFIX + "TEST_")} <= {PREFIX}


def test_a_new_resource_takes_as_many_lines_as_the_documents_files_have() -> None:
    layers = (ROOT / name for name in ("application", "adapters", "entrypoints"))
    files = [ROOT / "domain" / "document.py", *(path for layer in layers for path in layer.rglob("documents.py"))]
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    said = re.search(r"the documents' files, six with\s+about\s+(\d+)\s+lines", page)
    assert said
    assert len(files) == 6
    counted = sum(len(path.read_text("utf-8").splitlines()) for path in files)
    assert counted == pytest.approx(int(said[1]), rel=0.05)


def test_every_decision_is_in_the_list_under_its_number() -> None:
    listed = re.findall(
        r"^\| \[(\d{4})\]\((\d{4})(-[a-z0-9-]+\.md)\)", (DECISIONS / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert [number + rest for _, number, rest in listed] == [path.name for path in decisions()]
    assert [(shown, number) for shown, number, _ in listed if shown != number] == []
    assert [int(number) for _, number, _ in listed] == list(range(1, len(listed) + 1))


@pytest.mark.parametrize("page", decisions(), ids=lambda page: page.stem)
def test_a_decision_says_why_what_and_what_follows(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert re.search(r"^Status: (accepted|replaced by \[\d{4}\]\(.+\))$", text, re.MULTILINE)
