"""The tables of the README and of docs/measured.md are what the committed results say."""

import re

import pytest

from scripts.readme import PAGES, ROOT, rendered

TABLES = {"README.md": ["quickstart"], "docs/measured.md": ["speed", "grader"]}


@pytest.mark.parametrize("page", PAGES)
def test_the_tables_are_those_of_the_committed_results(page: str) -> None:
    text = (ROOT / page).read_text()
    assert re.findall(r"<!-- (\w+) -->", text) == re.findall(r"<!-- /(\w+) -->", text) == TABLES[page]
    assert rendered(text) == text, "run `python scripts/readme.py`"


def test_every_named_study_stands_in_the_readme() -> None:
    files = {path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml")}
    named = re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text().split("## Named studies")[1], re.MULTILINE)
    assert {*named, "quickstart", "none"} == {name for name in files if not name.startswith("tune_")}


def test_every_page_is_linked_and_every_link_is_a_page() -> None:
    pages = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
    readme = (ROOT / "README.md").read_text()
    linked = {name for text in (readme, *pages.values()) for name in re.findall(r"docs/(\w+\.md)", text)}
    assert linked == set(pages)
    assert all(f"docs/{name}" in readme for name in pages)
