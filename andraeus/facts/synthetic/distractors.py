"""Statements about people who are not in the profile: what a retriever must not mistake for its facts."""

from collections.abc import Callable

from andraeus.facts.synthetic.drawing import shown
from andraeus.facts.synthetic.people import SEXES, World, between
from andraeus.facts.synthetic.values import Values, data
from andraeus.relations.catalogue import catalogue, pronoun_of
from andraeus.relations.relation import fill
from andraeus.seeds import stream

MOST = 30
# People whom no synthetic profile has among its subjects.
_MINE = ["ex", "godson", "landlady", "stepbrother", "stepsister", "former flatmate", "goddaughter", "penfriend"]
_OF_MINE = {
    "relative_city": "cities",
    "relative_job": "jobs",
    "relative_hobby": "hobbies",
    "relative_favorite_food": "foods",
    "relative_car": "cars",
    "relative_pet_name": "pets",
    "relative_instrument": "instruments",
    "relative_favorite_color": "colors",
}
_OF_STRANGERS = {
    "home_city": "cities",
    "job_title": "jobs",
    "favorite_food": "foods",
    "favorite_book": "books",
    "favorite_band": "bands",
    "hobby": "hobbies",
    "car_model": "cars",
    "university": "universities",
    "instrument": "instruments",
    "birthday": None,
    "wedding_date": None,
    "work_start_date": None,
}
_OF_THEIR_PETS = {"pet_name": "pets", "pet_color": "pet_colors", "pet_food": "pet_foods"}


def distract(world: World, values: Values, seed: int) -> list[str]:
    """Write the statements; no value in them is an answer of the profile.

    A third is about other people of the owner's, the rest about people with a name of their own.
    """
    random = stream(seed, "synthetic", "distractors")
    values.reserve(_MINE)
    statements: list[str] = []

    def state(relation: str, pool: str | None, owner: str | None, subject: str | None) -> None:
        meant = catalogue()[relation]
        if pool is None:
            first = world.owner.born.replace(year=world.owner.born.year - 8, day=1)
            day = between(random, first, first.replace(year=first.year + 12))
            day = day if relation == "birthday" else day.replace(year=day.year + 30, day=min(day.day, 28))
            value = shown(day) if day not in world.days and values.take(shown(day), "date") else None
        else:
            value = values.draw(pool, meant.answer)
        template = meant.statement if owner is None else meant.third_person_statement
        if value is not None:
            statements.append(
                fill(template, owner=owner or "", subject=subject, pronoun=pronoun_of(subject), value=value)
            )

    mine: list[Callable[[], None]] = [
        lambda s=subject, r=relation, p=pool: state(r, p, None, s)  # type: ignore[misc]
        for subject, (relation, pool) in zip(_MINE, random.sample(sorted(_OF_MINE.items()), len(_MINE)), strict=True)
    ]
    for tell in mine:
        tell()
    strangers = [world.names.draw(random.choice(SEXES)) for _ in range(9)]
    values.reserve(strangers)
    own = [(name, r, p, None) for name in strangers for r, p in random.sample(list(_OF_STRANGERS.items()), 3)]
    species = sorted(set(data("things")["pets"]) - {pet.species for pet in world.pets})
    pets = [
        (name, r, p, random.choice(species))
        for name in strangers[:6]
        for r, p in [random.choice([*_OF_THEIR_PETS.items()])]
    ]
    for name, relation, pool, subject in random.sample([*own, *pets], len(own) + len(pets)):
        state(relation, pool, name, subject)
    return random.sample(statements, len(statements))[:MOST]
