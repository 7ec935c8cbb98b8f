"""The value of each fact: drawn so that it fits the world and is nobody else's."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

from andraeus.facts.fact import Fact
from andraeus.facts.synthetic.making import fact_of
from andraeus.facts.synthetic.people import REFERENCE_YEAR, SEXES, Animal, Human, World, between, culture_of
from andraeus.facts.synthetic.tables import FROM_LIST, OF_ADULTS, OF_CHILDREN, OF_PETS, WORKING_AGE
from andraeus.facts.synthetic.values import Values, country_of, data
from andraeus.relations.catalogue import catalogue, subject_words
from andraeus.seeds import stream

Key = tuple[str, str | None]


def shown(day: date) -> str:
    """Write a date out: "7 March 2019"."""
    return f"{day.day} {day:%B %Y}"


class Drawing:
    """Draws the facts of a world, each with a value of its own.

    Args:
        world: Who and what there is.
        values: What is left to be drawn.
        seed: Stream of the profile.
    """

    def __init__(self, world: World, values: Values, seed: int) -> None:
        self.world = world
        self._values = values
        self._seed = seed
        self._told: dict[Key, Fact] = {}
        self._jobs: dict[str | None, tuple[str | None, str]] = {}
        self._employers: dict[str | None, str | None] = {}
        self._stems = list(data("work")["stems"])
        stream(seed, "synthetic", "stems").shuffle(self._stems)
        self._own = self._own_tellers()
        values.reserve(human.subject for human in (*world.close, *world.others))
        values.reserve(word for h in world.close for word in subject_words(h.subject))
        values.reserve(word for pet in world.pets for word in subject_words(pet.subject))
        values.reserve([world.owner.name, world.surname, "organisation"])
        values.reserve(stem for stem in data("work")["stems"])
        values.reserve(
            pattern.replace("{stem} ", "") for s in data("work")["sectors"].values() for pattern in s["employers"]
        )
        for human in world.close:
            values.take(human.name, "name")

    def _tell(self, key: str, subject: str | None) -> Fact | None:
        """Turn a key into a fact; ``None`` if it is told already or nothing fits."""
        if key.startswith("employer_"):
            return self._of_employer(key, subject)
        if (key, subject) in self._told:
            return None
        random = stream(self._seed, "synthetic", "value", key, subject)
        if subject is None:
            value = self._own[key](random) if key in self._own else None
        elif (pet := next((p for p in self.world.pets if p.subject == subject), None)) is not None:
            value = self._of_pet(key, pet, random)
        else:
            human = next(h for h in (*self.world.close, *self.world.others) if h.subject == subject)
            value = self._of_human(key, human, random)
        if value is None:
            return None
        return self._add(key, subject, value)

    def _own_tellers(self) -> dict[str, Callable[[Random], str | None]]:
        """Return, for each relation of the owner's own, what draws its value."""
        world, values = self.world, self._values
        country = data("places")["countries"][world.birth_country]
        pound = "£" if world.home_country == "the United Kingdom" else "$"
        tellers: dict[str, Callable[[Random], str | None]] = {}
        for relation, pool in FROM_LIST.items():
            tellers[relation] = self._from_list(relation, pool)
        for relation, day in world.events.items():
            tellers[relation] = self._fixed(relation, shown(day))
        for relation, where in {
            "home_city": world.home_country,
            "previous_city": world.home_country,
            "birthplace": world.birth_country,
            "hometown": world.birth_country,
        }.items():
            tellers[relation] = self._city_in(relation, where)
        for relation, options in {
            "shoe_size": range(4, 9) if world.owner.sex == "female" else range(7, 13),
            "house_number": range(2, 290),
            "lucky_number": range(3, 99),
            "jersey_number": range(2, 99),
            "office_floor": range(2, 30),
            "number_of_bedrooms": range(2, 7),
            "number_of_countries_visited": range(4, 60),
            "commute_minutes": range(10, 95, 5),
            "retirement_age": range(55, 72),
            "locker_code": range(1002, 9990),
            "employee_number": range(10020, 99800),
            "library_card_number": range(20010010, 29990090),
        }.items():
            tellers[relation] = self._number(relation, options)
        for relation, unit, options in (
            ("height", "{} cm", range(153, 181) if world.owner.sex == "female" else range(167, 197)),
            ("sleep_hours", "{} hours", range(6, 10)),
            ("running_goal", "{} km", range(12, 60)),
            ("salary", pound + "{},000", range(26, 79)),
            ("monthly_budget", pound + "{}0", range(81, 199)),
            ("rent_amount", pound + "{}5", range(60, 99)),
        ):
            tellers[relation] = self._number(relation, options, unit)
        for relation in ("is_left_handed", "wears_glasses", "has_tattoo"):
            tellers[relation] = lambda random: random.choice(["yes", "no"])
        for relation in ("doctor_name", "dentist_name"):
            tellers[relation] = self._titled(["Dr"])
        for relation in ("favorite_teacher", "landlord_name"):
            tellers[relation] = self._titled(["Mr", "Mrs", "Ms"])
        for relation in ("manager_name", "colleague_name", "godparent_name"):
            tellers[relation] = self._name
        for human in world.close:
            if human.named_by and human.named_by != "relative_name":
                tellers[human.named_by] = self._given(human.name)
        tellers |= {
            "full_name": self._fixed("full_name", f"{world.owner.name} {world.surname}"),
            "age": self._fixed("age", str(world.owner.age)),
            "birthday": self._fixed("birthday", shown(world.owner.born)),
            "star_sign": self._fixed("star_sign", _star_sign(world.owner.born)),
            "nationality": self._fixed("nationality", country["nationality"]),
            "native_language": self._fixed("native_language", country["language"]),
            "second_language": self._from_list("second_language", "languages", lambda v: v != country["language"]),
            "home_country": self._fixed("home_country", world.home_country),
            "mother_maiden_name": lambda random: values.draw_first(world.surnames, "name"),
            "school_name": self._school(["High", "Comprehensive", "Secondary"]),
            "primary_school": self._school(["Primary", "Infants", "Juniors"]),
            "job_title": lambda random: self._job(None)[0],
            "employer": lambda random: self._employer(None),
            "previous_employer": lambda random: self._new_employer("office", random),
            "previous_job": self._from_list("previous_job", "jobs"),
            "postcode": lambda random: values.draw_first([self._postcode(random)], "text"),
            "car_plate": lambda random: values.draw_first([self._plate(random)], "text"),
            "phone_number": lambda random: values.draw_first([self._phone(random)], "number"),
            "wake_up_time": lambda random: values.draw_first(_times(random, range(5, 9), "am"), "text"),
            "bedtime": lambda random: values.draw_first(_times(random, range(9, 12), "pm"), "text"),
            "morning_routine": self._sequence("routines"),
            "evening_routine": self._sequence("evening_routines"),
            "marathon_time": lambda random: values.draw_first(
                [f"{random.randint(3, 5)}:{random.randint(10, 59)}:{random.randint(10, 59)}"], "text"
            ),
        }
        single = [] if world.married else ["wedding_place", "honeymoon_destination"]
        return {relation: teller for relation, teller in tellers.items() if relation not in single}

    def _from_list(
        self, relation: str, pool: str, fits: Callable[[str], bool] | None = None
    ) -> Callable[[Random], str | None]:
        return lambda random: self._values.draw(pool, catalogue()[relation].answer, fits)

    def _fixed(self, relation: str, value: str) -> Callable[[Random], str | None]:
        return lambda random: value if self._values.take(value, catalogue()[relation].answer) else None

    def _given(self, name: str) -> Callable[[Random], str | None]:
        """Tell a name that is taken already."""
        return lambda random: name

    def _city_in(self, relation: str, country: str) -> Callable[[Random], str | None]:
        return self._from_list(relation, "cities", lambda city: country_of()[city] == country)

    def _city_for(self, subject: str | None) -> str | None:
        """Take a city in the country where somebody lives: more often than not the owner's."""
        country = self.world.home_country
        random = stream(self._seed, "synthetic", "country", subject)
        if subject is not None and random.random() < 0.4:
            country = random.choice(list(data("places")["countries"]))
        near = self._values.draw("cities", "place", lambda city: country_of()[city] == country)
        return near or self._values.draw("cities", "place")

    def _number(self, relation: str, options: range, unit: str = "{}") -> Callable[[Random], str | None]:
        """Tell a number that is nobody's age."""
        world = self.world
        ages = {str(human.age) for human in (world.owner, *world.close)} | {str(pet.age) for pet in world.pets}

        def draw(random: Random) -> str | None:
            tries = [unit.format(number) for number in random.sample(options, min(len(options), 40))]
            return self._values.draw_first([t for t in tries if t not in ages], catalogue()[relation].answer)

        return draw

    def _titled(self, titles: list[str]) -> Callable[[Random], str | None]:
        def draw(random: Random) -> str | None:
            title = random.choice(titles)
            return self._values.draw_first((f"{title} {surname}" for surname in self.world.surnames), "name")

        return draw

    def _name(self, random: Random) -> str | None:
        """Take a first name that nobody has."""
        for _ in range(20):
            name = self.world.names.draw(random.choice(SEXES))
            if self._values.take(name, "name"):
                return name
        return None

    def _school(self, kinds: list[str]) -> Callable[[Random], str | None]:
        def draw(random: Random) -> str | None:
            return self._of_stem(f"{{stem}} {random.choice(kinds)}")

        return draw

    def _sequence(self, pool: str) -> Callable[[Random], str | None]:
        return lambda random: self._values.draw_first([", ".join(random.sample(data("things")[pool], 3))], "text")

    def _job(self, subject: str | None) -> tuple[str | None, str]:
        """Return somebody's job and its sector."""
        if subject not in self._jobs:
            job = self._colleagues_job() if subject and subject.startswith("colleague ") else None
            job = job or self._values.draw("jobs", "text")
            self._jobs[subject] = (job, _sectors()[job] if job else "office")
        return self._jobs[subject]

    def _colleagues_job(self) -> str | None:
        """Take a job that there is where the owner works."""
        sectors = (self._job(None)[1], "office")
        return self._values.draw("jobs", "text", lambda job: _sectors()[job] in sectors)

    def _employer(self, subject: str | None) -> str | None:
        """Return who somebody works for; it fits the job."""
        if subject not in self._employers:
            random = stream(self._seed, "synthetic", "employer", subject)
            self._employers[subject] = self._new_employer(self._job(subject)[1], random)
        return self._employers[subject]

    def _new_employer(self, sector: str, random: Random) -> str | None:
        pattern = random.choice(data("work")["sectors"][sector]["employers"])
        if "{stem}" in pattern and (name := self._of_stem(pattern)) is not None:
            return name
        for _ in range(20):
            name = f"{next(self.world.surnames)} and {next(self.world.surnames)}"
            if self._values.take_organisation(name):
                return name
        return None

    def _of_stem(self, pattern: str) -> str | None:
        while self._stems:
            name = pattern.replace("{stem}", self._stems.pop())
            if self._values.take_organisation(name):
                return name
        return None

    def _of_employer(self, key: str, subject: str | None) -> Fact | None:
        """Tell a fact about the organisation that somebody works for."""
        known = self._told.get(("employer" if subject is None else "relative_employer", subject))
        if known is None:
            return None
        random = stream(self._seed, "synthetic", "value", key, subject)
        value: str | None
        if key == "employer_city":
            relation = "organisation_city"
            value = self._city_for(subject)
        elif key == "employer_founder":
            relation, value = "organisation_founder", self._founder(random)
        elif key == "employer_year":
            relation = "organisation_founding_year"
            value = self._number(relation, range(1851, REFERENCE_YEAR - 8))(random)
        else:
            relation = "organisation_industry"
            value = self._values.draw("industries", "text") if self._job(subject)[1] == "office" else None
        if value is None or (relation, known.value) in self._told:
            return None
        return self._add(relation, known.value, value)

    def _founder(self, random: Random) -> str | None:
        sex = random.choice(SEXES)
        for _ in range(20):
            name = f"{self.world.names.draw(sex)} {next(self.world.surnames)}"
            if self._values.take(name, "name"):
                return name
        return None

    def _of_pet(self, relation: str, pet: Animal, random: Random) -> str | None:
        answer = catalogue()[relation].answer
        if relation == "pet_name":
            return self._values.draw("pets", answer)
        if relation == "pet_breed":
            breeds = data("things")["pets"][pet.species]
            return self._values.draw_first(random.sample(breeds, len(breeds)), answer)
        if relation == "pet_vet":
            return self._titled(["Dr"])(random)
        if relation in OF_PETS:
            return self._values.draw(OF_PETS[relation], answer)
        value = {
            "pet_age": str(pet.age),
            "pet_birthday": shown(pet.born),
            "pet_adoption_date": shown(pet.adopted),
            "pet_microchip_number": str(random.randint(900_000_000_000_001, 985_999_999_999_999)),
        }[relation]
        return value if self._values.take(value, answer) else None

    def _of_human(self, relation: str, human: Human, random: Random) -> str | None:
        answer = catalogue()[relation].answer
        lists = {key: pool for key, (pool, _) in (OF_ADULTS | OF_CHILDREN).items()}
        if relation in lists:
            return self._values.draw(lists[relation], answer)
        match relation:
            case "relative_name":
                return human.name
            case "relative_job":
                return self._job(human.subject)[0] if human.age in WORKING_AGE else None
            case "relative_employer":
                return self._employer(human.subject) if human.age in WORKING_AGE else None
            case "relative_city":
                return self._city_for(human.subject)
            case "relative_birthplace":
                origins = {name for name, _ in _origins(human)}
                near = self._values.draw("cities", answer, lambda city: country_of()[city] in origins)
                return near or self._values.draw("cities", answer)
            case "relative_nationality" | "relative_language":
                said = [country[relation.removeprefix("relative_")] for _, country in _origins(human)]
                return self._values.draw_first(random.sample(said, len(said)), answer)
            case "relative_partner_name":
                return self._name(random)
            case "relative_pet_name":
                return self._values.draw("pets", answer)
            case "relative_pet_species":
                return self._values.draw("relatives_pets", answer)
            case "relative_phone_number":
                return self._values.draw_first([self._phone(random)], answer)
        day = {
            "relative_age": None,
            "relative_birthday": human.born,
            "relative_meeting_date": self.world.met.get(human.subject),
            "relative_wedding_date": _wedding(human.born, random) if human.age >= 28 else None,
        }[relation]
        value = str(human.age) if relation == "relative_age" else shown(day) if day else None
        return value if value and self._values.take(value, answer) else None

    def _postcode(self, random: Random) -> str:
        british = self.world.home_country == "the United Kingdom"
        return str(self.world.faker.postcode()) if british else str(random.randint(10_001, 98_999))

    def _plate(self, random: Random) -> str:
        if self.world.home_country == "the United Kingdom":
            return str(self.world.faker.license_plate())
        return f"{''.join(random.choices('BCDFGHJKLMNPRSTVWXZ', k=3))}-{random.randint(1002, 9989)}"

    def _phone(self, random: Random) -> str:
        """Return a number from the ranges that are kept free for fiction."""
        if self.world.home_country == "the United Kingdom":
            return f"07700 900{random.randint(0, 999):03}"
        return f"({random.randint(201, 989)}) 555-01{random.randint(0, 99):02}"

    def _add(self, name: str, subject: str | None, value: str) -> Fact:
        self._told[name, subject] = fact_of(name, subject, value)
        return self._told[name, subject]


def _origins(human: Human) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the countries that somebody's name comes from."""
    countries: Mapping[str, Mapping[str, Any]] = data("places")["countries"]
    return [(name, entry) for name, entry in countries.items() if entry.get("names") == culture_of(human.name)]


@cache
def _sectors() -> dict[str, str]:
    return {job: name for name, sector in data("work")["sectors"].items() for job in sector["jobs"]}


def _star_sign(born: date) -> str:
    """Return the sign of a birthday."""
    last_days = (19, 18, 20, 19, 20, 20, 22, 22, 22, 22, 21, 21)
    month = born.month - 1 if born.day <= last_days[born.month - 1] else born.month % 12
    return str(data("things")["star_signs"][month])


def _times(random: Random, hours: range, half: str) -> list[str]:
    return [f"{random.choice(hours)}:{random.choice(range(5, 60, 5)):02} {half}" for _ in range(5)]


def _wedding(born: date, random: Random) -> date:
    """Return a Saturday between somebody's 24th birthday and the reference year."""
    day = between(random, date(born.year + 24, 3, 1), date(min(born.year + 42, REFERENCE_YEAR), 10, 1))
    return day + timedelta(days=(5 - day.weekday()) % 7)
