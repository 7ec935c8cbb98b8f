"""The English words the matchers know: everything else is taken for content."""

import re

from evaluation.grading.words import words

_FUNCTION = """
a an the this that these those some any each every all both another other such same own more most less much many few
i you he she it we they me him her us them my your his its our their mine yours hers ours theirs one someone anyone
everyone something anything everything who whom whose which what when where why how there here
am is are was were be been being do does did doing done have has had having will would shall should can could may
might must ought used get gets got
and or nor but so then yet if because while although though whereas since until till unless as than whether however
of in on at by for with from to into onto about around over under above below near between through during before
after up down out off per via inside outside within without toward towards against along across
not no never neither none nothing nobody
yes yep yeah yup nope nah ok okay sure well oh ah hmm um uh hey hi hello dear thanks thank please sorry
too also just only very really quite rather even still already again now today currently ever always usually often
sometimes especially particularly mainly mostly perhaps maybe once first second third last next finally lastly later
soon ago indeed certainly definitely absolutely actually probably possibly likely apparently obviously clearly
honestly simply exactly precisely basically correct right true wrong false incorrect
called named known referred let me
"""
FUNCTION = frozenset(words(_FUNCTION))

NEUTRAL = frozenset(
    words(
        """
        name names named called call calls full real actual correct right proper true favourite favorite
        favourites favorites answer value fact know remember recall think thought believe mean meant say says
        said told tell mentioned mention guess wait actually sorry correction final current
        """
    )
)
"""Content-like words that do not say what a clause is about."""

INTERJECTIONS = frozenset(
    words(
        """
        great good perfect lovely cute nice wonderful cool awesome enjoy cheers done meow woof haha lol answer
        note done welcome congratulations fun beautiful delicious yum yummy tasty happy glad remember reminder
        based according hope let meet excellent fantastic brilliant amazing amen correct fine alright exactly
        bravo hooray aww wow yay sweet pleasure interesting goodness gosh hurray bye goodbye anyway anyways
        source ps hint explanation reason confidence meaning thing
        """
    )
)
"""Words that may stand alone, or open a sentence, without being a value."""

PRONOUNS = frozenset(words("i you he she it we they that this there who which"))
POSSESSIVES = frozenset(words("my your his her its our their"))
ARTICLES = frozenset(words("a an the"))
DROPPED = ARTICLES | POSSESSIVES | {"some"}
"""Words a phrase may have or lack."""
COPULAS = frozenset(words("is are was were am be been being"))
QUESTION_OPENERS = frozenset(
    words(
        """
        is are was were am do does did can could would will shall should have has may what who whom whose which
        when where why how want need anything
        """
    )
)
TAG = re.compile(
    r"^(?:(?:is|are|was|were|do|does|did|has|have|would|can)(?: not)? (?:it|you|he|she|they|i|that)(?: not)?"
    r"|right|correct|yes|no|ok|okay|eh|huh|yeah|am i right|is that right|is that correct|true)$"
)
TITLES = frozenset(words("mr mrs ms miss dr prof professor doctor sir madam"))

NEGATED_BEFORE = re.compile(
    r"\bnot\b(?! only\b| just\b| surprisingly\b| to mention\b)|\bno\b(?! doubt| question\b| problem| worries)"
    r"|\b(?:never|neither|nor|none|without|unlike|nowhere)\b|\bno longer\b|\brather than\b"
    r"|\bprefers? .+ (?:to|over)$|\b(?:more|better) than$"
    r"|\binstead of\b|\bother than\b|\bopposed to\b|\bapart from\b|\baside from\b|\bexcept\b|\bfar from\b"
    r"|\b(?:any|no|every)(?:one|thing|body|where)? but\b|\ball but\b|\bdoubt (?:it|that|if|whether)\b"
    r"|\b(?:false|wrong|incorrect|untrue|mistaken|mistake) (?:that|to)\b"
)
FORMER = re.compile(r"\b(?:used to|former|formerly|previously|ex)\b")
PAST_QUESTION = re.compile(r"\b(?:used to|was|were|did|before|former|formerly|previous|previously|past|once|born)\b")
INTERJECTED_NO = re.compile(
    r"^(?:no|nope|nah) (?=it\b|that\b|this\b|i\b|you\b|he\b|she\b|they\b|your\b|my\b|his\b|her\b)"
)
NEGATED_AFTER = re.compile(
    r"^(?:(?:is|was|are|were)(?: \w+ly)? (?:not|never|wrong|incorrect|false|untrue|no longer|unlikely|out of the)\b"
    r"|would not be\b|can not be\b|could not be\b|must not be\b|not$|no longer\b)"
)
HEDGED_BEFORE = re.compile(
    r"\b(?:maybe|perhaps|possibly|might|could|may (?:be|have)|whether|either|suppose|supposing|assuming|imagine"
    r"|pretend|unsure|such as|for example|for instance|let us say|lets say|hypothetically|potential|random"
    r"|suggest(?:ion|ions|ed)?|options?|ideas?|guessing|how about|what about)\b"
    r"|\b(?:names?|something|someone|somewhere|ones|people|things|places|cities|values?|options?) like\b"
    r"|\b(?:common|popular|typical|famous) (?:\w+ )?(?:names?|choices?|answers?|places?|cities|options?)\b"
    r"|\b(?:similar to|resembling|related to|inspired by|named after|kind of|sort of|close to)$"
    r"|\bif\b(?! i (?:remember|recall|am not|understand)| you (?:told|asked|meant|mean)| we | my memory| memory)"
)
HEDGED_AFTER = re.compile(
    r"^(?:maybe|perhaps|possibly|or so(?:mething|meone|mewhere|me)|or similar|or other"
    r"|(?:is|was|are|would be|might be|could be) (?:a|an|another|one|the most|quite|very|just)?\s?(?:\w+ )?"
    r"(?:popular|common|typical|possible|possibility|names?|numbers?|options?|choices?|guess|example|suggestion)\b"
    r"|might\b|could\b|may be\b)"
)
HEDGES = frozenset(words("maybe perhaps possibly"))
REFUSAL = re.compile(
    r"\b(?:i|we) (?:really |honestly |actually |still )?(?:do|can|could|did|am|have|was) (?:\w+ly |afraid i )?not"
    r" (?:\w+ )?(?:know|have|tell|say|access|provide|recall|remember|sure|able|aware|certain|see|find|answer"
    r"|determine|share|assist|help|been|familiar|think you|store|possess|confirm|give|disclose)\b"
    r"|\bunable to\b|\bas an? (?:ai|language|assistant|artificial)\b"
    r"|\bno (?:information|idea|record|clue|data|access)\b"
    r"|\bnot (?:mentioned|provided|specified|stated|given|available|known|told|listed)\b|\bunknown\b"
    r"|\byou (?:have not|did not|have never|never) (?:told|tell|mention|mentioned|said|say|shared|provided)\b"
    r"|\bhard to say\b|\bno way (?:of|to)\b|\bcan not be (?:determined|known)\b"
    r"|\b(?:need|require) more (?:info|context)"
)
ASSERTED = re.compile(r"\b(?:is|are|was|were|called|named|told|said|mentioned|be)\b")
CORRECTION = re.compile(
    r"\b(?:no wait|wait no|wait it|hold on|scratch that|strike that|correction|i (?:meant|misspoke)"
    r"|on second thoughts?|my mistake|my bad|oops|let me correct|that is (?:wrong|incorrect|not (?:right|correct|true))"
    r"|sorry (?:it|that|i meant|no)|or rather|no sorry|no actually|actually no)\b"
)
