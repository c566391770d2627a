"""Three engines, one answer: numpy (the reference), core (kneecore on CPython), virtual (firmware, virtual sleeve)."""

ENGINES = ("numpy", "core", "virtual")
