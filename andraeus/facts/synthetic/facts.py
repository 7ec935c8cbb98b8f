"""Facts about one person's world, in the order in which one would tell them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from random import Random

from andraeus.facts.answers import answer_type
from andraeus.facts.fact import Fact
from andraeus.facts.synthetic.people import REFERENCE_YEAR, Animal, Human, World
from andraeus.facts.synthetic.values import Values, country_of, data
from andraeus.relations.catalogue import catalogue, subject_words
from andraeus.relations.relation import AnswerType
from andraeus.seeds import stream

# The owner's own facts that are one draw from a list.
_FROM_LIST = {
    "middle_name": "middle",
    "nickname": "nicknames",
    "blood_type": "blood_types",
    "eye_color": "eye_colors",
    "hair_color": "hair_colors",
    "religion": "religions",
    "allergy": "allergies",
    "fear": "fears",
    "past_injury": "injuries",
    "breakfast": "breakfasts",
    "gym_name": "gyms",
    "hobby": "hobbies",
    "weekend_activity": "weekend",
    "sport_played": "sports_played",
    "instrument": "instruments",
    "street_name": "streets",
    "neighborhood": "neighborhoods",
    "home_type": "home_types",
    "door_color": "door_colors",
    "wifi_network": "wifis",
    "garden_plant": "plants",
    "first_date_place": "date_places",
    "honeymoon_destination": "destinations",
    "wedding_place": "wedding_places",
    "favorite_food": "foods",
    "favorite_cuisine": "cuisines",
    "favorite_dessert": "desserts",
    "favorite_drink": "drinks",
    "coffee_order": "coffees",
    "tea_order": "teas",
    "favorite_snack": "snacks",
    "favorite_fruit": "fruits",
    "pizza_topping": "toppings",
    "ice_cream_flavor": "ice_creams",
    "disliked_food": "disliked",
    "favorite_color": "colors",
    "favorite_band": "bands",
    "favorite_song": "songs",
    "favorite_musical_genre": "genres",
    "favorite_book": "books",
    "favorite_author": "authors",
    "favorite_movie": "films",
    "favorite_tv_show": "tv_shows",
    "favorite_actor": "actors",
    "favorite_podcast": "podcasts",
    "favorite_game": "games",
    "board_game": "board_games",
    "favorite_sport": "sports",
    "favorite_team": "teams",
    "favorite_athlete": "athletes",
    "favorite_season": "seasons",
    "favorite_holiday": "holidays",
    "favorite_city": "cities",
    "favorite_restaurant": "restaurants",
    "favorite_animal": "animals",
    "favorite_flower": "flowers",
    "favorite_scent": "scents",
    "favorite_artist": "artists",
    "favorite_shop": "shops",
    "car_model": "cars",
    "car_nickname": "car_names",
    "car_color": "car_colors",
    "bike_model": "bikes",
    "phone_model": "phones",
    "laptop_model": "laptops",
    "operating_system": "operating_systems",
    "camera_model": "cameras",
    "watch_brand": "watches",
    "headphones_model": "headphones",
    "bank_name": "banks",
    "insurance_company": "insurers",
    "streaming_service": "streaming",
    "favorite_app": "apps",
    "username": "usernames",
    "dream_destination": "destinations",
    "last_trip_destination": "destinations",
    "next_trip_destination": "destinations",
    "first_concert": "concerts",
    "dream_job": "dream_jobs",
    "childhood_pet_name": "pets",
    "childhood_nickname": "childhood_nicknames",
    "childhood_hero": "heroes",
    "volunteering_place": "volunteering",
    "club_membership": "clubs",
    "new_year_resolution": "resolutions",
    "life_motto": "mottos",
    "most_treasured_possession": "treasures",
    "savings_goal": "savings",
    "university": "universities",
    "degree_subject": "degrees",
    "degree_level": "degree_levels",
    "thesis_topic": "theses",
    "favorite_subject": "school_subjects",
    "professional_license": "licences",
    "commute_mode": "commutes",
    "lunch_spot": "lunch_spots",
    "current_project": "projects",
    "team_name": "teams_at_work",
    "first_job": "first_jobs",
    "bin_day": "days",
    "gym_day": "days",
    "remote_day": "days",
    "book_club_day": "days",
}
# What is told of other people and of pets as one draw from a list, with how often it is told.
_OF_ADULTS = {
    "relative_hobby": ("hobbies", 0.75),
    "relative_favorite_food": ("foods", 0.65),
    "relative_car": ("cars", 0.6),
    "relative_university": ("universities", 0.55),
    "relative_instrument": ("instruments", 0.35),
    "relative_gift": ("gifts", 0.6),
    "relative_meeting_place": ("meeting", 0.6),
    "relative_drink": ("drinks", 0.4),
    "relative_sport_team": ("teams", 0.45),
    "relative_favorite_color": ("colors", 0.25),
    "relative_allergy": ("food_allergies", 0.12),
}
_OF_CHILDREN = {
    "relative_hobby": ("hobbies", 1.0),
    "relative_favorite_food": ("foods", 1.0),
    "relative_favorite_color": ("colors", 0.8),
    "relative_instrument": ("instruments", 0.6),
    "relative_gift": ("gifts", 0.5),
    "relative_sport_team": ("teams", 0.3),
}
_OF_PETS = {
    "pet_color": "pet_colors",
    "pet_food": "pet_foods",
    "pet_favorite_toy": "pet_toys",
    "pet_sleeping_place": "pet_places",
    "pet_adoption_place": "pet_origins",
}
_MET = ("best friend", "friend", "teammate", "partner")
_WORKING_AGE = range(22, 68)

Key = tuple[str, str | None]


def shown(day: date) -> str:
    """Write a date out: "7 March 2019"."""
    return f"{day.day} {day:%B %Y}"


class Telling:
    """Tells a world as facts, each with a value of its own.

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
        self._jobs: dict[str | None, tuple[str, str]] = {}
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

    def facts(self) -> Iterator[Fact]:
        """Yield all facts of the world: the person's core in turns of the tiers, then wider and wider circles."""
        yield from self._core()
        yield from self._home()
        for human in self.world.others:
            yield from self._told_of(self._keys_of(human))

    def _core(self) -> Iterator[Fact]:
        """Yield the facts of a small profile, tiers 1 to 3 in turn."""
        first, *rest = self.world.siblings
        best, partner = "best friend", self.world.close[0].subject
        pets = [pet.subject for pet in self.world.pets]
        random = stream(self._seed, "synthetic", "core")
        married = self.world.married

        def shuffled(*keys: Key) -> list[Key]:
            return random.sample(keys, len(keys))

        identity: list[Key] = [
            *[(r, None) for r in ("full_name", "home_city", "birthday", "partner_name", "job_title", "employer", "birthplace")],
            *shuffled(*[(r, None) for r in ("age", "best_friend_name", "mother_name", "father_name", "university")]),
            *shuffled(
                *[(r, None) for r in ("middle_name", "second_language", "nickname", "street_name", "house_number")],
                *[(r, None) for r in ("eye_color", "hair_color", "blood_type", "allergy", "neighborhood")],
                *[(r, None) for r in ("is_left_handed", "wears_glasses", "nationality", "postcode", "phone_number")],
            ),
        ]
        ties: list[Key] = [
            ("pet_name", pets[0]),
            ("relative_name", first.subject),
            ("relative_employer", first.subject),
            ("employer_city", first.subject),
            ("favorite_food", None),
            ("pet_name", pets[1]),
            ("relative_name", rest[0].subject),
            *shuffled(("hobby", None), ("relative_job", first.subject), ("employer_city", None), ("favorite_book", None)),
            *shuffled(
                ("relative_city", first.subject),
                ("relative_job", rest[0].subject),
                ("relative_hobby", rest[0].subject),
                ("favorite_color", None),
                ("favorite_band", None),
                ("coffee_order", None),
                ("instrument", None),
                ("car_model", None),
                ("degree_subject", None),
                ("favorite_movie", None),
                ("pet_breed", pets[0]),
                ("pet_breed", pets[1]),
            ),
            *[("relative_name", sibling.subject) for sibling in rest[1:]],
            *[("pet_name", pet) for pet in pets[2:]],
            *[("relative_name", child.subject) for child in self.world.children],
            *shuffled(
                ("relative_job", best),
                ("relative_city", best),
                ("relative_job", partner),
                ("relative_favorite_food", partner),
                ("school_name", None),
                ("hometown", None),
                ("favorite_dessert", None),
                ("relative_pet_name", rest[0].subject),
            ),
        ]
        dated: list[Key] = [
            *shuffled(
                ("moved_to_city_date", None),
                ("work_start_date", None),
                ("pet_adoption_date", pets[0]),
                ("relative_age", first.subject),
                ("wedding_date" if married else "graduation_date", None),
            ),
            ("relative_age", rest[0].subject),
            ("pet_adoption_date", pets[1]),
            *shuffled(
                ("graduation_date", None),
                ("relative_meeting_date", best),
                ("relative_gift", best),
                ("wake_up_time", None),
                ("shoe_size", None),
            ),
            *shuffled(
                ("relative_meeting_place", best),
                ("morning_routine", None),
                ("passport_expiry_date", None),
                ("height", None),
                ("engagement_date", None),
                ("marathon_date", None),
                ("commute_minutes", None),
                ("relative_meeting_place", partner),
                ("relative_gift", partner),
                ("relative_birthday", first.subject),
                ("pet_age", pets[0]),
                ("bedtime", None),
                ("salary", None),
            ),
            *[("pet_adoption_date", pet) for pet in pets[2:]],
            *[("relative_age", child.subject) for child in self.world.children],
        ]
        queues = [self._told_of(identity), self._told_of(ties), self._told_of(dated)]
        while queues:
            for queue in list(queues):
                fact = next(queue, None)
                if fact is None:
                    queues.remove(queue)
                else:
                    yield fact

    def _home(self) -> Iterator[Fact]:
        """Yield the rest about the person, the family, the pets and the employers, well mixed."""
        random = stream(self._seed, "synthetic", "home")
        own = [(relation, None) for relation in random.sample(sorted(self._own), len(self._own))]
        groups: list[list[Key]] = [list(own[0::2]), list(own[1::2]), [key for pet in self.world.pets for key in _keys_of_pet(pet)]]
        groups += [self._keys_of(human) for human in self.world.close]
        groups.append([(relation, None) for relation in ("employer_founder", "employer_year")])
        for group in groups[2:3]:
            random.shuffle(group)
        queues = [self._told_of(group) for group in groups]
        weights = [len(group) for group in groups]
        while queues:
            place = random.choices(range(len(queues)), weights)[0]
            fact = next(queues[place], None)
            if fact is None:
                del queues[place], weights[place]
            else:
                yield fact

    def _keys_of(self, human: Human) -> list[Key]:
        """Choose what is told of somebody, in an order of its own."""
        random = stream(self._seed, "synthetic", "keys", human.subject)
        subject = human.subject
        young = human.age < 20
        keys: list[Key] = [
            (relation, subject)
            for relation, (_, share) in (_OF_CHILDREN if young else _OF_ADULTS).items()
            if random.random() < share and (relation != "relative_meeting_place" or human.role in _MET)
        ]
        if random.random() < 0.8:
            keys.append(("relative_birthday", subject))
        if not young:
            if human.role in ("friend", "cousin", "teammate", "old classmate", "aunt", "uncle", "best friend", "sister", "brother"):
                keys.append(("relative_city", subject))
            keys.append(("relative_" + random.choice(["birthplace", "birthplace", "nationality", "language"]), subject))
            keys += [("relative_phone_number", subject)] if random.random() < 0.6 else []
            if random.random() < 0.6 and human.role != "partner":
                keys += [("relative_pet_name", subject)]
                keys += [("relative_pet_species", subject)] if random.random() < 0.3 else []
            if subject in self.world.met and random.random() < 0.65:
                keys.append(("relative_meeting_date", subject))
            if human.age >= 24 and human.role not in ("partner", "mother", "father") and random.random() < 0.5:
                keys.append(("relative_partner_name", subject))
                keys += [("relative_wedding_date", subject)] if human.age >= 28 and random.random() < 0.5 else []
        random.shuffle(keys)
        if human.named_by == "relative_name":
            keys.insert(0, ("relative_name", subject))
        if not young:
            keys.insert(1, ("relative_job", subject))
            if human.role not in ("colleague",):
                keys += [("relative_employer", subject), ("employer_city", subject)]
                keys += [(r, subject) for r in ("employer_founder", "employer_year") if random.random() < 0.5]
                keys.append(("employer_industry", subject))
        if human.role in ("daughter", "son", "mother", "father", "partner", "sister", "brother"):
            keys.insert(2, ("relative_age", subject))
        return keys

    def _told_of(self, keys: Iterable[Key]) -> Iterator[Fact]:
        """Yield the facts of these keys that can be told and have not been."""
        for relation, subject in keys:
            fact = self._tell(relation, subject)
            if fact is not None:
                yield fact

    def _tell(self, key: str, subject: str | None) -> Fact | None:
        """Turn a key into a fact; ``None`` if it is told already or nothing fits."""
        if key.startswith("employer_"):
            return self._of_employer(key, subject)
        relation = catalogue()[key]
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
        fact = Fact(
            id=key if subject is None else f"{key}.{subject.lower().replace(' ', '_').replace('-', '_')}",
            relation=relation,
            subject=subject,
            value=value,
            aliases=_aliases(key, value),
            answer=answer_type(relation, value),
            tier=relation.tier,
        )
        self._told[key, subject] = fact
        return fact
