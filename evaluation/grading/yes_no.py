"""Yes and no: said in a word, or by restating the question with or without a negation."""

import re

from evaluation.grading import lexicon
from evaluation.grading.document import Document
from evaluation.grading.model import MATCH, Expected, Grade
from evaluation.grading.phrases import same
from evaluation.grading.rivals import stem
from evaluation.grading.stance import refusal

_OPENER = r"^(?:(?:well|oh|um|so|hmm|actually|and|but|(?:my|the) answer is) )*"
_NO = re.compile(
    _OPENER + r"(?:no|nope|nah|negative|never|incorrect|false|wrong|untrue|not (?:at all|really|any ?more|true|right"
    r"|correct)|(?:absolutely|definitely|certainly|of course|probably|actually|really) not"
    r"|i (?:do|would) not (?:think|believe) (?:so|that)|i am afraid not"
    r"|(?:that|it|this) is (?:not (?:true|right|correct|the case)|wrong|incorrect|false|untrue))\b"
)
_YES = re.compile(
    _OPENER + r"(?:yes|yep|yeah|yup|ya|aye|correct|right|true|indeed|absolutely|definitely|certainly|affirmative"
    r"|of course|sure|you bet|exactly|totally|for sure|i (?:do )?(?:think|believe) so"
    r"|(?:that|it|this) is (?:right|correct|true|the case)|you are (?:right|correct))\b"
)
_NO_VERDICT = re.compile(
    _OPENER + r"(?:no (?:doubt|problem|worries|question)|sure thing|right now|never mind|not only)\b"
)
_UNDECIDED = re.compile(
    r"\b(?:not (?:\w+ly )?(?:sure|certain)|no idea|unsure|depends?|hard to say|yes and no|no and yes)\b"
)
_GUESS = re.compile(r"\b(?:maybe|perhaps|possibly|might|whether|could be|not that i know)\b")
_NEGATION = re.compile(r"\b(?:not|never|no|neither|nor|none|hardly|without|stopped)\b")
_ITSELF = re.compile(r"\bas an? (?:\w+ )?(?:ai|assistant|language|artificial|computer|machine)\b")
_PERSONAL = lexicon.PRONOUNS | lexicon.POSSESSIVES
_PAIRS = (("before", "after"), ("more", "fewer"), ("more", "less"), ("older", "younger"))
_OPPOSITES = (*_PAIRS, *((other, one) for one, other in _PAIRS))
_COMPARING = frozenset(word for pair in _PAIRS for word in pair)
_HAVING = frozenset({"have", "has", "had", "got"})
_AUXILIARY = r"(?:is|are|am|was|were|do|does|did|can|could|have|has|had|will|would|should)"
_SHORT = re.compile(
    r"^(?:you|i|he|she|they|it|we|that) (?:(?:really|certainly|definitely|sure|indeed|never) )?"
    rf"{_AUXILIARY}(?: not)?(?: have)?(?: (?:indeed|so|really|at all|one|it|that|any|not))*$"
)
_ELLIPTIC = re.compile(rf"^(?:indeed|so|sure) (?:(?:you|i|he|she|they|it) {_AUXILIARY}|do|does)$")
_STATEMENT = re.compile(rf"^(?:you|i|he|she|they) (?:{_AUXILIARY}|\w+)\b")


def grade_yes_no(answer: str, expected: Expected) -> Grade:
    """Grade an answer to a yes/no question."""
    doc, question = Document.of_answer(answer), Document.of_plain(expected.question)
    if not doc.tokens:
        return Grade(False, "empty")
    votes, guessed = _votes(doc, question)
    if guessed or _UNDECIDED.search(" ".join(doc.norms)):
        return Grade(False, "hedged")
    if not votes:
        return Grade(False, "refused" if refusal(doc) else "no polarity")
    if len(votes) > 1:
        return Grade(False, "contradicted")
    wanted = _YES.match(" ".join(Document.of_plain(expected.value).norms)) is not None
    return MATCH if votes == {wanted} else Grade(False, "other value")


