"""docs/detector.md §4.1, §4.2 and §4.3 word for word, one sample at a time: what the reference must equal."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from kneesleeve.reference import Calibration
from kneesleeve.reference.trig import COS_Q14, SIN_Q14

SMALL = 1 << 29


def sx(u: int) -> int:
    return ((u & (SMALL - 1)) ^ (SMALL >> 1)) - (SMALL >> 1)


def w(u: int) -> int:
    return u & (SMALL - 1)


def clamp(v: int, low: int, high: int) -> int:
    return min(max(v, low), high)


def mdeg(u: int) -> int:
    return (clamp(u, -(1 << 24), 1 << 24) * 35 + 52) // 104


def median(values: list[int]) -> int:
    v, middle = sorted(values), len(values) // 2
    return v[middle] if len(v) % 2 else (v[middle - 1] + v[middle]) // 2


def dot(row, v) -> int:
    return sum(int(r) * int(c) for r, c in zip(row, v, strict=True))


@dataclass
class Kernel:
    """Lists over the samples since k0."""

    sy: list[int] = field(default_factory=list)
    fr: list[int] = field(default_factory=list)
    az: list[int] = field(default_factory=list)
    theta: list[int] = field(default_factory=list)
    a: list[int] = field(default_factory=list)
    z: list[int] = field(default_factory=list)
    b: list[int] = field(default_factory=list)
    clipped: list[bool] = field(default_factory=list)
    g: int = 0  # G

    def step(self, c: Calibration, off: int, shank, accel, thigh) -> None:
        """§4.1: one emitted sample."""
        (xs, ys, zs), (xt, yt, zt), s = c.shank_rows, c.thigh_rows, c.side

        def rate(row, v, bias, side=1):
            return (side * dot(row, v) - side * bias + 4096) >> 13

        sx_rate, sy, sz = rate(xs, shank, c.biases[0], s), rate(ys, shank, c.biases[1]), rate(zs, shank, 0, s)
        tx, ty, tz = rate(xt, thigh, c.biases[2], s), rate(yt, thigh, c.biases[3]), rate(zt, thigh, c.biases[4], s)
        fr = sy - ty
        self.g = w(self.g + fr)
        theta = sx(self.g + off)
        i = clamp((theta + 512) >> 10, -87, 435) + 87
        cos, sin = int(COS_Q14[i]), int(SIN_Q14[i])
        r = sx_rate - ((cos * tx - sin * tz + 8192) >> 14)
        qz = sz - ((sin * tx + cos * tz + 8192) >> 14)
        for sums, value in ((self.a, r), (self.z, qz), (self.b, sx_rate)):
            sums.append(w((sums[-1] if sums else 0) + value))
        self.sy.append(sy)
        self.fr.append(fr)
        self.az.append(rate(zs, accel, 0))
        self.theta.append(theta)
        self.clipped.append(any(abs(int(v)) >= 32700 for v in (*shank, *thigh)))


class Level:
    """§4.2: the entries E and the offset that they give."""

    def __init__(self, c: Calibration, window: int, mv: int) -> None:
        self.c, self.window = c, window if c.has_flex else 64
        f = self.f(mv)
        self.entries = [w(0 if f is None else f)]

    def f(self, mv: int) -> int | None:
        if not self.c.has_flex:
            return 109943
        m = clamp(mv - self.c.mv0, -1500, 1500)
        f = self.c.a_u + (((self.c.b_q8 + ((self.c.c_q16 * m) >> 8)) * m) >> 8)
        return f if 50 <= mv <= 3200 else None

    def off(self) -> int:
        last = self.entries[-self.window :]
        total = sum(clamp(sx(e - last[-1]), -(1 << 23), 1 << 23) for e in last)
        return w(last[-1] + total // len(last))

    def push(self, mv: int, g: int) -> None:
        f = self.f(mv)
        if f is not None:
            self.entries.append(w(f - g))


def machine(sy, fr, az, arm) -> list[tuple[int, int, int, int]]:
    """§4.3: (ic, to, complete, jerk) of every complete stance."""
    jz = [0, *[b - a for a, b in pairwise(az)]]
    mode, run, zc, ic, jerk, ext, out = 0, 0, 0, 0, 0, 0, []
    for k in range(16, len(sy)):
        run = run + 1 if sy[k] < arm else 0
        if mode == 0:
            mode = 1 if run >= 25 else 0
        elif mode == 1:
            if sy[k] >= 0:
                mode, zc = 2, k
        elif mode == 2:
            if k == zc + 19:
                best = max(range(zc - 3, zc + 20), key=lambda i: (jz[i], -i))
                ic, jerk, mode, ext = best - 1, jz[best], 3, 0
        elif run == 20:
            mode = 0
        elif k >= max(ic + 20, zc + 20):
            if k - ic > 104:
                mode = 0
            elif fr[k] < 0:
                ext = 1
            elif ext == 1 and fr[k] >= 1429:
                out.append((ic, k - 5, k, jerk))
                mode = 0
    return out
