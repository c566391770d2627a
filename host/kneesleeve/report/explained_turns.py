"""How a sensor sits, in words: as turns from straight, where a person can picture them."""

from __future__ import annotations

from kneesleeve.report.explained import SensorAxes

_SPEAKABLE_DEG = 60.0  # a sensor turned further cannot be described by three turns that mean something


def turns(sensor: SensorAxes, side: str) -> str:
    """How a sensor sits, as turns from straight: three at most, none under half a degree."""
    if not speakable(sensor):
        return _far_out(sensor)
    parts = []
    if about_word(sensor, side) != "0°":
        parts.append(f"turned {about_word(sensor, side)} about the long axis")
    leans = [word for word in (forward_word(sensor), sideways_word(sensor, side)) if word != "0°"]
    if leans:
        parts.append("leaning " + " and ".join(leans))
    return ", ".join(parts) or "straight"


def speakable(sensor: SensorAxes) -> bool:
    """True where three turns say something a person can picture."""
    return max(sensor.tilt_deg, sensor.axis_deg) <= _SPEAKABLE_DEG


def about_word(sensor: SensorAxes, side: str) -> str:
    """13° outward: where its front points."""
    return _turned(sensor.about_long_deg, _sideways(sensor.about_long_deg, side))


def forward_word(sensor: SensorAxes) -> str:
    """5° forward: where its top points, seen from the side."""
    return _turned(sensor.forward_deg, "forward" if sensor.forward_deg > 0 else "back")


def sideways_word(sensor: SensorAxes, side: str) -> str:
    """3° inward: where its top points, seen from the front."""
    return _turned(sensor.left_deg, _sideways(sensor.left_deg, side))


def _far_out(sensor: SensorAxes) -> str:
    if sensor.tilt_deg > 180 - _SPEAKABLE_DEG:
        return "with its top down"
    if sensor.tilt_deg < _SPEAKABLE_DEG and sensor.axis_deg > 180 - _SPEAKABLE_DEG:
        return "with its front to the back, or it moves as the other sensor should"
    return "too far out of place to say it in turns"


def _turned(angle_deg: float, word: str) -> str:
    whole = round(abs(angle_deg))
    return f"{whole}° {word}" if whole else "0°"


def _sideways(left_deg: float, side: str) -> str:
    return "outward" if (left_deg > 0) == (side == "L") else "inward"
