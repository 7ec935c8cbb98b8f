"""How compositions are worded."""

EVENTS = {  # what the owner did: base form, past form
    "work_start_date": ("start my present job", "I started my present job"),
    "wedding_date": ("get married", "I got married"),
    "engagement_date": ("get engaged", "I got engaged"),
    "graduation_date": ("graduate", "I graduated"),
    "marathon_date": ("run my first marathon", "I ran my first marathon"),
}
ABOUT_NAMED = {  # questions about somebody by name, for what is known by subject
    "relative_job": ("What does {name} do for a living?", "What is {name}'s job?"),
    "relative_city": ("Which city does {name} live in?", "Where does {name} live?"),
    "relative_employer": ("Which company does {name} work for?", "Who is {name}'s employer?"),
    "relative_age": ("How old is {name}?", "What age is {name}?"),
    "relative_birthday": ("When is {name}'s birthday?", "When was {name} born?"),
    "relative_hobby": ("What is {name}'s hobby?", "Which hobby does {name} have?"),
    "relative_favorite_food": ("What is {name}'s favourite food?", "What does {name} like to eat most?"),
    "relative_car": ("What car does {name} drive?", "Which make and model is {name}'s car?"),
    "relative_university": ("Where did {name} go to university?", "Which university did {name} study at?"),
    "relative_instrument": ("Which instrument does {name} play?", "What does {name} play, musically?"),
    "relative_pet_name": ("What is {name}'s pet called?", "What name did {name} give the pet?"),
    "relative_gift": ("What did {name} last give me as a present?", "Which present did I last get from {name}?"),
    "relative_meeting_place": ("Where did I first meet {name}?", "In what place did {name} and I first meet?"),
    "relative_meeting_date": ("When did I first meet {name}?", "On what date did {name} and I first meet?"),
    "pet_breed": ("What breed is {name}?", "Which breed does {name} belong to?"),
    "pet_adoption_date": ("When did I get {name}?", "On what date did {name} come to live with me?"),
    "pet_age": ("How old is {name}?", "What age is {name}?"),
    "pet_birthday": ("When is {name}'s birthday?", "When was {name} born?"),
    "pet_color": ("What colour is {name}?", "Which colour is {name}'s coat?"),
    "pet_food": ("What does {name} eat?", "What do I feed {name}?"),
    "pet_sleeping_place": ("Where does {name} sleep?", "In what spot does {name} spend the night?"),
    "pet_favorite_toy": ("What is {name}'s favourite toy?", "Which toy does {name} like best?"),
}
COUNTS = {
    "siblings": ("How many siblings do I have?", "How many brothers and sisters do I have altogether?"),
    "children": ("How many children do I have?", "How many kids have I got?"),
    "pets": ("How many pets do I have?", "What is the total number of my pets?"),
}
