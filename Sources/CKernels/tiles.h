#ifndef PROMPTINTERN_TILES_H
#define PROMPTINTERN_TILES_H

#include <stddef.h>
#include <stdint.h>

/// The tile operations (AMX) that the products use: the processor's, or with PI_TILE_MODEL a model in plain C, so that
/// the very source of the products can be checked where no processor has tiles. Tile numbers are constants.

/// What `ldtilecfg` reads: rows and bytes a row of every tile.
typedef struct pi_tile_shape {
    uint8_t palette;
    uint8_t start_row;
    uint8_t reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} pi_tile_shape;

_Static_assert(sizeof(pi_tile_shape) == 64, "the shape is what ldtilecfg reads");

#ifdef PI_TILE_MODEL
#include PI_TILE_MODEL
#else
#include <immintrin.h>
/// Takes the shape of the tiles from `shape` and zeroes them all.
#define tile_configure(shape) _tile_loadconfig(shape)
/// Gives the tiles up, so that a thread switch need not keep them.
#define tile_release() _tile_release()
#define tile_zero(tile) _tile_zero(tile)
/// Rows that lie `stride` bytes apart.
#define tile_load(tile, from, stride) _tile_loadd(tile, from, stride)
#define tile_store(tile, to, stride) _tile_stored(tile, to, stride)
/// sums[m][n] += rows[m][2k] * weights[k][2n] + rows[m][2k+1] * weights[k][2n+1], bfloat16 into float32.
#define tile_multiply_bf16(sums, rows, weights) _tile_dpbf16ps(sums, rows, weights)
/// The same by fours of signed bytes, into int32, exactly.
#define tile_multiply_int8(sums, rows, weights) _tile_dpbssd(sums, rows, weights)
#endif

/// True where the processor has tiles with both products and the system lets this process use them; asks the system
/// once.
_Bool pi_tiles_usable(void);

#endif
