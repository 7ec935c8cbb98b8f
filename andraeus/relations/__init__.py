"""The catalogue of personal relations: what they are called, how they are stated and asked."""
