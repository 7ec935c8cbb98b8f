"""Synthetic profiles: one coherent person's world, as many facts of it as are asked for."""

from itertools import islice

from andraeus.errors import UserError
from andraeus.facts.fact import Profile
from andraeus.facts.file import read_blind
from andraeus.facts.synthetic.compositions import compose
from andraeus.facts.synthetic.distractors import MOST, distract
from andraeus.facts.synthetic.facts import Telling
from andraeus.facts.synthetic.values import Values
from andraeus.facts.synthetic.world import build_world

MOST_FACTS = 2000


def synthetic_profile(n: int, seed: int, blind: str | None = None) -> Profile:
    """Draw a person and ``n`` facts about them.

    A smaller profile of a seed is the beginning of a larger one. No two facts share an answer.

    Args:
        n: Number of facts, from 1 to 2000. From 20 on there are compositions too.
        seed: Whose world it is; another seed gives another person.
        blind: A YAML list of ``{fact, question}`` that are set aside from training, or ``None``.

    Raises:
        UserError: ``n`` is out of range, or the blind questions do not fit.
    """
    if not 1 <= n <= MOST_FACTS:
        raise UserError(f"A synthetic profile has 1 to {MOST_FACTS} facts, not {n}: set facts.n in that range.")
    world = build_world(seed)
    values = Values(seed)
    telling = Telling(world, values, seed)
    distractors = distract(world, values, seed)[: min(MOST, max(10, n // 4))]
    facts = tuple(islice(telling.facts(), n))
    assert len(facts) == n, f"the world of seed {seed} has only {len(facts)} facts"
    compositions = compose(world, facts, seed)
    return Profile(
        name=world.owner.name,
        pronoun=world.owner.pronoun,
        facts=facts,
        compositions=compositions,
        distractors=tuple(distractors),
        blind=read_blind(blind, facts, compositions) if blind else (),
        seed=seed,
        drawn=f"{seed} {world.owner.name}",
    )
