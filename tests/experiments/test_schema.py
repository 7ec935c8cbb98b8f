"""Where each field of the configuration belongs."""

from dataclasses import fields

from experiments.schema import CROSSED, STATED, WRITTEN, Config

OF_THE_CELL = {
    *("model", "lora", "quantization", "training", "facts", "variations", "phrasings", "tier", "arm", "suite", "chat"),
    *("generation", "step", "seed", "threads", "processes", "device"),
}


def test_a_field_is_the_cells_or_the_studys() -> None:
    # A new one has to be put somewhere, or cells that are alike are told apart by it.
    assert sorted(field.name for field in fields(Config)) == sorted([*OF_THE_CELL, *WRITTEN, *STATED])
    assert {key.split(".")[0] for key in CROSSED} <= OF_THE_CELL
