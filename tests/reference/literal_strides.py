"""docs/detector.md §4.3.1, §4.5 and §5 word for word: gate, bias refresh and the numbers of one stride."""

from __future__ import annotations

from dataclasses import replace

from kneecore import stride as f
from kneesleeve.reference import Aligned, Calibration

from .literal import Kernel, Level, clamp, dot, machine, mdeg, median, sx

Row = dict[int, int]


def gated(n: Kernel, params) -> list[tuple[int, int, int, int, int, int]]:
    """§4.3.1: (ic, to, complete, jerk, ic', to') of every stride."""
    out, before = [], None
    for ic, to, complete, jerk in machine(n.sy, n.fr, n.az, (-100 * params["arm_dps"]) // 7):
        hard = jerk >= params["contact_jerk_mg"] * 1000 // 488
        if not (25 <= to - ic <= 79 and hard and sum(n.az[ic : to + 1]) >= 2254 * (to - ic + 1)):
            continue
        if before is not None:
            p, at = ic - before[0], n.theta[ic]
            swing = max(sx(t - at) for t in n.theta[before[0] : ic + 1])
            stance = max(sx(t - at) for t in n.theta[ic : to + 1])
            if 94 <= p <= 250 and 2 * (to - ic) <= p and swing >= 104000 and stance >= 8914:
                out.append((ic, to, complete, jerk, *before))
        before = ic, to
    return out


class Slope:
    """§5.2: the slope of a donning."""

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.judged, self.slope = 0, 0

    def take(self, n: Kernel, ic: int, complete: int, to_before: int, judged: bool) -> int:
        swing = range(to_before, ic)
        u = [clamp(sx(n.theta[k] - n.theta[ic]) >> 9, -1023, 1023) for k in swing]
        v = [clamp(sx(n.a[k] - n.a[ic]) >> 9, -1023, 1023) for k in swing]
        mu, mv = sum(u) // len(u), sum(v) // len(v)
        c_uu = sum((x - mu) ** 2 for x in u)
        c_uv = sum((x - mu) * (y - mv) for x, y in zip(u, v, strict=True))
        usable = len(u) >= 40 and c_uu >= 3364 * len(u) and not any(n.clipped[to_before : complete + 1])
        if self.judged < 4 and usable and len(self.kept) < 8:
            self.kept.append(clamp(c_uv // (c_uu >> 10), -512, 512))
        self.judged += judged
        if judged and self.judged == 4:
            self.slope = median(self.kept) if len(self.kept) >= 3 else 0
        return self.slope


def measured(n: Kernel, stride: tuple[int, ...], params, slope: Slope) -> Row:
    """§5: the numbers of one stride, by field."""
    ic, to, complete, jerk, ic_before, to_before = stride
    p, count = ic - ic_before, to - ic
    span = range(min(to - p, ic - 4), to + 1)
    d, b, e = ({k: clamp(sx(x[k] - x[ic]), -(1 << 21), 1 << 21) for k in span} for x in (n.a, n.b, n.z))
    stance, lead = range(ic, to + 1), range(ic - 4, ic + 1)
    middle = range(ic + (30 * count + 50) // 100, ic + (75 * count + 50) // 100 + 1)
    q = len(middle)

    def level(x) -> int:
        return (sum(x[k] for k in lead) + 2) // 5

    def rise(x) -> int:
        return (sum(x[k] for k in middle) + q // 2) // q - level(x)

    g = sum(e[k] for k in range(to - p, to)) // p
    y, total = {}, 0
    for i in range(ic - 4, to + 1):
        total += (n.fr[i] * (clamp(e[i] - g, -(1 << 17), 1 << 17) >> 6)) >> 10
        y[i] = ((total >> 4) * ((394 * params["rotation_gain_pct"]) // 100)) >> 6
    flexion = {k: clamp(sx(n.theta[k] - n.theta[ic]), -(1 << 19), 1 << 19) for k in range(ic - 4, to + 1)}
    judged = not any(n.clipped[to - p : complete + 1])
    kappa = (slope.take(n, ic, complete, to_before, judged) * params["crosstalk_gain_pct"]) // 100
    h = sum(d[k] for k in range(to - p, to)) // p
    peak = max(stance, key=lambda k: (d[k], -k))
    t = {k: b[k] - d[k] for k in stance}
    out = {
        f.COLLAPSE: mdeg(rise({k: d[k] - y[k] for k in y}) - ((rise(flexion) * kappa) >> 10)),
        f.RAW_COLLAPSE: mdeg(rise(d)),
        f.EXCURSION: mdeg(d[peak] - level(d)),
        f.ABDUCTION_AT_IC: mdeg(level(d) - h),
        f.ABDUCTION_PEAK: mdeg(d[peak] - h),
        f.PEAK_SAMPLES: peak - ic,
        f.SHANK_RANGE: mdeg(max(b[k] for k in stance) - min(b[k] for k in stance)),
        f.THIGH_RANGE: mdeg(max(t.values()) - min(t.values())),
    }
    if not judged:
        out = dict.fromkeys(out, f.NULL)
    at_peak = max(n.theta[k] for k in stance)
    return out | {
        f.JUDGED: int(judged), f.JERK: jerk, f.STRIDE_SAMPLES: p, f.FLEXION_AT_IC: mdeg(n.theta[ic]),
        f.FLEXION_PEAK: mdeg(at_peak),
    }  # fmt: skip


class Blocks:
    """§4.5: blocks of 25 batches, and the biases that six steady ones give."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, list[int]]] = []
        self.blocks: list[list[tuple[int, list[int]]]] = []

    def take(self, gyro) -> list[int] | None:
        """One batch that emitted samples, rows of six channels: bias16, or None."""
        self.batches.append((len(gyro), [sum(int(row[c]) for row in gyro) for c in range(6)]))
        if len(self.batches) < 25:
            return None
        self.blocks, self.batches = [*self.blocks, self.batches][-6:], []
        if len(self.blocks) < 6 or not all(self.still(block) for block in self.blocks):
            return None
        n, g = zip(*[self.total(block) for block in self.blocks], strict=True)
        for c in range(6):
            means = [gc[c] // m for m, gc in zip(n, g, strict=True)]
            if max(means) - min(means) > 24:
                return None
        self.blocks = []
        return [(16 * sum(gc[c] for gc in g)) // sum(n) for c in range(6)]

    @staticmethod
    def total(block) -> tuple[int, list[int]]:
        return sum(m for m, _ in block), [sum(g[c] for _, g in block) for c in range(6)]

    @staticmethod
    def still(block) -> bool:
        means = [[g[c] // m for m, g in block] for c in range(6)]
        return all(max(v) - min(v) <= 143 and min(v) >= -214 and max(v) <= 214 for v in means)


def kernels(aligned: Aligned, c: Calibration, window: int) -> tuple[list[tuple[Kernel, int]], list[int]]:
    """The kernel of each stretch with its first position, of a given calibration; and the batches of refreshes."""
    found, refreshed, first = [], [], 0
    blocks, level = Blocks(), Level(c, window, int(aligned.flex_mv[0]))
    kernel = Kernel()
    for batch, (end, mv) in enumerate(zip(aligned.ends.tolist(), aligned.flex_mv.tolist(), strict=True), 1):
        if first in aligned.resumes.tolist() and end > first:
            kernel, blocks, level = Kernel(), Blocks(), Level(c, window, mv)
        if not kernel.sy and end > first:
            found.append((kernel, first))
        off = level.off()
        for i in range(first, end):
            kernel.step(c, off, aligned.shank_gyro[i], aligned.shank_accel[i], aligned.thigh_gyro[i])
        if end > first:
            level.push(mv, kernel.g)
            gyro = [[*aligned.shank_gyro[i], *aligned.thigh_gyro[i]] for i in range(first, end)]
            bias16 = blocks.take(gyro)
            if bias16 is not None:
                rows = [*((r, bias16[:3]) for r in c.shank_rows[:2]), *((r, bias16[3:]) for r in c.thigh_rows)]
                c = replace(c, biases=tuple(dot(r, b) >> 4 for r, b in rows))
                refreshed.append(batch)
        first = end
    return found, refreshed


def detected(aligned: Aligned, c: Calibration, params) -> tuple[list[Row], list[int]]:
    """Every stride's fields but those of §6 and §7, of a given calibration; and the batches of refreshes."""
    rows, slope, lost = [], Slope(), 0
    found, refreshed = kernels(aligned, c, params["flex_window"])
    for kernel, first in found:
        lost += int(aligned.k[first] - aligned.k[first - 1] - 1) if first else 0
        clipped_from = 0
        for stride in gated(kernel, params):
            ic, to, complete = stride[:3]
            batch = next(j for j, last in enumerate(aligned.ends.tolist(), 1) if last > first + complete)
            counts = {
                f.CLIPPED_SAMPLES: sum(kernel.clipped[clipped_from : complete + 1]), f.LOST_SAMPLES: lost,
                f.IC: int(aligned.k[first + ic]), f.TO: int(aligned.k[first + to]), f.BATCH: batch,
                f.INDEX: len(rows),
            }  # fmt: skip
            rows.append(measured(kernel, stride, params, slope) | counts)
            lost, clipped_from = 0, complete + 1
    return rows, refreshed
