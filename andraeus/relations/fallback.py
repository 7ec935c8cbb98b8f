"""Relations that the catalogue does not know, asked by the kind of noun phrase that their key is."""

from functools import cache

from pydantic import BaseModel, ConfigDict

from andraeus.data import read_folder
from andraeus.relations.relation import Relation, WrittenFamily

_ANY = "phrase"  # the kind of what is of no other
_BASE_FORMS = {"has": "have", "does": "do", "goes": "go"}


class Kind(BaseModel):
    """A kind of noun phrase, and how it is asked.

    Templates use ``{thing}`` (the whole phrase, "sister's boat name") and ``{of}`` (without the words that make
    it of this kind, "sister's boat", or "play guitar" for "plays guitar") beside the slots of `Relation`.

    Attributes:
        statement: The fact in the first person.
        third_person_statement: The fact about ``{owner}``.
        verbs: Of what is yes or no: one or two words with which such a phrase begins, in the third person.
        begins: How such a phrase begins.
        ends: Words of which such a phrase ends in one.
        not_of: Words that, before that last word, make another phrase of it ("stage name").
        keeps_ending: Whether the last word stays a part of ``{of}``, and may be the whole phrase.
        with_subject: Whether the questions can be asked about somebody else's.
        questions: Question templates by family.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    statement: str = "My {thing}: {value}."
    third_person_statement: str = "{owner}'s {thing}: {value}."
    verbs: frozenset[str] = frozenset()
    begins: str | None = None
    ends: frozenset[str] = frozenset()
    not_of: frozenset[str] = frozenset()
    keeps_ending: bool = False
    with_subject: bool = True
    questions: dict[WrittenFamily, tuple[str, ...]]

    def of(self, noun: str) -> str | None:
        """Return what a phrase of this kind is about ("boat" of "boat name"), or ``None`` where it is of another."""
        if self.verbs:
            verb, *rest = noun.split()
            # "has a boat", but not "has been to Japan".
            begins = verb in self.verbs or " ".join([verb, *rest[:1]]) in self.verbs
            return " ".join([_base_form(verb), *rest]) if begins else None
        if self.begins is not None:
            after = noun.removeprefix(f"{self.begins} ")
            return after if after != noun and not after.startswith(("my ", "the ", "all ")) else None
        before, _, last = noun.rpartition(" ")
        if last not in self.ends or before.rpartition(" ")[2] in self.not_of or not (before or self.keeps_ending):
            return None
        return noun if self.keeps_ending else before


def _base_form(verb: str) -> str:
    """Return "play" for "plays", "watch" for "watches", "carry" for "carries"."""
    if verb in _BASE_FORMS:
        return _BASE_FORMS[verb]
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    return verb[:-2] if verb.endswith(("shes", "ches", "sses", "xes")) else verb[:-1]


@cache
def kinds() -> dict[str, Kind]:
    """Return all kinds by name."""
    return {name: Kind(**content) for name, content in read_folder("andraeus.relations", "kinds").items()}


def unknown_relation(noun: str, subject: str | None, *, yes_no: bool = False) -> Relation:
    """Make up a relation from a noun phrase.

    Args:
        noun: What the key says, in words.
        subject: Noun phrase of the subject, or ``None`` when the fact is the person's own.
        yes_no: Whether the fact is known to be yes or no.

    Returns:
        A relation with ``known`` set to False; its answer type is ``text`` until a value is seen.
    """
    kind, of = _kind_of(noun, subject is not None, yes_no)
    whose = "{subject}'s " if subject else ""

    def fill(template: str) -> str:
        return template.replace("{thing}", whose + noun).replace("{of}", whose + of)

    return Relation(
        name=noun.replace(" ", "_"),
        noun=noun,
        subject=subject,
        answer="text",
        tier=2,
        statement=fill(kind.statement),
        third_person_statement=fill(kind.third_person_statement),
        questions={family: tuple(map(fill, templates)) for family, templates in kind.questions.items()},
        known=False,
    )


def is_possession(noun: str) -> bool:
    """Return whether a phrase names by its form what somebody has ("boat name"), and is no person."""
    found = kinds()
    return _kind_of(noun, of_somebody=False, yes_no=False)[0] not in (found[_ANY], found["person"])


def _kind_of(noun: str, of_somebody: bool, yes_no: bool) -> tuple[Kind, str]:
    """Return the kind of a noun phrase and what it is about; how a phrase begins goes before how it ends."""
    found = kinds()
    for kind in sorted(found.values(), key=lambda kind: not (kind.verbs or kind.begins)):
        of = kind.of(noun) if yes_no or not kind.verbs else None
        if of is not None:
            return (kind, of) if kind.with_subject or not of_somebody else (found[_ANY], noun)
    return found[_ANY], noun
