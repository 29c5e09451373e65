"""LatentSync workers on real cards: how they add up, and what becomes of one that is killed."""
