"""Files that are refused, each with what the refusal says."""

MALFORMED = {
    "empty": ("", "holds no facts"),
    "only a comment": ("# nothing\n", "holds no facts"),
    "a list at the top": ("- relation: age\n  value: 28\n", "holds no facts"),
    "a word at the top": ("Alex\n", "holds no facts"),
    "no YAML": ("name: Alex\nfacts: [\n", r"not valid YAML at line 3"),
    "a colon in a value": ("name: Alex\nhobby: chess: blitz\n", r"not valid YAML at line 2.*need quotes"),
    "a question mark in brackets": (
        "name: A\nfacts: [{relation: age, value: 28, questions: [old?]}]\n",
        "not valid YAML at line 2.*'\\?' need quotes",
    ),
    "a tab": ("name: Alex\n\tage: 28\n", r"not valid YAML at line 2"),
    "an object of Python's": ("name: !!python/object/apply:os.getcwd []\n", "not valid YAML at line 1"),
    "two documents": ("name: Alex\n---\nname: Bea\n", "not valid YAML at line 2"),
    "a list as a key": ("name: Alex\n? [a, b]\n: c\n", "not valid YAML at line 2"),
    "no name, documented": ("facts: [{relation: age, value: 28}]\n", "name: field required"),
    "no name, flat": ("age: 28\n", "does not say whose facts these are"),
    "an empty name, flat": ("user_name:\nage: 28\n", "does not say whose facts these are"),
    "two names in a list": ("user_name: [Alex, Bea]\nage: 28\n", "does not say whose facts these are"),
    "an empty name": ("name: ' '\nfacts: [{relation: age, value: 28}]\n", "name: string should have at least 1"),
    "no facts": ("name: Alex\nfacts: []\n", "facts: list should have at least 1 item"),
    "facts left open": ("name: Alex\nfacts:\n", "facts: input should be a valid list"),
    "facts that are a word": ("name: Alex\nfacts: many\n", "facts: input should be a valid list"),
    "a fact that is a word": ("name: Alex\nfacts: [many]\n", "facts.1: input should be a valid dictionary"),
    "no value": ("name: Alex\nfacts: [{relation: age}]\n", r"facts\.1\.value: field required"),
    "an empty value": ("name: Alex\nfacts: [{relation: age, value: ''}]\n", r"facts\.1\.value: string should have"),
    "a blank value": ("name: Alex\nfacts: [{relation: age, value: ' '}]\n", r"facts\.1\.value: string should have"),
    "a value left open": ("name: Alex\nfacts: [{relation: age, value: }]\n", r"facts\.1\.value: input should be"),
    "a value left open, flat": ("user_name: Alex\nage:\n", "age has no value: give it one"),
    "an empty list, flat": ("user_name: Alex\nhobbies: []\n", "hobbies is an empty list"),
    "a gap in a list, flat": ("user_name: Alex\nhobbies: [chess, ~]\n", "hobbies holds more than a value"),
    "nested, flat": ("user_name: Alex\npet: {name: Max}\n", "pet holds more than a value"),
    "facts misspelt": ("name: Alex\nfact: [{relation: age, value: 3}]\n", "fact holds more than a value.*`facts:`"),
    "a value that is a list": ("name: Alex\nfacts: [{relation: age, value: [1]}]\n", r"facts\.1\.value: input should"),
    "no relation": ("name: Alex\nfacts: [{value: 28}]\n", r"facts\.1\.relation: field required"),
    "a relation of marks": ("name: Alex\nfacts: [{relation: '??', value: 28}]\n", r"facts\.1\.relation: string should"),
    "an unknown field": ("name: Alex\nfacts: [{relation: age, valeu: 28, value: 28}]\n", r"facts\.1\.valeu: extra"),
    "an unknown field at the top": ("name: Alex\nfacts: [{relation: age, value: 28}]\nage: 3\n", "age: extra inputs"),
    "tier 4": (
        "name: Alex\nfacts: [{relation: age, value: 28, tier: 4}]\n",
        r"facts\.1\.tier: input should be 1, 2 or 3",
    ),
    "an answer type": (
        "name: Alex\nfacts: [{relation: age, value: 28, answer: n}]\n",
        r"facts\.1\.answer: input should be",
    ),
    "a pronoun": ("name: Alex\npronoun: it\nfacts: [{relation: age, value: 28}]\n", "pronoun: input should be 'he'"),
    "a day that is none": ("user_name: Alex\nbirthday: 2021-02-30\n", r"facts\.2\.value: .*out of range"),
    "a family that is none": (
        "name: Alex\nfacts: [{relation: age, value: 28, questions: {sarcastic: [old]}}]\n",
        r"facts\.1\.questions\.sarcastic.*should be 'direct'",
    ),
    "typos, which are made": (
        "name: Alex\nfacts: [{relation: age, value: 28, questions: {typo: [hwo old]}}]\n",
        r"facts\.1\.questions\.typo.*should be 'direct'",
    ),
    "a question that is no list": (
        "name: Alex\nfacts: [{relation: age, value: 28, questions: old}]\n",
        r"facts\.1\.questions: input should be a valid dictionary",
    ),
    "an empty question": (
        "name: Alex\nfacts: [{relation: age, value: 28, questions: ['']}]\n",
        r"facts\.1\.questions\.direct\.1: string should have",
    ),
    "a key twice, flat": (
        "user_name: Alex\npet_name: Max\npet_name: Leo\n",
        r"says pet_name twice \(the second at line 3",
    ),
    "a key twice": ("name: Alex\nfacts: [{relation: age, value: 28, value: 29}]\n", "says value twice"),
    "a fact twice": (
        "name: Alex\nfacts: [{relation: age, value: 28}, {relation: age, value: 28, id: again}]\n",
        r"again \(28\) repeats age \(28\)",
    ),
    "an id twice": (
        "name: Alex\nfacts: [{relation: age, value: 28, id: x}, {relation: hobby, value: chess, id: x}]\n",
        "two entries have the id x",
    ),
    "the same relation twice": (
        "name: Alex\nfacts: [{relation: age, value: 28}, {relation: age, value: 29}]\n",
        "two entries have the id age",
    ),
    "a contradiction": (
        "name: Alex\nfacts: [{relation: age, value: 28, id: a}, {relation: age, value: 29, id: b}]\n",
        r"b \(29\) contradicts a \(28\): .*subject",
    ),
    "a contradiction under two keys": (
        "user_name: Alex\nfavourite_food: ramen\nfavorite_food: soup\n",
        r"favorite_food \(soup\) contradicts favourite_food \(ramen\)",
    ),
    "a contradiction about a subject": (
        "name: A\nfacts: [{relation: name, subject: Cat, value: Max, id: a}, {relation: cat_name, value: Leo}]\n",
        r"cat_name \(Leo\) contradicts a \(Max\)",
    ),
    "a composition of what is not there": (
        "name: A\nfacts: [{relation: age, value: 28}]\n"
        "compositions: [{id: c, questions: [q], value: v, components: [age, hobby]}]\n",
        "composition c needs hobby, which is no fact here",
    ),
    "a composition of one": (
        "name: A\nfacts: [{relation: age, value: 28}]\n"
        "compositions: [{id: c, questions: [q], value: v, components: [age]}]\n",
        r"compositions\.1\.components: tuple should have at least 2",
    ),
    "a composition without questions": (
        "name: A\nfacts: [{relation: age, value: 28}]\n"
        "compositions: [{id: c, questions: [], value: v, components: [age, age]}]\n",
        r"compositions\.1\.questions: tuple should have at least 1",
    ),
    "a composition with a fact's id": (
        "name: A\nfacts: [{relation: age, value: 28}, {relation: hobby, value: chess}]\n"
        "compositions: [{id: age, questions: [q], value: v, components: [age, hobby]}]\n",
        "two entries have the id age",
    ),
}
