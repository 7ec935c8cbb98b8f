"""Training: adapters, batches and the loop."""
