"""The study sweeper, where Hydra looks for it."""
