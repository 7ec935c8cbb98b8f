"""The README's tables are what the committed results say."""

from scripts.readme import ROOT, rendered


def test_the_tables_are_those_of_the_committed_results() -> None:
    readme = (ROOT / "README.md").read_text()
    assert readme.count("<!-- ") == 10
    assert rendered(readme) == readme, "run `python scripts/readme.py`"
