"""Relations that the catalogue does not know, asked by the kind of noun phrase that their key is."""

from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

from andraeus.relations.relation import Relation, WrittenFamily

_STATEMENT = "My {thing}: {value}."
_THIRD_PERSON_STATEMENT = "{owner}'s {thing}: {value}."
_ANY = "phrase"  # the kind of what is of no other


class Kind(BaseModel):
    """A kind of noun phrase, and how it is asked.

    Templates use ``{thing}`` (the whole phrase, "sister's boat name") and ``{of}`` (without the words that make
    it of this kind, "sister's boat") beside the slots of `Relation`.

    Attributes:
        begins: How such a phrase begins.
        ends: Words of which such a phrase ends in one.
        not_of: Words that, before that last word, make another phrase of it ("stage name").
        keeps_ending: Whether the last word stays a part of ``{of}``, and may be the whole phrase.
        with_subject: Whether the questions can be asked about somebody else's.
        questions: Question templates by family.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    begins: str | None = None
    ends: frozenset[str] = frozenset()
    not_of: frozenset[str] = frozenset()
    keeps_ending: bool = False
    with_subject: bool = True
    questions: dict[WrittenFamily, tuple[str, ...]]

    def of(self, noun: str) -> str | None:
        """Return what a phrase of this kind is about ("boat" of "boat name"), or ``None`` where it is of another."""
        if self.begins is not None:
            rest = noun.removeprefix(f"{self.begins} ")
            return rest if rest != noun else None
        rest, _, last = noun.rpartition(" ")
        if last not in self.ends or rest.rpartition(" ")[2] in self.not_of or not (rest or self.keeps_ending):
            return None
        return noun if self.keeps_ending else rest


@cache
def kinds() -> dict[str, Kind]:
    """Return all kinds by name."""
    folder = resources.files("andraeus.relations") / "kinds"
    files = sorted(folder.iterdir(), key=lambda path: path.name)
    return {
        path.name.removesuffix(".yaml"): Kind(**yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in files
        if path.name.endswith(".yaml")
    }


def unknown_relation(noun: str, subject: str | None) -> Relation:
    """Make up a relation from a noun phrase.

    Args:
        noun: What the key says, in words.
        subject: Noun phrase of the subject, or ``None`` when the fact is the person's own.

    Returns:
        A relation with ``known`` set to False; its answer type is ``text`` until a value is seen.
    """
    kind, of = _kind_of(noun, subject is not None)
    whose = "{subject}'s " if subject else ""

    def fill(template: str) -> str:
        return template.replace("{thing}", whose + noun).replace("{of}", whose + of)

    return Relation(
        name=noun.replace(" ", "_"),
        noun=noun,
        subject=subject,
        answer="text",
        tier=2,
        statement=fill(_STATEMENT),
        third_person_statement=fill(_THIRD_PERSON_STATEMENT),
        questions={family: tuple(map(fill, templates)) for family, templates in kind.questions.items()},
        known=False,
    )


def _kind_of(noun: str, of_somebody: bool) -> tuple[Kind, str]:
    """Return the kind of a noun phrase and what it is about; a phrase that begins in a way is not asked by its end."""
    found = kinds()
    for kind in sorted(found.values(), key=lambda kind: kind.begins is None):
        of = kind.of(noun)
        if of is not None:
            return (kind, of) if kind.with_subject or not of_somebody else (found[_ANY], noun)
    return found[_ANY], noun
