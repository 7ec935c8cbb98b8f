"""The structured schema of the configuration: what every knob is, before anything is loaded.

The library's own dataclasses are the schema of their groups. Groups that name a class by
``_target_`` (facts, arm, suite, tracker) are held against that target's own signature when they are
built (`experiments.build`).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from andraeus.models.load import Quantization
from andraeus.models.resolve import ModelSpec
from andraeus.phrasings.answers import AnswerStyle
from andraeus.training.recipe import LoraSpec, Recipe
from evaluation.report.break_even import Prices
from evaluation.statistics.claims import Kind


class Device(StrEnum):
    """Where models run; never guessed, since another device gives other bits."""

    cpu = "cpu"
    cuda = "cuda"


@dataclass
class ChatSpec:
    """The system turn that all arms share (``null``: the chat template's own)."""

    system: str | None = None


@dataclass
class PhrasingSpec:
    """Which families train, develop and test, and how trained answers are worded."""

    split_seed: int = 0
    answers: AnswerStyle = AnswerStyle.sentence


@dataclass
class VariationSpec:
    """Trained phrasings per fact."""

    n: int = 10


@dataclass
class TierSpec:
    """Which facts are trained.

    Attributes:
        name: Name in tables.
        trained: Tiers whose facts are trained.
        per_tier: So many facts of each of them, the first ones; ``None`` is all.
        components: Train just the facts that compositions need.
    """

    name: str = "all"
    trained: list[int] = field(default_factory=lambda: [1, 2, 3])
    per_tier: int | None = None
    components: bool = False


class Drafts(StrEnum):
    """What answers are drafted by before the model is asked; no draft changes an answer (`andraeus.generation`)."""

    none = "none"
    expected = "expected"


@dataclass
class GenerationSpec:
    """How answers are decoded (always greedily).

    Attributes:
        max_new_tokens: Longest answer.
        batch_size: Prompts answered together.
        drafts: ``expected`` lets a fine-tuned arm verify what it was trained to say in one pass.
    """

    max_new_tokens: int = 32
    batch_size: int = 32
    drafts: Drafts = Drafts.expected


@dataclass
class Paths:
    """Where things are written."""

    store: str = "store"
    results: str = "results"


@dataclass
class Contrast:
    """A comparison that a study states before it runs: ``a`` minus ``b``.

    Attributes:
        a: Arm and condition of the one side.
        b: Arm and condition of the other.
        suite: The suite both were asked.
        metric: What is compared.
        kind: What is claimed.
        margin: Largest difference that counts as none, as a share; of equivalence and non-inferiority only.
    """

    a: dict[str, Any] = field(default_factory=dict)
    b: dict[str, Any] = field(default_factory=dict)
    suite: str = "heldout"
    metric: str = "accuracy"
    kind: Kind = Kind.difference
    margin: float | None = None


@dataclass
class Endpoint:
    """What decides, stated before a study runs; no null, since no key can be set inside one.

    Attributes:
        suite: The suite, or ``null`` where nothing is stated.
        metric: The metric, or ``null`` likewise.
    """

    suite: str | None = None
    metric: str | None = None


@dataclass
class Explore:
    """Comparisons that nobody states: every row against the one that differs from it in nothing but ``against``.

    Attributes:
        against: Arm and conditions of the reference; empty is the first row of the tables, where no contrast is stated.
        suite: The suite, or ``null`` for all.
        metric: What is compared.
    """

    against: dict[str, Any] = field(default_factory=dict)
    suite: str | None = None
    metric: str = "accuracy"


@dataclass
class Power:
    """Designs to be planned from what the stated contrasts show; each combination is one.

    Attributes:
        effects: True differences, as shares (0.05 is five points); none plans nothing.
        profiles: Numbers of profiles.
        facts: Numbers of facts of each.
        seeds: Numbers of seeds.
    """

    effects: list[float] = field(default_factory=list)
    profiles: list[int] = field(default_factory=lambda: [1, 5, 10])
    facts: list[int] = field(default_factory=lambda: [24, 100])
    seeds: list[int] = field(default_factory=lambda: [3, 5])


@dataclass
class Config:
    """One cell, and the study it belongs to."""

    model: ModelSpec = field(default_factory=lambda: ModelSpec("unnamed"))
    lora: LoraSpec = field(default_factory=LoraSpec)
    quantization: Quantization = field(default_factory=Quantization)
    training: Recipe = field(default_factory=Recipe)
    facts: dict[str, Any] = field(default_factory=dict)
    variations: VariationSpec = field(default_factory=VariationSpec)
    phrasings: PhrasingSpec = field(default_factory=PhrasingSpec)
    tier: TierSpec = field(default_factory=TierSpec)
    arm: dict[str, Any] = field(default_factory=dict)
    suite: dict[str, Any] = field(default_factory=dict)
    chat: ChatSpec = field(default_factory=ChatSpec)
    generation: GenerationSpec = field(default_factory=GenerationSpec)
    tracker: dict[str, Any] = field(default_factory=dict)
    paths: Paths = field(default_factory=Paths)
    step: int | None = None
    seed: int = 0
    threads: int = 2
    processes: int = 1
    device: Device = Device.cpu
    study: str | None = None
    contrasts: list[Contrast] = field(default_factory=list)
    explore: Explore = field(default_factory=Explore)
    power: Power = field(default_factory=Power)
    endpoint: Endpoint | None = field(default_factory=Endpoint)
    prices: Prices | None = None
    fail_fast: bool = False
    plan: bool = False
    output: str | None = None


WRITTEN = ("study", "tracker", "paths", "prices", "fail_fast", "plan", "output")
"""Fields that say what is written where, when a sweep stops, and what an hour costs: none changes a summary."""
STATED = ("contrasts", "explore", "power", "endpoint")
"""Fields that a study states of its cells: they change its summary, and no cell."""
CROSSED = ("seed", "facts.seed", "facts.path")
"""Knobs that say which person and which replicate: rows run over them, so that they tell no conditions apart."""
OVER = ("arm", "suite", "facts", *CROSSED)
"""Swept overrides that are no condition: each row names its arm and suite, and runs over people and replicates."""

ADAPTING = ("lora", "training", "variations", "step", "processes", "generation.drafts")
"""Groups and knobs that shape adapters alone: an arm without one stands under whichever of it came first."""


def register() -> None:
    """Make the schema known to Hydra as ``schema``."""
    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    store.store(name="schema", node=Config)
    # For each group that --help lists, Hydra copies all that was ever stored, a second in all. Nobody changes the
    # copies: what is loaded from the store is copied again.
    vars(store)["__deepcopy__"] = lambda _: store
