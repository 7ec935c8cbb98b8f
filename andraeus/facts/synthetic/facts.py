"""Facts about one person's world, in the order in which one would tell them."""

from collections.abc import Iterable, Iterator

from andraeus.facts.fact import Fact
from andraeus.facts.synthetic.drawing import Drawing, Key
from andraeus.facts.synthetic.people import Animal, Human
from andraeus.facts.synthetic.tables import MET, OF_ADULTS, OF_CHILDREN, OF_PETS, PAIRED
from andraeus.seeds import stream


class Telling(Drawing):
    """Tells a world as facts: the person's core first, then wider and wider circles."""

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
            *[
                (r, None)
                for r in ("full_name", "home_city", "birthday", "partner_name", "job_title", "employer", "birthplace")
            ],
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
            *shuffled(
                ("hobby", None), ("relative_job", first.subject), ("employer_city", None), ("favorite_book", None)
            ),
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
        groups: list[list[Key]] = [
            list(own[0::2]),
            list(own[1::2]),
            [key for pet in self.world.pets for key in _keys_of_pet(pet)],
        ]
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
            for relation, (_, share) in (OF_CHILDREN if young else OF_ADULTS).items()
            if random.random() < share and (relation != "relative_meeting_place" or human.role in MET)
        ]
        if random.random() < 0.8:
            keys.append(("relative_birthday", subject))
        if not young:
            if human.role in (
                "friend",
                "cousin",
                "teammate",
                "old classmate",
                "aunt",
                "uncle",
                "best friend",
                "sister",
                "brother",
            ):
                keys.append(("relative_city", subject))
            keys.append(("relative_" + random.choice(["birthplace", "birthplace", "nationality", "language"]), subject))
            keys += [("relative_phone_number", subject)] if random.random() < 0.6 else []
            if random.random() < 0.6 and human.role != "partner":
                keys += [("relative_pet_name", subject)]
                keys += [("relative_pet_species", subject)] if random.random() < 0.3 else []
            if subject in self.world.met and random.random() < 0.65:
                keys.append(("relative_meeting_date", subject))
            if human.age >= 24 and human.role not in PAIRED and random.random() < 0.5:
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


def _keys_of_pet(pet: Animal) -> list[Key]:
    relations = [
        "pet_breed",
        "pet_age",
        "pet_birthday",
        "pet_adoption_date",
        "pet_vet",
        "pet_microchip_number",
        *OF_PETS,
    ]
    return [(relation, pet.subject) for relation in ("pet_name", *relations)]
