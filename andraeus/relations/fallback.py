"""Relations that the catalogue does not know, asked by their noun phrase."""

from functools import cache
from importlib import resources
from typing import Any

import yaml

from andraeus.relations.relation import Relation


@cache
def _templates() -> dict[str, Any]:
    text = (resources.files("andraeus.relations") / "fallback.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def unknown_relation(noun: str, subject: str | None) -> Relation:
    """Make up a relation from a noun phrase.

    Args:
        noun: What the key says, in words.
        subject: Noun phrase of the subject, or ``None`` when the fact is the person's own.

    Returns:
        A relation with ``known`` set to False; its answer type is ``text`` until a value is seen.
    """
    content = _templates()
    thing = f"{{subject}}'s {noun}" if subject else noun
    # "divorce date" is asked by when the divorce was.
    asked, event = ("date", thing.removesuffix(" date")) if noun.endswith(" date") else ("questions", thing)
    return Relation(
        name=noun.replace(" ", "_"),
        noun=noun,
        subject=subject,
        answer="text",
        tier=2,
        statement=content["statement"].replace("{thing}", thing),
        third_person_statement=content["third_person_statement"].replace("{thing}", thing),
        questions={f: tuple(q.replace("{thing}", event) for q in qs) for f, qs in content[asked].items()},
        known=False,
    )
