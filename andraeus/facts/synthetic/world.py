"""Draws a person's world: family, circles and pets, and a life whose events are in an order that can be."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random

from faker import Faker

from andraeus.facts.synthetic.people import REFERENCE_YEAR, Animal, Human, Names, Sex, World, between
from andraeus.facts.synthetic.values import data
from andraeus.seeds import stream, stream_seed

# The people beyond the closest circle: how many of each kind a whole world holds.
_CIRCLES = {
    "friend": 52,
    "colleague": 36,
    "cousin": 18,
    "neighbour": 20,
    "teammate": 18,
    "old classmate": 24,
    "aunt": 7,
    "uncle": 7,
    "niece": 5,
    "nephew": 5,
}


def build_world(seed: int) -> World:
    """Draw a person's world; every seed has its own."""
    random = stream(seed, "synthetic", "people")
    names = Names(stream(seed, "synthetic", "names"))
    faker = Faker("en_GB")
    faker.seed_instance(stream_seed(seed, "synthetic", "faker"))
    surnames = _surnames(faker)
    home = random.choice(["the United Kingdom", "the United States"])
    countries = data("places")["countries"]
    birth = (
        home
        if random.random() < 0.6
        else random.choice([name for name, entry in countries.items() if "names" in entry])
    )
    culture = countries[birth]["names"]
    family_names = data("names")["cultures"][culture]["surnames"]
    sex: Sex = random.choice(["female", "male"])
    ages: set[int] = set()
    owner_age = _new_age(ages, random, lambda: random.randint(27, 58))
    owner = Human("", "", names.draw(sex, culture), sex, _birth(random, owner_age), None)
    surname = random.choice(family_names) if family_names else next(surnames)
    events, met = _life(random, owner)
    married = "wedding_date" in events
    close = _family(random, names, owner, culture, married, events, ages)
    pets = _pets(random, owner, ages)
    others = _circles(random, names, owner)
    for human in [*close, *others]:
        if human.role in ("friend", "best friend", "colleague", "neighbour", "teammate", "old classmate"):
            met[human.subject] = _meeting(random, owner, human, events)
        elif human.role == "partner":
            met[human.subject] = events.pop("met_partner")
    return World(
        owner=owner,
        surname=surname,
        home_country=home,
        birth_country=birth,
        married=married,
        close=close,
        pets=pets,
        others=others,
        events=events,
        met=met,
        surnames=surnames,
        faker=faker,
        names=names,
    )


def _surnames(faker: Faker) -> Iterator[str]:
    seen: set[str] = set()
    while True:
        surname: str = faker.last_name()
        if surname not in seen and surname.isalpha():
            seen.add(surname)
            yield surname


def _birth(random: Random, age: int) -> date:
    return between(random, date(REFERENCE_YEAR - age, 1, 1), date(REFERENCE_YEAR - age, 12, 28))


def _new_age(ages: set[int], random: Random, draw: Callable[[], int]) -> int:
    """Draw an age that nobody close has: ages are answers, and answers are unique."""
    for _ in range(200):
        age = draw()
        if age not in ages:
            ages.add(age)
            return age
    raise AssertionError("no age is left in the range")


def _life(random: Random, owner: Human) -> tuple[dict[str, date], dict[str, date]]:
    """Draw the owner's dated events.

    School comes first and a wedding after its engagement; moving, the job and love come in any order.
    """
    born = owner.born
    end = date(REFERENCE_YEAR, 10, 31)
    graduated = date(born.year + random.randint(21, 24), random.choice([6, 7]), random.randint(5, 28))
    settled = graduated + timedelta(days=40)
    latest = date(REFERENCE_YEAR - 2, 12, 31)
    work = between(random, max(settled, latest - timedelta(days=9 * 365)), latest)
    work += timedelta(days=-work.weekday() % 7)  # a Monday
    events = {
        "graduation_date": graduated,
        "moved_to_city_date": between(random, max(settled, latest - timedelta(days=12 * 365)), latest),
        "work_start_date": work + timedelta(days=7 if (work.month, work.day) == (1, 1) else 0),
        "marathon_date": between(random, settled, end),
        "last_concert_date": between(random, date(REFERENCE_YEAR - 1, 2, 1), end),
        "passport_expiry_date": between(random, date(REFERENCE_YEAR + 1, 3, 1), date(REFERENCE_YEAR + 9, 11, 30)),
        "next_trip_date": between(random, date(REFERENCE_YEAR + 1, 2, 1), date(REFERENCE_YEAR + 1, 10, 30)),
        "dentist_appointment_date": between(random, date(REFERENCE_YEAR + 1, 1, 8), date(REFERENCE_YEAR + 1, 6, 30)),
    }
    grown = date(born.year + 19, 6, 1)
    while True:
        met = between(random, grown, min(date(born.year + 34, 12, 31), date(REFERENCE_YEAR - 3, 12, 31)))
        engaged = met + timedelta(days=random.randint(300, 1300))
        wedding = engaged + timedelta(days=random.randint(150, 600))
        wedding += timedelta(days=(5 - wedding.weekday()) % 7)  # a Saturday
        if wedding <= end:
            break
    events["met_partner"] = met
    if random.random() < 0.75:
        events |= {"engagement_date": engaged, "wedding_date": wedding}
    return events, {}


