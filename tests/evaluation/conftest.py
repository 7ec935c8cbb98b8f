"""A small person, and the material that suites and arms are given."""

import pytest

from andraeus.facts.file import load_profile
from andraeus.phrasings.build import Phrasings
from andraeus.phrasings.families import split_families
from evaluation.suites.item import Material


@pytest.fixture(scope="session")
def alex() -> Material:
    """The shipped profile with v10."""
    profile = load_profile("package:alex", "package:alex.blind")
    return Material(profile, profile.facts, Phrasings(profile, split_families(0)), 10)
