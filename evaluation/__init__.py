"""Arms, suites, grading, statistics, tables and figures. Knows nothing of Hydra."""
