// kernel.step of shared/kneecore/kernel.py in plain C: what its cost is compared with. The same words in, the same words out.
// Usage: kernel_twin RUN REPEATS OUT. RUN is written by benchmarks/instructions.py; OUT gets the state after every batch of
// the last repetition and then the history.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 12, COEFFICIENTS = 29, STATE = 35, SAMPLES = 512, COLUMNS = 6, TABLE = 2 * 523 };
enum { S_K, S_G, S_A, S_Z, S_B, S_MODE, S_RUN, S_ZC, S_IC, S_EXT, S_JERK, S_CLIP, S_CLIPS, S_WARM, S_EVENTS, S_EVENT0 };
#define BIAS 0x10000000
#define H_BIAS 0x100000
#define WRAP 0x1FFFFFFF

static inline int32_t rate(const int32_t *row, const uint16_t *u, int32_t constant)
{
    return (row[0] * u[0] + row[1] * u[1] + row[2] * u[2] - constant) >> 13;
}

static inline int clipped(uint16_t u)
{
    return (uint16_t)(u + 68) <= 136;
}

static int32_t largest_step(const int32_t *history, int32_t zc, int32_t *ic)
{
    int32_t best = -H_BIAS;
    for (int32_t q = zc - 3; q < zc + 20; q++) {
        int32_t jz = history[(q & 511) * COLUMNS + 4] - history[((q - 1) & 511) * COLUMNS + 4];
        if (jz > best) {
            best = jz;
            *ic = q - 1;
        }
    }
    return best;
}

__attribute__((noinline)) static void step(const uint16_t *restrict samples, int32_t n, int32_t off, const int32_t *restrict co,
                                           int32_t *restrict st, int32_t *restrict history, const uint16_t *restrict table)
{
    int32_t k = st[S_K], g = st[S_G], abd = st[S_A], axial = st[S_Z], front = st[S_B], mode = st[S_MODE], run = st[S_RUN];
    int32_t zc = st[S_ZC], ic = st[S_IC], ext = st[S_EXT], jerk = st[S_JERK], clip = st[S_CLIP] - BIAS, clips = st[S_CLIPS];
    int32_t warm = st[S_WARM], events = 0, arm = co[24];

    for (const uint16_t *u = samples, *end = samples + n * CHANNELS; u < end; u += CHANNELS, k++) {
        int32_t sx = rate(co, u, co[18]), sy = rate(co + 3, u, co[19]), sz = rate(co + 25, u, co[28]);
        int32_t tx = rate(co + 9, u + 6, co[20]), ty = rate(co + 12, u + 6, co[21]), tz = rate(co + 15, u + 6, co[22]);
        if (clipped(u[0]) || clipped(u[1]) || clipped(u[2]) || clipped(u[6]) || clipped(u[7]) || clipped(u[8])) {
            clip = k;
            clips++;
        }
        int32_t fr = sy - ty;
        g = (g + fr) & WRAP;
        int32_t theta = (g + off) & WRAP;
        int32_t i = ((theta ^ BIAS) - BIAS + 512) >> 10;
        i = i < -87 ? -87 : i > 435 ? 435 : i;
        int32_t cosine = table[2 * (i + 87)] - 32768, sine = table[2 * (i + 87) + 1] - 32768;
        abd = (abd + sx - ((cosine * tx - sine * tz + 8192) >> 14)) & WRAP;
        axial = (axial + sz - ((sine * tx + cosine * tz + 8192) >> 14)) & WRAP;
        front = (front + sx) & WRAP;
        int32_t *h = history + (k & 511) * COLUMNS;
        h[0] = abd;
        h[1] = theta;
        h[2] = axial;
        h[3] = fr + H_BIAS;
        h[4] = rate(co + 6, u + 3, co[23]) + H_BIAS;
        h[5] = front;

        if (warm > 0) {
            warm--;
            continue;
        }
        run = sy < arm ? run + 1 : 0;
        if (mode == 0) {
            if (run >= 25)
                mode = 1;
        } else if (mode == 1) {
            if (sy >= 0) {
                mode = 2;
                zc = k;
            }
        } else if (mode == 2) {
            if (k == zc + 19) {
                jerk = largest_step(history, zc, &ic) + H_BIAS;
                mode = 3;
                ext = 0;
            }
        } else if (run == 20) {
            mode = 0;
        } else if (k >= ic + 20 && k >= zc + 20) {
            if (k - ic > 104) {
                mode = 0;
            } else if (fr < 0) {
                ext = 1;
            } else if (ext == 1 && fr >= 1429) {
                mode = 0;
                if (events < 4) {
                    int32_t *e = st + S_EVENT0 + 5 * events++;
                    e[0] = ic;
                    e[1] = k - 5;
                    e[2] = jerk;
                    e[3] = clip + BIAS;
                    e[4] = clips;
                }
            }
        }
    }
    st[S_K] = k, st[S_G] = g, st[S_A] = abd, st[S_Z] = axial, st[S_B] = front, st[S_MODE] = mode, st[S_RUN] = run;
    st[S_ZC] = zc, st[S_IC] = ic, st[S_EXT] = ext, st[S_JERK] = jerk, st[S_CLIP] = clip + BIAS, st[S_CLIPS] = clips;
    st[S_WARM] = warm, st[S_EVENTS] = events;
}

static int32_t history[SAMPLES * COLUMNS];

int main(int argc, char **argv)
{
    FILE *in = argc == 4 ? fopen(argv[1], "rb") : NULL;
    int32_t co[COEFFICIENTS], fresh[STATE], st[STATE], batches;
    uint16_t table[TABLE];
    if (!in || fread(co, sizeof co, 1, in) != 1 || fread(fresh, sizeof fresh, 1, in) != 1 ||
        fread(table, sizeof table, 1, in) != 1 || fread(&batches, sizeof batches, 1, in) != 1)
        return 1;
    int32_t *head = malloc(sizeof(int32_t[2]) * batches); // n, off of each batch
    if (fread(head, sizeof(int32_t[2]), batches, in) != (size_t)batches)
        return 1;
    size_t total = 0;
    for (int32_t b = 0; b < batches; b++)
        total += head[2 * b];
    uint16_t *samples = malloc(total * CHANNELS * sizeof *samples);
    if (fread(samples, CHANNELS * sizeof *samples, total, in) != total)
        return 1;
    fclose(in);
    for (int i = 0; i < COEFFICIENTS; i++) // C needs no bias: its words are signed
        co[i] -= (i >= 18 && i <= 23) || i == 28 ? 2 * BIAS : BIAS;
    FILE *out = fopen(argv[3], "wb");
    if (!out)
        return 1;
    for (int r = atoi(argv[2]); r > 0; r--) {
        const uint16_t *u = samples;
        memcpy(st, fresh, sizeof st);
        for (int32_t b = 0; b < batches; u += CHANNELS * head[2 * b], b++) {
            step(u, head[2 * b], head[2 * b + 1], co, st, history, table);
            if (r == 1)
                fwrite(st, sizeof st, 1, out);
        }
    }
    fwrite(history, sizeof history, 1, out);
    return fclose(out) != 0;
}
