"""Facts about a person: the types, the user's own file, the shipped profile, synthetic people."""
