"""A cell: one condition, one profile, one seed; described, named by its content, and run."""

import dataclasses
import multiprocessing
from functools import cached_property
from typing import Any

from omegaconf import DictConfig, OmegaConf

from andraeus.errors import UserError
from andraeus.facts.fact import Fact, Profile
from andraeus.facts.file import notes_on
from andraeus.hashing import content_hash
from andraeus.models.load import QuantizationKind
from andraeus.models.resolve import ModelFiles, resolve
from andraeus.phrasings.answers import trained_answer
from andraeus.phrasings.build import Phrasing, Phrasings
from andraeus.phrasings.families import split_families
from andraeus.training.adapter import fingerprint
from andraeus.training.start import Start, find_start
from evaluation.arms.arm import Arm
from evaluation.suites.item import Item, Material, NothingToAsk, Suite, checked_items
from experiments.build import build
from experiments.memo import memo
from experiments.schema import Config, Drafts

# Raised when the meaning of an identity changes; old cells then no longer match.
IDENTITY_VERSION = 4
# Development phrasings per fact that a plateau rule looks at.
VALIDATION_PER_FACT = 1
# Facts of an unknown relation that are named one by one.
SHOWN_NOTES = 3


class Cell:
    """What a config asks for, without having loaded a model.

    Args:
        config: The composed configuration.
    """

    def __init__(self, config: DictConfig) -> None:
        self.config = config
        self.spec: Config = _spec(config)

    @cached_property
    def arm(self) -> Arm:
        """The arm that answers."""
        arm: Arm = build(self.config.arm, "arm")
        return arm

    @cached_property
    def suite(self) -> Suite:
        """The suite that asks."""
        suite: Suite = build(self.config.suite, "suite")
        return suite

    @cached_property
    def profile(self) -> Profile:
        """The person."""
        return memo("profile", self.config.facts, lambda: _profile(self.config))

    @cached_property
    def material(self) -> Material:
        """The facts as far as they are trained, and their questions."""
        key = OmegaConf.create({k: self.config[k] for k in ("facts", "tier", "variations", "phrasings")})
        return memo("material", key, self._material)

    @cached_property
    def files(self) -> ModelFiles:
        """The base model on this machine."""
        return memo("files", self.config.model, lambda: resolve(self.spec.model))

    @cached_property
    def items(self) -> list[Item]:
        """The questions, held against the trained ones where an adapter answers them."""
        if self.suite.overlap == "required" and not self.arm.trained:
            raise NothingToAsk(
                f"suite={self.suite.name} asks trained questions: only arm=finetune was trained on them."
            )
        return checked_items(self.suite, self.material)

    @cached_property
    def validation(self) -> list[Phrasing]:
        """The development phrasings that a stopping rule looks at."""
        draw = self.material.phrasings.draw
        return [p for fact in self.material.facts for p in draw(fact, "development", VALIDATION_PER_FACT)]

    @property
    def drafted(self) -> bool:
        """Whether answers are drafted: by an arm that was trained to say a sentence that is known.

        LLM.int8 rounds a token by what stands beside it, so there a draft could change an answer.
        """
        alone = self.spec.quantization.kind != QuantizationKind.int8
        return self.arm.trained and alone and self.spec.generation.drafts == Drafts.expected

    @property
    def drafts(self) -> list[str] | None:
        """What the model was trained to say to an item's question, or else about its fact; "" of compositions."""
        if not self.drafted:
            return None
        style = self.spec.phrasings.answers
        said = {fact.id: trained_answer(fact, style) for fact in self.material.facts}
        trained = {(p.fact, p.question): p.answer for p in self.material.trained}
        return [trained.get((item.fact, item.question), said.get(item.fact, "")) for item in self.items]

    @cached_property
    def start(self) -> Start | None:
        """The adapter that training begins at; a full fine-tune begins at the base itself."""
        place = self.spec.training.start
        return find_start(place) if place is not None and self.arm.trained and self.spec.lora.r else None

    @cached_property
    def adapter_identity(self) -> str | None:
        """Content hash of everything that shapes the adapter; ``None`` for arms without one."""
        if not self.arm.trained:
            return None
        recipe = dataclasses.asdict(self.spec.training)
        # Where a start lies is no content.
        recipe.pop("start")
        start = {"start": self.start.content} if self.start is not None else {}
        processes = {"processes": self.spec.processes} if self.spec.processes > 1 else {}
        rows = [[p.question, p.answer] for p in self.material.trained]
        watched = [[p.question, p.answer] for p in self.validation] if self.spec.training.plateau else None
        return content_hash(
            {
                "identity_version": IDENTITY_VERSION,
                "kind": "adapter",
                "base": self._base,
                "lora": dataclasses.asdict(self.spec.lora),
                "training": recipe,
                **start,
                "rows": content_hash(rows),
                "validation": content_hash(watched),
                "seed": self.spec.seed,
                "threads": self.spec.threads,
                "device": self.spec.device,
                **processes,
            }
        )

    @cached_property
    def identity(self) -> str:
        """Content hash of everything that can change the cell's answers, and of nothing else."""
        return content_hash(
            {
                "identity_version": IDENTITY_VERSION,
                "kind": "cell",
                "base": self._base,
                "adapter": self.adapter_identity,
                **self._step,
                "arm": {
                    "class": type(self.arm).__name__,
                    "template": dataclasses.asdict(self.arm.template),
                    "more": self.arm.identity(),
                    "knows": content_hash(self.arm.knowledge(self.items, self.material)),
                },
                "suite": self.suite.name,
                "items": content_hash([dataclasses.asdict(item) for item in self.items]),
                "generation": self._generation,
                "threads": self.spec.threads,
                "device": self.spec.device,
            }
        )

    @property
    def _generation(self) -> dict[str, Any]:
        decoding = dataclasses.asdict(self.spec.generation)
        # Drafts leave answers as they are but for near ties; a cell that drafts nothing is one cell under either.
        drafts = decoding.pop("drafts")
        return {**decoding, "drafts": drafts} if self.drafted else decoding

    @property
    def step(self) -> int | None:
        """The checkpoint that answers, or ``None``: the trained adapter, or an arm without one."""
        return self.spec.step if self.arm.trained else None

    @property
    def _step(self) -> dict[str, int]:
        return {} if self.step is None else {"step": self.step}

    @property
    def seed(self) -> int | None:
        """The seed, or ``None`` for an arm without randomness."""
        return self.spec.seed if self.arm.trained else None

    @property
    def choice(self) -> dict[str, str]:
        """Names of the arm and the suite."""
        return {"arm": self.arm.name, "suite": self.suite.name}

    @cached_property
    def _base(self) -> dict[str, Any]:
        return {
            **fingerprint(self.files, self.spec.quantization),
            "compute_dtype": self.spec.quantization.compute_dtype if self.spec.quantization.kind != "none" else None,
            "dtype": self.spec.model.dtype,
            "chat_template": self.spec.model.chat_template,
            "system": self.spec.chat.system,
        }

    def _material(self) -> Material:
        asked = self.spec.phrasings
        phrasings = Phrasings(self.profile, split_families(asked.split_seed), asked.answers)
        return Material(self.profile, _trained_facts(self.profile, self.spec), phrasings, self.spec.variations.n)