def _family(
    random: Random,
    names: Names,
    owner: Human,
    culture: str,
    married: bool,
    events: dict[str, date],
    ages: set[int],
) -> list[Human]:
    """Draw partner, parents, siblings, best friend, children and further family."""

    def human(subject: str, sex: Sex, age: int, role: str = "", named_by: str | None = "relative_name") -> Human:
        own = random.random() < 0.7
        return Human(
            subject, role or subject, names.draw(sex, culture if own else None), sex, _birth(random, age), named_by
        )

    partner_sex: Sex = owner.sex if random.random() < 0.1 else ("male" if owner.sex == "female" else "female")
    spouse = {"female": "wife", "male": "husband"}[partner_sex]
    partner_age = _new_age(ages, random, lambda: max(owner.age + random.randint(-5, 6), 26))
    mother_age = _new_age(ages, random, lambda: owner.age + random.randint(25, 34))
    father_age = _new_age(ages, random, lambda: mother_age + random.randint(-1, 8))
    siblings = _siblings(random, owner, min(mother_age, father_age), ages)
    friend_sex: Sex = random.choice(["female", "male"])
    friend_age = _new_age(ages, random, lambda: owner.age + random.randint(-8, 8))
    family = [
        human(spouse if married else "partner", partner_sex, partner_age, "partner", "partner_name"),
        *(human(subject, sex, age, role) for subject, role, sex, age in siblings),
        human("mother", "female", mother_age, named_by="mother_name"),
        human("father", "male", father_age, named_by="father_name"),
        human("best friend", friend_sex, friend_age, named_by="best_friend_name"),
    ]
    parent = min(owner.age, partner_age)
    if married:
        family += [human(*child) for child in _children(random, parent, events["wedding_date"], ages)]
    grandparent = mother_age + random.randint(20, 26)
    if grandparent <= 96:
        family.append(
            human("grandmother", "female", _new_age(ages, random, lambda: grandparent + random.randint(-3, 5)))
        )
        family.append(human("grandfather", "male", _new_age(ages, random, lambda: grandparent + random.randint(-2, 8))))
    if married:
        family.append(
            human("mother-in-law", "female", _new_age(ages, random, lambda: partner_age + random.randint(22, 36)))
        )
        family.append(
            human("father-in-law", "male", _new_age(ages, random, lambda: partner_age + random.randint(22, 40)))
        )
    return family


def _siblings(random: Random, owner: Human, parent: int, ages: set[int]) -> list[tuple[str, str, Sex, int]]:
    """Draw two or three siblings; two of one sex are the older and the younger one, on either side of the owner."""
    kinds: list[tuple[Sex, str]] = [("female", "sister"), ("male", "brother")]
    random.shuffle(kinds)
    oldest = min(9, parent - 18 - owner.age)

    def older() -> int:
        return owner.age + random.randint(1, oldest)

    def younger() -> int:
        return owner.age - random.randint(1, 9)

    found: list[tuple[str, str, Sex, int]] = []
    (sex, role), (other_sex, other_role) = kinds
    shape = random.choice(["pair", "pair", "pair", "same", "three", "three"])
    if shape == "pair":
        found.append((role, role, sex, _new_age(ages, random, random.choice([older, younger]))))
    else:
        found.append((f"older {role}", role, sex, _new_age(ages, random, older)))
        found.append((f"younger {role}", role, sex, _new_age(ages, random, younger)))
    if shape != "same":
        found.append((other_role, other_role, other_sex, _new_age(ages, random, random.choice([older, younger]))))
    return found


