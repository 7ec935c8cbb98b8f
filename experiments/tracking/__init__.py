"""Trackers: who is told how a study goes, and what they are never told."""
