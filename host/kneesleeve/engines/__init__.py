"""Three engines, one answer: numpy (the reference), core (kneecore on CPython), virtual (the firmware on a virtual sleeve)."""

ENGINES = ("numpy", "core", "virtual")
