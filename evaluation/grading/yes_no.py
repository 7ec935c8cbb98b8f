"""Yes and no: said in a word, or by restating the question with or without a negation."""

import re

from evaluation.grading import lexicon
from evaluation.grading.document import Document
from evaluation.grading.model import MATCH, Expected, Grade
from evaluation.grading.phrases import same
from evaluation.grading.rivals import stem
from evaluation.grading.stance import refusal

_NO = re.compile(
    r"^(?:well |oh |um |so )?(?:no|nope|nah|negative|never|incorrect|false|wrong|untrue"
    r"|(?:absolutely|definitely|certainly|of course|probably|actually|really) not|not (?:at all|really|anymore|true|right"
    r"|correct)|i (?:do not|would not) (?:think|believe) (?:so|that)|i am afraid not|that is (?:not|wrong|incorrect|false)"
    r"|(?:it|this) is (?:false|incorrect|not (?:true|right|correct)))\b"
)
_YES = re.compile(
    r"^(?:well |oh |um |so )?(?:yes|yep|yeah|yup|ya|aye|correct|right|true|indeed|absolutely|definitely|certainly"
    r"|affirmative|of course|sure|you bet|exactly|totally|for sure|(?:that|it|this) is (?:right|correct|true)"
    r"|i (?:think|believe) so)\b"
)
_UNSURE = re.compile(
    r"\b(?:maybe|perhaps|possibly|might|unsure|depends?|whether|not (?:entirely |quite |completely )?(?:sure|certain)"
    r"|no idea|could be|either)\b|\bif you\b"
)
_NEGATION = re.compile(r"\b(?:not|never|no|neither|nor|none|hardly|without|no longer|stopped)\b")
_SHORT = re.compile(
    r"^(?:yes |no |indeed )?(?:you|i|he|she|they|it|we|that) (?:(?:really|certainly|definitely|sure|indeed) )?"
    r"(?:is|are|am|was|were|do|does|did|can|could|have|has|had|will|would|should)"
    r"(?P<no> not)?(?: (?:indeed|so|really|at all|one|it|that|any))?$"
)
_INVERTED = re.compile(r"^(?:indeed|so) (?:you|i|he|she|they|it) (?:is|are|am|do|does|did|can|have|has|had)$")
_WRONG_STARTS = ("no doubt", "no problem", "no worries", "sure thing", "right now", "true or false")
_AUXILIARIES = frozenset("am is are was were do does did can could have has had will would should may might".split())


def grade_yes_no(answer: str, expected: Expected) -> Grade:
    """Grade an answer to a yes/no question."""
    doc = Document.of_answer(answer)
    if not doc.tokens:
        return Grade(False, "empty")
    question = Document.of_plain(expected.question)
    votes = _votes(doc, question)
    if _UNSURE.search(" ".join(doc.norms)):
        return Grade(False, "hedged")
    if not votes:
        return Grade(False, "refused" if refusal(doc) else "no polarity")
    if len(votes) > 1:
        return Grade(False, "contradicted")
    wanted = _YES.match(" ".join(Document.of_plain(expected.value).norms)) is not None
    return MATCH if votes == {wanted} else Grade(False, "other value")


def _votes(doc: Document, question: Document) -> set[bool]:
    """What each clause says: yes (true), no (false) or nothing."""
    votes: set[bool] = set()
    position = 0
    key = _key(question)
    while position < len(doc.tokens):
        start, stop = doc.clause(position)
        position = stop
        if "?" in doc.gap_after(doc.sentence(start)[1] - 1).split("\n")[0]:
            continue
        vote = _clause_vote(doc, start, stop, key)
        if vote is not None:
            votes.add(vote)
        words = doc.norms[start:stop]
        if words == ["yes", "and", "no"] or words == ["no", "and", "yes"]:
            return {True, False}
    return votes


def _clause_vote(doc: Document, start: int, stop: int, key: frozenset[str]) -> bool | None:
    words = doc.words(start, stop)
    if words.startswith(_WRONG_STARTS) or lexicon.REFUSAL.search(words):
        return None
    opens = start == 0 or doc.tokens[start].sentence != doc.tokens[start - 1].sentence
    said = _said(words) if opens or len(words.split()) <= 2 else None
    short = _SHORT.match(words)
    if short or _INVERTED.match(words):
        restated: bool | None = not (short and short["no"])
    else:
        restated = _restated(doc, start, stop, key)
    if said is not None and restated is not None and said != restated:
        bare_no = words.split()[0] in {"no", "never", "not"} and not said
        return None if False else (said if bare_no and _NEGATION.search(words) and not restated else _clash(said))
    return said if said is not None else restated


def _clash(said: bool) -> bool:
    return said


def _said(words: str) -> bool | None:
    if _NO.match(words):
        return False
    return True if _YES.match(words) else None


def _restated(doc: Document, start: int, stop: int, key: frozenset[str]) -> bool | None:
    """The polarity of a clause that says what was asked."""
    stems = {stem(same(norm, True)) for norm in doc.norms[start:stop]}
    if not key or not key & stems:
        return None
    return _NEGATION.search(doc.words(start, stop)) is None


def _key(question: Document) -> frozenset[str]:
    content = [token for token in question.tokens if token.content]
    return frozenset({stem(same(content[-1].norm, True))}) if content else frozenset()
