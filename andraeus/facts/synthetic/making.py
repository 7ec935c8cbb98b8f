"""From a drawn value to a fact: its id, its aliases, how it is graded."""

import re

from andraeus.facts.answers import answer_type
from andraeus.facts.fact import Fact
from andraeus.facts.synthetic.values import data
from andraeus.relations.catalogue import catalogue


def fact_of(name: str, subject: str | None, value: str) -> Fact:
    """Return the fact that a relation (of a subject) has a value."""
    relation = catalogue()[name]
    return Fact(
        id=name if subject is None else f"{name}.{_slug(subject)}",
        relation=relation,
        subject=subject,
        value=value,
        aliases=_aliases(name, value),
        answer=answer_type(relation, value),
        tier=relation.tier,
    )


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_")


def _aliases(relation: str, value: str) -> tuple[str, ...]:
    """Return other right answers: a short form of a company, a time without am or pm, a country's short names."""
    if relation in ("employer", "relative_employer", "previous_employer"):
        return (value.replace(" and ", " & "),) if " and " in value else (_short(value),)
    if relation in ("wake_up_time", "bedtime"):
        return (value.split()[0],)
    if relation == "home_country":
        return tuple(data("places")["countries"][value].get("aliases", ()))
    return ()


def _short(employer: str) -> str:
    """Return a company's name without its kind ("Kestrel" for "Kestrel Farms")."""
    stems: list[str] = sorted(data("work")["stems"], key=len, reverse=True)
    return next(stem for stem in stems if employer.startswith(f"{stem} "))