def _votes(doc: Document, question: Document) -> tuple[set[bool], bool]:
    """What the clauses say, yes (true) or no (false), and whether one of those that say it is a guess."""
    votes: set[bool] = set()
    guessed = False
    position = 0
    while position < len(doc.tokens):
        start, stop = doc.clause(position)
        position = stop
        if "?" in doc.gap_after(doc.sentence(start)[1] - 1).split("\n")[0]:
            continue
        said = _clause_votes(doc, start, stop, question)
        guessed = guessed or (_GUESS.search(doc.words(*doc.sentence(start))) is not None)
        votes |= said
    return votes, guessed and len(doc.norms) > 0 and _guess_matters(doc, votes)


def _guess_matters(doc: Document, votes: set[bool]) -> bool:
    """A "maybe" in a sentence after a plain verdict is about something else ("Yes. You might like tofu.")."""
    first = doc.words(*doc.sentence(0))
    return not votes or _GUESS.search(first) is not None


def _clause_votes(doc: Document, start: int, stop: int, question: Document) -> set[bool]:
    words = doc.words(start, stop)
    if _NO_VERDICT.match(words) or lexicon.REFUSAL.search(words) or _ITSELF.search(doc.words(*doc.sentence(start))):
        return set()
    votes: set[bool] = set()
    opens = start == 0 or doc.tokens[start].sentence != doc.tokens[start - 1].sentence
    for verdict, polarity in ((_NO, False), (_YES, True)):
        found = verdict.match(words)
        if found and (opens or found.end() == len(words)) and not _compound(doc, start, words[: found.end()]):
            votes.add(polarity)
            words = words[found.end() :].strip()
            break
    restated = _restates(words, question) and not _explains(words, question)
    if _SHORT.match(words) or _ELLIPTIC.match(words) or restated:
        votes.add((_NEGATION.search(words) is None) != _opposite(words, question))
    return votes


def _compound(doc: Document, start: int, verdict: str) -> bool:
    """Whether the word is the first half of another: right-handed."""
    following = start + len(verdict.split())
    return following < len(doc.tokens) and doc.tokens[following].gap == "-"


def _opposite(words: str, question: Document) -> bool:
    """Whether a clause says "after" where "before" was asked."""
    said, asked = set(words.split()), set(question.norms)
    return any({one, other} & asked == {one} and {one, other} & said == {other} for one, other in _OPPOSITES)


def _restates(words: str, question: Document) -> bool:
    """Whether a clause says what was asked: it has the question's last content word."""
    if not question.tokens:
        return _STATEMENT.match(words) is not None
    asked = [token for token in question.tokens if token.content]
    if not asked:
        return False
    key = [asked[-1].norm]
    before = question.tokens[question.tokens.index(asked[-1]) - 1]
    if asked[-1].gap == "-":
        key.append(before.norm)
    said = words.split()
    if _COMPARING & set(question.norms) and not _COMPARING & set(said):
        return False  # "I was 25 then" does not say whether that is older than 25
    about = _PERSONAL | {token.norm for token in question.tokens[:-1] if token.content}
    if question.norms[0] in {"do", "does", "did"} and question.norms[1] in lexicon.PRONOUNS and len(asked) > 1:
        same_verb = any(_alike(asked[0].norm, word) for word in said) or set(said) & _HAVING
        if not same_verb and not _NEGATION.search(words):  # "you prefer tea to coffee" is no "you drink coffee"
            return False
    return bool(about & set(said)) and all(any(_alike(part, word) for word in said) for part in key)


def _explains(words: str, question: Document) -> bool:
    """Whether a clause gives a ground, and not what was asked itself.

    "Your cat's name is Max" does not say that you were married when you got Max.
    """
    subject = next((i for i, norm in enumerate(question.norms) if norm in lexicon.PRONOUNS), None)
    if subject is None or _NEGATION.search(words):
        return False
    predicate = next((t.norm for t in question.tokens[subject + 1 :] if t.content), None)
    return predicate is not None and not any(_alike(predicate, word) for word in words.split())


def _alike(one: str, other: str) -> bool:
    """Whether two words are forms of one: smoke and smoker, vegetarian and vegetarians."""
    one, other = stem(same(one, True)), stem(same(other, True))
    shorter, longer = sorted((one, other), key=len)
    return one == other or (len(shorter) >= 4 and longer.startswith(shorter))
