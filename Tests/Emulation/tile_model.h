// The tile operations in plain C, from their definition in Intel's manual (volume 2, LDTILECFG to TILEZERO; bfloat16 sums
// of even and odd inputs apart, denormals as zero): so that a processor without tiles can run the very source of the
// products. What would fault there ends the program here.
#ifndef TILE_MODEL_H
#define TILE_MODEL_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local struct {
    pi_tile_shape shape;
    uint8_t bytes[8][16][64];
} tiles;

#define MODEL(CONDITION) ((CONDITION) ? (void)0 : (fprintf(stderr, "tiles fault: %s\n", #CONDITION), abort()))

static inline void tile_configure(const pi_tile_shape *shape) {
    MODEL(shape->palette == 1 && shape->start_row == 0);
    for (int i = 0; i < 14; i++) MODEL(shape->reserved[i] == 0);
    for (int t = 0; t < 16; t++) {
        MODEL(shape->rows[t] <= (t < 8 ? 16 : 0) && shape->row_bytes[t] <= (t < 8 ? 64 : 0));
        MODEL((shape->rows[t] == 0) == (shape->row_bytes[t] == 0));
    }
    memset(&tiles, 0, sizeof tiles);
    tiles.shape = *shape;
}

static inline void tile_release(void) {
    memset(&tiles, 0, sizeof tiles);
}

static inline void model_in_use(int tile) {
    MODEL(tiles.shape.palette == 1 && tiles.shape.rows[tile] > 0);
}

static inline void tile_zero(int tile) {
    model_in_use(tile);
    memset(tiles.bytes[tile], 0, sizeof tiles.bytes[tile]);
}

static inline void tile_load(int tile, const void *from, size_t stride) {
    tile_zero(tile);
    for (size_t r = 0; r < tiles.shape.rows[tile]; r++)
        memcpy(tiles.bytes[tile][r], (const uint8_t *)from + r * stride, tiles.shape.row_bytes[tile]);
}

static inline void tile_store(int tile, void *to, size_t stride) {
    model_in_use(tile);
    for (size_t r = 0; r < tiles.shape.rows[tile]; r++)
        memcpy((uint8_t *)to + r * stride, tiles.bytes[tile][r], tiles.shape.row_bytes[tile]);
}

static inline void model_fits(int sums, int rows, int weights) {
    const pi_tile_shape *s = &tiles.shape;
    model_in_use(sums), model_in_use(rows), model_in_use(weights);
    MODEL(sums != rows && rows != weights && sums != weights);
    MODEL(s->row_bytes[sums] % 4 == 0 && s->row_bytes[rows] % 4 == 0 && s->row_bytes[weights] % 4 == 0);
    MODEL(s->rows[sums] == s->rows[rows] && s->row_bytes[sums] == s->row_bytes[weights]);
    MODEL(s->row_bytes[rows] / 4 == s->rows[weights]);
}

static inline float model_flushed(float value) {
    return fabsf(value) < 0x1p-126f ? copysignf(0, value) : value;
}

static inline float model_widened(const uint8_t *from) {
    uint32_t bits = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return model_flushed(value);
}

static inline void tile_multiply_bf16(int sums, int rows, int weights) {
    model_fits(sums, rows, weights);
    for (int m = 0; m < tiles.shape.rows[sums]; m++)
        for (int n = 0; n < tiles.shape.row_bytes[sums] / 4; n++) {
            float part[2] = {0, 0}, sum;
            for (int k = 0; k < tiles.shape.rows[weights]; k++)
                for (int i = 0; i < 2; i++)
                    part[i] = model_flushed(fmaf(model_widened(&tiles.bytes[rows][m][4 * k + 2 * i]),
                                                 model_widened(&tiles.bytes[weights][k][4 * n + 2 * i]), part[i]));
            memcpy(&sum, &tiles.bytes[sums][m][4 * n], sizeof sum);
            sum = model_flushed(model_flushed(sum) + model_flushed(part[0] + part[1]));
            memcpy(&tiles.bytes[sums][m][4 * n], &sum, sizeof sum);
        }
}

static inline void tile_multiply_int8(int sums, int rows, int weights) {
    model_fits(sums, rows, weights);
    for (int m = 0; m < tiles.shape.rows[sums]; m++)
        for (int n = 0; n < tiles.shape.row_bytes[sums] / 4; n++) {
            int32_t sum;
            memcpy(&sum, &tiles.bytes[sums][m][4 * n], sizeof sum);
            for (int k = 0; k < tiles.shape.row_bytes[rows]; k++)
                sum += (int8_t)tiles.bytes[rows][m][k] * (int8_t)tiles.bytes[weights][k / 4][4 * n + k % 4];
            memcpy(&tiles.bytes[sums][m][4 * n], &sum, sizeof sum);
        }
}

#endif
