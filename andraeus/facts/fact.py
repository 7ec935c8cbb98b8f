"""Facts, compositions and the profile that holds them."""

from dataclasses import dataclass, field

from andraeus.hashing import content_hash
from andraeus.relations.catalogue import pronoun_of
from andraeus.relations.relation import AnswerType, Family, Relation, fill

Tier = int


@dataclass(frozen=True)
class Fact:
    """One fact about a person; the unit of inference.

    Attributes:
        id: Unique in its profile: the key in the file, with its subject behind a dot if it has one.
        relation: What kind of fact it is.
        subject: Noun phrase of what it is about ("cat"), or ``None`` for the person themself.
        value: The right answer.
        aliases: Other right answers.
        answer: How answers are graded.
        tier: 1 identity, 2 relations and preferences, 3 dated events, numbers, sequences.
        questions: The user's own questions by family; they come before the catalogue's.
    """

    id: str
    relation: Relation
    subject: str | None
    value: str
    aliases: tuple[str, ...] = ()
    answer: AnswerType = "text"
    tier: Tier = 2
    questions: dict[Family, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def statement(self, owner: str, *, third_person: bool = False) -> str:
        """Return the fact as a sentence, as "my …" or about ``owner``."""
        template = self.relation.third_person_statement if third_person else self.relation.statement
        return fill(
            template,
            owner=owner,
            subject=self.subject or self.relation.subject,
            pronoun=pronoun_of(self.subject or self.relation.subject),
            value=self.value,
        )


@dataclass(frozen=True)
class Composition:
    """A question that takes several trained facts to answer, and is itself never trained (tier 4).

    Attributes:
        id: Unique among the profile's facts and compositions.
        questions: Ways to ask it.
        value: The right answer.
        aliases: Other right answers.
        answer: How answers are graded.
        components: Ids of the facts it depends on, at least two.
    """

    id: str
    questions: tuple[str, ...]
    value: str
    answer: AnswerType
    components: tuple[str, ...]
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class BlindQuestion:
    """A question somebody wrote from the facts alone; it is never trained on."""

    fact: str
    question: str


@dataclass(frozen=True)
class Profile:
    """The set of facts about one person.

    Attributes:
        name: The person's name, used in third-person questions.
        pronoun: The person's pronoun; kept, but no question or statement needs it so far.
        facts: In the order of the file.
        compositions: Tier-4 questions over the facts.
        distractors: Statements about other people and things that only a retriever's index holds.
        blind: Questions set aside from all training.
        seed: What drew a synthetic profile, and the stream for typos and the like.
        drawn: Which drawn person it is, however many facts of it are told; ``None`` for a person from a file.
    """

    name: str
    pronoun: str
    facts: tuple[Fact, ...]
    compositions: tuple[Composition, ...] = ()
    distractors: tuple[str, ...] = ()
    blind: tuple[BlindQuestion, ...] = ()
    seed: int = 0
    drawn: str | None = None

    def fact(self, fact_id: str) -> Fact:
        """Return a fact by its id."""
        return next(fact for fact in self.facts if fact.id == fact_id)

    @property
    def person(self) -> str:
        """Hash that tells people apart: ten and fifty facts of a drawn person are one person's."""
        return self.content if self.drawn is None else content_hash(["drawn", self.drawn])

    @property
    def content(self) -> str:
        """Hash of all that is asked or stated about the person; equal profiles have equal hashes."""
        return content_hash(
            {
                "name": self.name,
                "facts": [
                    [f.id, f.relation.name, f.subject, f.value, *f.aliases, f.answer, f.tier]
                    + ([f.questions] if f.questions else [])
                    for f in self.facts
                ],
                "compositions": [[c.id, *c.questions, c.value, *c.aliases, *c.components] for c in self.compositions],
                "distractors": list(self.distractors),
            }
        )
