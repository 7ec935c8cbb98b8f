"""Base models: where they come from, what they are (fingerprints), how they are loaded."""
