"""Takes code out of the heap that is not needed for a while: its next import reads it from the flash again.

Only for modules of which nobody keeps a class, an object or a function.
"""

import sys

DONNING = ("kneecore.donning", "kneecore.fit")
# all that kneecore.detection loads and nothing else needs
DETECTION = tuple(
    [
        "kneecore." + name
        for name in (
            "detection",
            "bias",
            "cadence",
            "flexion",
            "strides",
            "crosstalk",
            "cue",
            "decision",
            "gate",
            "stance",
            "saved",
        )
    ]
)


def unload(*names):
    """Modules by their full name, as in "kneecore.fit"; those that are not loaded are no matter."""
    for name in names:
        if sys.modules.pop(name, None):
            package, _, module = name.rpartition(".")
            if hasattr(sys.modules[package], module):  # not where its loading broke off
                delattr(sys.modules[package], module)
