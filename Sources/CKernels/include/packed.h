#ifndef PROMPTINTERN_PACKED_H
#define PROMPTINTERN_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "attention.h"

/// Weights [outputs, inputs] rearranged for the vector products of a linear layer.
///
/// Outputs are taken in panels of 16, inputs in blocks of 32; both are filled up with zeros. A panel holds its blocks
/// one after the other, so a product reads memory from front to back and never adds across a register:
/// - f32:  a block is [32 inputs][16 outputs] floats, 2,048 bytes.
/// - bf16: a block is [16 input pairs][16 outputs][2], 1,024 bytes.
/// - int8: a block is [8 input quads][16 outputs][4] signed bytes, then 16 bfloat16 scales, 544 bytes.
/// - int4: a block is [4][16 outputs][4] bytes, then 16 bfloat16 scales, 288 bytes; the low halves of row j are the
///   inputs 4j..4j+3, the high halves 16+4j..16+4j+3; a half h stands for h - 8.
/// Every instruction set uses the same arrangement: a block of bf16 or int8 is a tile of AMX as it lies, one of int4
/// after its halves are taken apart.
typedef enum pi_format { pi_format_f32 = 0, pi_format_bf16 = 1, pi_format_int8 = 2, pi_format_int4 = 3 } pi_format;

enum { pi_panel_outputs = 16, pi_block_inputs = 32 };

/// Goes up when the arrangement or the rounding of `pi_pack_panel` changes: files of packed weights depend on it.
enum { pi_arrangement = 1 };

/// Bytes of one block.
static inline size_t pi_block_bytes(pi_format format) {
    return format == pi_format_f32 ? 2048 : format == pi_format_bf16 ? 1024 : format == pi_format_int8 ? 544 : 288;
}

/// Blocks of a row of inputs.
static inline size_t pi_block_count(size_t inputs) {
    return (inputs + pi_block_inputs - 1) / pi_block_inputs;
}

/// Rows of activations, as floats and, for the integer formats, quantized by `quantize`: value = q * scale of the
/// row's block. `sums` are the sums of q in each block. The quantized rows are filled up with zeros to whole blocks.
typedef struct pi_rows {
    const float *values;
    size_t stride;
    const int8_t *quants;
    const float *scales;
    const int32_t *sums;
    size_t inputs;
    size_t count;
} pi_rows;

/// The products and the attention of one instruction set.
typedef struct pi_products {
    /// "scalar", "avx2", "avx512vnni" or "amx".
    const char *name;
    /// out[r, o] = (adding ? out[r, o] : 0) + sum_i x[r, i] * w[o, i] for the `outputs` of consecutive panels; by
    /// format. Row r of out starts at out + r * out_stride.
    void (*multiply[4])(float *out, size_t out_stride, const void *panels, size_t outputs, const pi_rows *x,
                        bool adding);
    /// Quantizes rows [count, stride] to signed bytes by blocks of 32: scale = largest magnitude / 127.
    void (*quantize)(int8_t *quants, float *scales, int32_t *sums, const float *values, size_t stride, size_t inputs,
                     size_t count);
    /// Attention of rows first_row..<first_row + rows of the query heads that share a key/value head; heads of up to
    /// 256 elements.
    void (*attend)(const pi_attention *attention, size_t key_value_head, size_t first_row, size_t rows);
    /// Stores the rotated keys and the values, [key_value_heads * head_size] each, of a position into place `slot` of
    /// a block.
    void (*store_position)(void *block, size_t slot, const float *keys, const float *values, size_t key_value_heads,
                           size_t head_size, bool half);
    /// Rows that are best multiplied together: blocks of rows are multiples of it.
    size_t row_step;
    /// True where `multiply` in bf16 rounds the rows to bfloat16 first; elsewhere they stay float32.
    bool rounds_rows;
} pi_products;

/// The portable products, every other table's twin.
const pi_products *pi_products_scalar(void);
/// The products named so, NULL when this processor cannot run them.
const pi_products *pi_products_named(const char *name);
/// The fastest products whose answers on small inputs equal the scalar ones'; checked once.
const pi_products *pi_products_best(void);
/// True when the table computes what the scalar table computes, on shapes with whole and cut tiles; bytes must agree
/// bit by bit.
bool pi_products_agree(const pi_products *products);

/// Packs a panel from up to 16 weight rows [outputs, inputs], row-major floats with `stride` between rows.
void pi_pack_panel(pi_format format, void *panel, const float *weights, size_t stride, size_t outputs, size_t inputs);
/// Writes the weights, `inputs` of them, that a panel stands for in one of its 16 outputs.
void pi_unpack_row(pi_format format, float *weights, const void *panel, size_t output, size_t inputs);

#endif
