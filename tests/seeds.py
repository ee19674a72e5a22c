"""The seeds over which tests are repeated."""

SEEDS = [0, 1]
