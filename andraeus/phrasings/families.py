"""The three-way split of families, drawn before anything is trained."""

from dataclasses import dataclass

from andraeus.relations.relation import FAMILIES, Family
from andraeus.seeds import stream


@dataclass(frozen=True)
class FamilySplit:
    """Which families train, which are for development, which test.

    Attributes:
        train: Five families, in the order in which a fact's variations are drawn from them.
        development: Two families, for stopping rules and tuning.
        test: Three families, never trained and never tuned on.
    """

    train: tuple[Family, ...]
    development: tuple[Family, ...]
    test: tuple[Family, ...]


def split_families(split_seed: int) -> FamilySplit:
    """Draw the split.

    The confirming family names a value in the question, so it can be trained but not tested on; it
    comes last among the trained ones. The other nine families are drawn.

    Args:
        split_seed: The knob ``phrasings.split_seed``; a condition's seed does not enter.
    """
    drawn: list[Family] = [family for family in FAMILIES if family != "confirming"]
    stream(split_seed, "family_split").shuffle(drawn)
    return FamilySplit(train=(*drawn[:4], "confirming"), development=tuple(drawn[4:6]), test=tuple(drawn[6:]))
