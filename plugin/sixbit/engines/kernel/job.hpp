// What the kernel is asked to do: plain data, filled once by kernel.cpp and only read afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sixbit {

// Pixels in memory, in any order: the strides are in elements and may be negative.
struct Pixels {
    void* data;
    std::ptrdiff_t row, pixel, channel;
};

enum class Depth { u8, u16, f32 };

// One way of light through the filter: which coordinates, which gain, which transfer curve.
struct Channel {
    int set;              // index of its coordinate set (planes with the same polynomial share one)
    int gain;             // index of its gain field, -1: none
    const float* map;     // gain map of its plane, rows x columns, or null
    const float* decode;  // code value -> linear light: an entry a code, 65536 in 0..1 for floating point
    const void* encode;   // linear light -> code value, see Job::encode_origin; codes for 8 bits, else floats
    // The same as 32 polynomials, or null: coefficients by power, for each power one a polynomial, then an origin. For 8
    // bits they are cubics. To light: of the code, one for 8 codes each. Back, to code + 1/2: of l + origin, one for each
    // half octave, which is the lowest 5 bits of bits(l + origin) >> 22. For 16 bits and floating point they are quartics
    // both ways, one for each quarter octave of x + origin, which is the lowest 5 bits of bits(x + origin) >> 21; they go
    // by the rest of the mantissa, -1/8..1/8 from end to end, and lead to light, or to code + 1/2, or code value.
    const float *decode_pieces, *encode_pieces;
    bool linear;          // code values are light: the tables of 16 bits and floating point are left aside
    float decode_below, decode_above;  // slopes of the curve beyond 0..1, for floating point pixels
    float encode_below, encode_above;
};

constexpr int largest_side = 1 << 24;  // single precision counts no further
constexpr int max_channels = 4;
constexpr int max_sets = 3;
constexpr int max_terms = 5;
constexpr int max_taps = 6;

struct Job {
    Depth depth;
    int width, height, channels;
    Pixels source, target;  // target is addressed by picture coordinates too
    int left, top, right, bottom;  // the region asked for

    double centre_x, centre_y, half_diagonal;
    double shift_x, shift_y;  // how far the centre lies from where it comes from
    std::vector<std::vector<double>> shift;  // P - 1 of each coordinate set, ascending powers of r
    std::vector<std::vector<double>> gain;   // G of each gain field
    int map_rows, map_columns;
    int step;  // size of the pieces in which fields are parabolas, px: 2, 4, 8 or 16; 2 is exact at every pixel

    // Weights of an interpolation with `taps` neighbours a side, as polynomials of u = t - 1/2, where t is how far
    // the point lies past its first inner neighbour: tap p weighs even(u*u) + u * odd(u*u), its mirror image
    // taps-1-p weighs even(u*u) - u * odd(u*u).
    int taps;
    float even[max_taps / 2][max_terms], odd[max_taps / 2][max_terms];

    // Entry of an encoding table for light l: (bits(l + origin) - bits(origin)) >> shift. The bits of a float are a
    // piecewise linear logarithm, so the table is fine where curves are steep, near black, and needs no root.
    float encode_origin;
    int encode_shift;

    Channel channel[max_channels];
};

constexpr int tile_width = 512;
constexpr int tile_height = 64;

struct Tile {
    int left, top, right, bottom;
};

// All the memory a thread works in, allocated before it starts.
struct Scratch {
    static constexpr std::size_t window_floats = std::size_t(1) << 18;

    std::vector<float> window = std::vector<float>(window_floats);
    std::vector<float> nodes;

    explicit Scratch(const Job& job)
        : nodes((2 * job.shift.size() + job.gain.size()) * (2 * tile_width / job.step + 1) * (2 * tile_height / job.step + 1)) {}
};

// The tile must not cross a multiple of the tile size: nodes are anchored there, which makes the outcome for a pixel
// independent of the region it is asked for with.
using CorrectTile = void (*)(const Job&, const Tile&, Scratch&);

}  // namespace sixbit
