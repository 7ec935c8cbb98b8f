"""Many ways of asking one fact, and which of them are trained, tuned on, tested."""
