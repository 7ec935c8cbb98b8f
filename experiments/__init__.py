"""The Hydra program: cells, store, studies, tracking."""