def _spec(config: DictConfig) -> Config:
    """Return the typed configuration; what has a ``_target_`` stays a plain mapping."""
    spec = OmegaConf.to_object(config)
    assert isinstance(spec, Config)
    return spec


def _profile(config: DictConfig) -> Profile:
    profile: Profile = build(config.facts, "facts")
    # Made once a process, so said once: while a study is planned, and not again by processes that run its cells.
    if (notes := notes_on(profile)) and multiprocessing.parent_process() is None:
        more = f" (and {len(notes) - SHOWN_NOTES} more such facts)" if len(notes) > SHOWN_NOTES else ""
        print(f"Note on {profile.name}'s facts: {' '.join(notes[:SHOWN_NOTES])}{more}", flush=True)
    return profile


def _trained_facts(profile: Profile, spec: Config) -> tuple[Fact, ...]:
    if spec.tier.components:
        needed = {c for composition in profile.compositions for c in composition.components}
        facts = tuple(f for f in profile.facts if f.id in needed)
        if not facts:
            raise UserError("tier=4 trains the components of compositions, but this profile has no compositions.")
        return facts
    tiers = {tier: [f for f in profile.facts if f.tier == tier] for tier in spec.tier.trained}
    if not any(tiers.values()):
        raise UserError(f"This profile has no facts of tier {spec.tier.name}: choose another tier.")
    if (wanted := spec.tier.per_tier) is None:
        return tuple(f for f in profile.facts if f.tier in tiers)
    if short := [f"{len(found)} of tier {tier}" for tier, found in tiers.items() if len(found) < wanted]:
        raise UserError(f"tier.per_tier={wanted} asks for more facts than {profile.name} has: {', '.join(short)}.")
    chosen = {f.id for found in tiers.values() for f in found[:wanted]}
    return tuple(f for f in profile.facts if f.id in chosen)
