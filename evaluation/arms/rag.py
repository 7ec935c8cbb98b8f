"""Retrieval-augmented generation: sentence embeddings in a FAISS index over the fact statements."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from andraeus.errors import UserError
from andraeus.hashing import content_hash, file_sha256
from andraeus.models.package import Package
from andraeus.models.resolve import ModelFiles, ModelSpec, resolve
from evaluation.arms.arm import Arm, Prompt, Template
from evaluation.suites.item import Item, Material

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


# Files by which sentence-transformers pools, cuts and normalises.
SETTINGS = (
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
)


@dataclass(frozen=True)
class Embedding:
    """Which sentence-embedding model retrieves (see `andraeus.models.resolve.ModelSpec`)."""

    name: str
    repo: str | None = None
    revision: str | None = None
    path: str | None = None
    package: Package | None = None

    def files(self) -> ModelFiles:
        """Find the model's files."""
        return resolve(ModelSpec(self.name, self.repo, self.revision, self.path, self.package))

    def content(self) -> str:
        """Return the hash of all that decides an embedding: weights, tokenizer, and what is done with both."""
        files = self.files()
        settings = {name: file_sha256(files.folder / name) for name in SETTINGS if (files.folder / name).is_file()}
        return content_hash({"weights": files.weights_hash, "tokenizer": files.tokenizer_hash, "settings": settings})


@dataclass(frozen=True)
class Rag(Arm):
    """The k statements nearest to the question, then the question.

    Attributes:
        name: Name in tables.
        template: How statements and question are worded.
        embedding: The embedding model.
        k: Statements given.
        third_person_index: Index statements about "Alex's cat" and not about "my cat".
    """

    name: str
    template: Template
    embedding: Embedding
    k: int = 3
    third_person_index: bool = False

    def check(self, material: Material) -> None:
        """Refuse a k that the index does not fit."""
        super().check(material)
        size = len(material.facts) + len(material.profile.distractors)
        if not 1 <= self.k < size:
            raise UserError(
                f"arm.k={self.k} does not fit an index of {size} statements: retrieving all of them is no "
                "retrieval; choose 1 <= arm.k < that number, or arm=system_prompt."
            )

    def prompts(self, items: list[Item], material: Material) -> list[Prompt]:
        """Return prompts with the retrieved statements, the nearest last (next to the question)."""
        import faiss

        indexed, shown = self._indexed(material), self._shown(material)
        ids = [fact.id for fact in material.facts]
        ids += [f"distractor/{i}" for i in range(len(material.profile.distractors))]
        model = _encoder(str(self.embedding.files().folder))
        vectors = model.encode(indexed, normalize_embeddings=True, show_progress_bar=False)
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        questions = [item.question for item in items]
        _, found = index.search(model.encode(questions, normalize_embeddings=True, show_progress_bar=False), self.k)
        prompts = []
        for item, row in zip(items, found.tolist(), strict=True):
            statements = [shown[i] for i in reversed(row)]
            prompts.append(Prompt(self.template.fill(item, material, statements), tuple(ids[i] for i in row)))
        return prompts

    def knowledge(self, items: list[Item], material: Material) -> dict[str, Any]:
        """Return what is indexed and what is shown of it, distractors included."""
        index = {"ids": [f.id for f in material.facts], "texts": self._indexed(material)}
        return {**super().knowledge(items, material), "index": index, "shown": self._shown(material)}

    def _indexed(self, material: Material) -> list[str]:
        owner = material.profile.name
        facts = [fact.statement(owner, third_person=self.third_person_index) for fact in material.facts]
        return [*facts, *material.profile.distractors]

    def _shown(self, material: Material) -> list[str]:
        facts = [self.template.statement(fact.id, material) for fact in material.facts]
        return [*facts, *material.profile.distractors]

    def identity(self) -> dict[str, Any]:
        """Return what embeds, what is indexed how, and how much is given."""
        return {"k": self.k, "third_person_index": self.third_person_index, "embedding": self.embedding.content()}


@cache
def _encoder(folder: str) -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    return SentenceTransformer(folder, device="cpu")
