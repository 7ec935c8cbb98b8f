"""How far a test question lies from the nearest trained one."""

from collections.abc import Sequence

from andraeus.phrasings.build import normalised


def nearest_distances(questions: Sequence[str], trained: Sequence[str]) -> list[float | None]:
    """Return each question's normalised edit distance to the nearest trained question.

    The distance is the Levenshtein distance of the normalised texts over the longer one's length:
    0 for the same text, 1 for nothing in common. ``None`` where nothing was trained.
    """
    if not trained:
        return [None] * len(questions)
    from rapidfuzz import process
    from rapidfuzz.distance import Levenshtein

    rows = process.cdist(
        [normalised(q) for q in questions], [normalised(t) for t in trained], scorer=Levenshtein.normalized_distance
    )
    return [round(float(row.min()), 4) for row in rows]