def _children(random: Random, parent: int, wedding: date, ages: set[int]) -> list[tuple[str, Sex, int, str]]:
    """Draw up to three children, born after the wedding's year."""
    oldest = min(REFERENCE_YEAR - wedding.year - 1, parent - 20)
    possible = [age for age in range(max(1, parent - 44), oldest + 1) if age not in ages]
    chosen = sorted(random.sample(possible, min(len(possible), random.choice([0, 1, 2, 2, 3]))), reverse=True)
    ages.update(chosen)
    sexes: list[Sex] = [random.choice(["female", "male"]) for _ in chosen]
    if len(set(sexes)) == 1 and len(sexes) == 3:
        sexes[1] = "male" if sexes[0] == "female" else "female"
    children: list[tuple[str, Sex, int, str]] = []
    for age, sex in zip(chosen, sexes, strict=True):
        role = "daughter" if sex == "female" else "son"
        same = [a for a, s in zip(chosen, sexes, strict=True) if s == sex]
        subject = role if len(same) == 1 else f"older {role}" if age == max(same) else f"younger {role}"
        children.append((subject, sex, age, role))
    return children


def _pets(random: Random, owner: Human, ages: set[int]) -> list[Animal]:
    """Draw two to four pets; two of one species are the older and the younger one."""
    common, rare = ["cat", "dog"], ["rabbit", "horse", "hamster", "parrot", "tortoise", "goat"]
    species = [random.choice(common), random.choice([*common, *rare])]
    species += random.sample([s for s in [*common, *rare] if s not in species], random.choice([0, 0, 1, 2]))
    pets = []
    for kind in species:
        longest = {"hamster": 3, "rabbit": 8, "horse": 20, "tortoise": 25, "parrot": 20}.get(kind, 13)
        # Small ages are few, and children have some of them: a pet may share its age with somebody then.
        free = [a for a in range(1, min(longest, owner.age - 21) + 1) if a not in ages] or [longest]
        age = random.choice(free)
        ages.add(age)
        born = _birth(random, age)
        adopted = between(
            random, born + timedelta(days=60), min(born + timedelta(days=700), date(REFERENCE_YEAR, 11, 15))
        )
        twin = species.count(kind) > 1
        pets.append((kind, twin, born, adopted))
    named = []
    for kind, twin, born, adopted in pets:
        order = "older " if born == min(b for k, _, b, _ in pets if k == kind) else "younger "
        named.append(Animal(f"{order if twin else ''}{kind}", kind, born, adopted))
    return sorted(named, key=lambda pet: pet.adopted)


def _circles(random: Random, names: Names, owner: Human) -> list[Human]:
    """Draw the people further out, in the order in which the profile comes to them."""
    people = []
    for role, count in _CIRCLES.items():
        for _ in range(count):
            sex: Sex = random.choice(["female", "male"])
            if role in ("aunt", "niece"):
                sex = "female"
            elif role in ("uncle", "nephew"):
                sex = "male"
            low, high = {
                "aunt": (owner.age + 15, owner.age + 36),
                "uncle": (owner.age + 15, owner.age + 36),
                "niece": (4, 19),
                "nephew": (4, 19),
                "colleague": (23, 63),
                "neighbour": (24, 80),
                "cousin": (max(20, owner.age - 14), owner.age + 14),
                "old classmate": (owner.age, owner.age),
            }.get(role, (max(21, owner.age - 11), owner.age + 11))
            name = names.draw(sex)
            people.append(Human(f"{role} {name}", role, name, sex, _birth(random, random.randint(low, high)), None))
    random.shuffle(people)
    return people


def _meeting(random: Random, owner: Human, human: Human, events: dict[str, date]) -> date:
    """Draw when the owner met somebody: a colleague at this job, a neighbour in this town, a classmate at school."""
    end = date(REFERENCE_YEAR, 9, 30)
    first = date(max(owner.born.year, human.born.year) + 5, 9, 1)
    if human.role == "colleague":
        return between(random, events["work_start_date"], end)
    if human.role == "neighbour":
        return between(random, events["moved_to_city_date"], end)
    if human.role == "old classmate":
        return between(random, first, date(owner.born.year + 17, 6, 30))
    if human.role == "teammate":
        return between(random, max(first, events["graduation_date"]), end)
    return between(random, first, end)
