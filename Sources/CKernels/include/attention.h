#ifndef PROMPTINTERN_ATTENTION_H
#define PROMPTINTERN_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>

/// Keys and values of 32 positions of one layer: for each key/value head the keys, [head_size][32], then the values,
/// [32][head_size rounded up to 16]; float32 or, with `half`, IEEE half precision. Unused places hold zeros or any
/// finite number.
enum { pi_cache_positions = 32 };

/// Elements of one value row.
static inline size_t pi_cache_value_width(size_t head_size) {
    return (head_size + 15) / 16 * 16;
}

/// Bytes of a block of one layer.
static inline size_t pi_cache_block_bytes(size_t key_value_heads, size_t head_size, bool half) {
    return key_value_heads * pi_cache_positions * (head_size + pi_cache_value_width(head_size)) * (half ? 2 : 4);
}

/// Causal attention of consecutive query rows of one sequence over its cache in one layer.
typedef struct pi_attention {
    /// Rotated queries; row r, head h at queries + r * query_stride + h * head_size.
    const float *queries;
    size_t query_stride;
    /// Answer, arranged like the queries.
    float *out;
    size_t out_stride;
    /// The blocks of the sequence, in order; position p of the layer lies in blocks[p / 32] + layer_offset bytes.
    const void *const *blocks;
    size_t layer_offset;
    /// Row r stands at position start + r and sees that position and the `window - 1` before it (0: all).
    size_t start;
    size_t window;
    size_t heads;
    size_t key_value_heads;
    size_t head_size;
    float scale;
    bool half;
} pi_attention;

#endif
