// The maths of one tile, from coordinates to pixels. kernel.cpp includes this once for each level of processor, in a
// namespace of its own; nothing here knows of a level.
//
// A tile goes through five steps, each a plain loop over rows of memory that stays in the cache:
//   1. place_nodes   the polynomials in double, on a coarse grid
//   2. read_window   the source pixels that the tile needs, as linear light, one plane a channel
//   3. expand        coordinates and gains of one output row, between the nodes
//   4. sample        interpolation, gain
//   5. write         linear light to pixels

#include "lanes.hpp"

// ---- 1. nodes ----

struct Nodes {
    int step, columns, rows;
    float* values;  // fields x rows x columns; fields: x and y shift of each coordinate set, then the gains

    const float* row(int field, int j) const { return values + (std::size_t(field) * rows + j) * columns; }
};

// A shift that no picture has: a point that is nowhere counts as outside of the frame.
constexpr double nowhere = 1 << 17;

inline double evaluate(const std::vector<double>& polynomial, double r) {
    double value = 0;
    for (std::size_t i = polynomial.size(); i-- > 0;) value = value * r + polynomial[i];
    return value;
}

inline float within_reach(double shift) {
    return shift > -nowhere && shift < nowhere ? float(shift) : float(nowhere);
}

inline Nodes place_nodes(const Job& job, const Tile& tile, int origin_x, int origin_y, Scratch& scratch) {
    Nodes nodes{job.step, tile_width / job.step + 1, tile_height / job.step + 1, scratch.nodes.data()};
    const std::size_t field = std::size_t(nodes.rows) * nodes.columns;
    const std::size_t sets = job.shift.size();
    const int last_row = (tile.bottom - 1 - origin_y) / job.step + 1;
    const int first_column = (tile.left - origin_x) / lanes * lanes / job.step;  // whole blocks
    const int last_column = ((tile.right - 1 - origin_x) / lanes * lanes + lanes - 1) / job.step + 1;
    for (int j = (tile.top - origin_y) / job.step; j <= last_row; ++j) {
        const double y = origin_y + j * job.step - job.centre_y;
        for (int i = first_column; i <= last_column; ++i) {
            const double x = origin_x + i * job.step - job.centre_x;
            const double r = std::sqrt(x * x + y * y) / job.half_diagonal;
            float* node = nodes.values + std::size_t(j) * nodes.columns + i;
            for (std::size_t set = 0; set < sets; ++set, node += 2 * field) {
                const double shift = evaluate(job.shift[set], r);
                node[0] = within_reach(x * shift);
                node[field] = within_reach(y * shift);
            }
            for (std::size_t g = 0; g < job.gain.size(); ++g, node += field) *node = float(evaluate(job.gain[g], r));
        }
    }
    return nodes;
}

// ---- 2. window ----

// A rectangle of the source picture, decoded; it may reach beyond the picture, where the outer pixels are repeated.
struct Window {
    int left, top, right, bottom;
    std::ptrdiff_t stride;
    float* light;  // channels x rows x stride
    bool crosses_border;  // some points lie outside of the picture

    std::size_t plane() const { return std::size_t(stride) * (bottom - top); }
    const float* at(int channel, int x, int y) const {
        return light + channel * plane() + (y - top) * stride + (x - left);
    }
};

// A block loads all its lanes even where it needs fewer, on either side of a row.
constexpr int window_margin = 32;

// By how many pixels the lanes of a block may start apart: so many taps more they all get, most of no weight.
constexpr int widest = 3;

inline Window window_for(const Job& job, const Tile& tile, int origin_x, int origin_y, const Nodes& nodes, Scratch& scratch) {
    float x_low = FLT_MAX, x_high = -FLT_MAX, y_low = FLT_MAX, y_high = -FLT_MAX;
    const int last_row = (tile.bottom - 1 - origin_y) / nodes.step + 1;
    const int last_column = (tile.right - 1 - origin_x) / nodes.step + 1;
    for (std::size_t set = 0; set < job.shift.size(); ++set)
        for (int j = (tile.top - origin_y) / nodes.step; j <= last_row; ++j) {
            const float* x_shift = nodes.row(2 * int(set), j);
            const float* y_shift = nodes.row(2 * int(set) + 1, j);
            for (int i = (tile.left - origin_x) / nodes.step; i <= last_column; ++i) {
                const float x = float(origin_x + i * nodes.step) + x_shift[i];
                const float y = float(origin_y + j * nodes.step) + y_shift[i];
                x_low = std::min(x_low, x), x_high = std::max(x_high, x);
                y_low = std::min(y_low, y), y_high = std::max(y_high, y);
            }
        }
    const float right_edge = float(job.width) - 0.5f, bottom_edge = float(job.height) - 0.5f;
    constexpr float rounding = 0.1f;  // of float coordinates, even between a node in the frame and one nowhere
    Window window;
    window.crosses_border = x_low < -0.5f + rounding || y_low < -0.5f + rounding || x_high > right_edge - rounding ||
                            y_high > bottom_edge - rounding;
    const auto low = [](float a, float edge) { return int(std::floor(std::min(std::max(a, -0.5f), edge) - rounding)); };
    const auto high = [](float a, float edge) { return int(std::floor(std::min(std::max(a, -0.5f), edge) + rounding)); };
    const int before = job.taps / 2 - 1, after = job.taps / 2;
    window.left = low(x_low, right_edge) - before - widest;
    window.right = high(x_high, right_edge) + after + 1 + widest;
    window.top = low(y_low, bottom_edge) - before;
    window.bottom = high(y_high, bottom_edge) + after + 1;
    window.stride = window.right - window.left + window_margin;
    window.light = scratch.window.data() + window_margin;
    return window;
}

inline bool fits(const Job& job, const Window& window) {
    return std::size_t(job.channels) * window.plane() + 3 * window_margin <= Scratch::window_floats;
}

// One row of one table look-up each, straight between two entries. The middle loop is all that does not vectorise:
// it fetches both entries at once.
inline void look_up(const float* table, const std::int32_t* entry, const float* fraction, int count, float* value) {
    float pairs[2 * tile_width];
    for (int x = 0; x < count; ++x) std::memcpy(pairs + 2 * x, table + entry[x], 2 * sizeof(float));
    for (int x = 0; x < count; ++x) value[x] = pairs[2 * x] + fraction[x] * (pairs[2 * x + 1] - pairs[2 * x]);
}

// Code values of a row to light, one row of floats a channel. The strides are arguments of their own so that the
// compiler can make a loop for those that nearly all pictures have.
template <int Channels, typename Code>
INLINE void decode_row(const Job& job, const Code* source, std::ptrdiff_t pixel, std::ptrdiff_t channel, int count,
                       float* light, std::ptrdiff_t plane) {
    if constexpr (std::is_same_v<Code, float>) {
        for (int k = 0; k < Channels; ++k) {
            const Channel curve = job.channel[k];  // a copy: what is written below cannot change it
            for (int done = 0; done < count; done += tile_width) {
                const int part = std::min(count - done, tile_width);
                const float* from = source + k * channel + done * pixel;
                float* to = light + k * plane + done;
                if (curve.linear) {
                    for (int x = 0; x < part; ++x) to[x] = from[x * pixel];
                    continue;
                }
                std::int32_t entry[tile_width];
                float fraction[tile_width], beyond[tile_width];
                for (int x = 0; x < part; ++x) {
                    const float code = from[x * pixel];
                    float inside = code > 0 ? code : 0;
                    inside = inside < 1 ? inside : 1;
                    const float position = inside * 65535;
                    const std::int32_t whole = std::int32_t(position);
                    const std::int32_t first = whole < 65534 ? whole : 65534;
                    entry[x] = first;
                    fraction[x] = position - float(first);
                    beyond[x] = (code - inside) * (code > 0 ? curve.decode_above : curve.decode_below);
                }
                look_up(curve.decode, entry, fraction, part, to);
                for (int x = 0; x < part; ++x) to[x] += beyond[x];
            }
        }
    } else {
        const float* table[Channels];
        for (int k = 0; k < Channels; ++k) table[k] = job.channel[k].decode;
        UNROLL
        for (int x = 0; x < count; ++x)
            for (int k = 0; k < Channels; ++k) light[k * plane + x] = table[k][source[x * pixel + k * channel]];
    }
}

template <int Channels, typename Code>
void read_window(const Job& job, const Window& window) {
    const int first = std::max(window.left, 0), last = std::min(window.right, job.width), count = last - first;
    const std::ptrdiff_t pixel = job.source.pixel, channel = job.source.channel, plane = window.plane();
    for (int y = window.top; y < window.bottom; ++y) {
        const int row = std::min(std::max(y, 0), job.height - 1);
        const Code* source = static_cast<const Code*>(job.source.data) + row * job.source.row + first * pixel;
        float* light = window.light + (y - window.top) * window.stride;
        float* inner = light + (first - window.left);
        if (pixel == Channels && channel == 1)
            decode_row<Channels>(job, source, Channels, 1, count, inner, plane);
        else
            decode_row<Channels>(job, source, pixel, channel, count, inner, plane);
        for (int k = 0; k < Channels; ++k, light += plane, inner += plane) {
            std::fill(light, inner, *inner);
            std::fill(inner + count, light + (window.right - window.left), inner[count - 1]);
        }
    }
}

// ---- 3. coordinates and gains of a row ----

// One field between its nodes, linearly, for the columns first..last (of the tile) of row y (of the tile).
template <int Step>
INLINE void expand_by(const Nodes& nodes, int field, int y, int first, int last, float* values) {
    constexpr int cells = tile_width / Step;
    const int j = y / Step, begin = first / Step, count = (last - 1) / Step + 1 - begin;
    const float* upper = nodes.row(field, j) + begin;
    const float* lower = nodes.row(field, j + 1) + begin;
    const float v = float(y % Step) / Step;
    float node[cells + 1], slope[cells];
    for (int i = 0; i <= count; ++i) node[i] = upper[i] + (lower[i] - upper[i]) * v;
    for (int i = 0; i < count; ++i) slope[i] = (node[i + 1] - node[i]) * (1.0f / Step);
    values += begin * Step;
    for (int i = 0; i < count; ++i, values += Step)
        if constexpr (Step >= lanes)
            for (int n = 0; n < Step; n += lanes) store(values + n, to_floats(counting() + n) * slope[i] + node[i]);
        else
            for (int n = 0; n < Step; ++n) values[n] = node[i] + slope[i] * float(n);
}

inline void expand(const Nodes& nodes, int field, int y, int first, int last, float* values) {
    switch (nodes.step) {
        case 16: return expand_by<16>(nodes, field, y, first, last, values);
        case 8: return expand_by<8>(nodes, field, y, first, last, values);
        case 4: return expand_by<4>(nodes, field, y, first, last, values);
        case 2: return expand_by<2>(nodes, field, y, first, last, values);
        default: return expand_by<1>(nodes, field, y, first, last, values);
    }
}

// The gain map, bilinearly; its outer nodes lie on the centres of the outer pixels.
inline void multiply_by_map(const Job& job, const float* map, int y, int x, int count, float* gain) {
    const double v = double(y) / std::max(job.height - 1, 1) * (job.map_rows - 1);
    const int top = std::min(int(v), std::max(job.map_rows - 2, 0));
    const float* upper = map + std::size_t(top) * job.map_columns;
    const float* lower = map + std::size_t(std::min(top + 1, job.map_rows - 1)) * job.map_columns;
    const float down = float(v - top);
    const double scale = double(job.map_columns - 1) / std::max(job.width - 1, 1);
    for (int n = 0; n < count; ++n) {
        const double u = (x + n) * scale;
        const int i = std::min(int(u), std::max(job.map_columns - 2, 0)), next = std::min(i + 1, job.map_columns - 1);
        const float across = float(u - i);
        const float above = upper[i] + (upper[next] - upper[i]) * across;
        const float below = lower[i] + (lower[next] - lower[i]) * across;
        gain[n] *= above + (below - above) * down;
    }
}

// ---- 4. sample ----

template <int Taps>
constexpr int terms = Taps == 2 ? 1 : Taps == 4 ? 2 : 5;

template <int Taps>
INLINE void weigh(const Job& job, Floats t, Floats* weight) {
    const Floats u = t - 0.5f, square = u * u;
    for (int p = 0; p < Taps / 2; ++p) {
        Floats even = all(job.even[p][terms<Taps> - 1]), odd = all(job.odd[p][terms<Taps> - 1]);
        for (int i = terms<Taps> - 2; i >= 0; --i) {
            even = even * square + job.even[p][i];
            odd = odd * square + job.odd[p][i];
        }
        weight[p] = even + u * odd;
        weight[Taps - 1 - p] = even - u * odd;
    }
}

// Weights for `Extra` taps more, where lanes start up to that many pixels later than the first (`low`) does.
template <int Taps, int Extra>
INLINE void widen(Ints start, int low, const Floats* weight, Floats* wide) {
    for (int p = 0; p < Taps; ++p) wide[p] = weight[p];
    for (int extra = 0; extra < Extra; ++extra) {
        const Ints later = start > all(low + extra);
        wide[Taps + extra] = all(0.0f);
        for (int p = Taps + extra; p > 0; --p) wide[p] = select(later, wide[p - 1], wide[p]);
        wide[0] = select(later, all(0.0f), wide[0]);
    }
}

// Beginning with 0, every product is fused into the sum alike, whatever Taps is: more taps of no weight change no bit.
template <int Taps>
INLINE Floats sum(const float* source, std::ptrdiff_t stride, const Floats* wx, const Floats* wy) {
    Floats value = all(0.0f);
    for (int j = 0; j < Taps; ++j, source += stride) {
        Floats across = all(0.0f);
        for (int i = 0; i < Taps; ++i) across = across + wx[i] * load(source + i);
        value = value + wy[j] * across;
    }
    return value;
}

// What stays the same along a row of output pixels.
struct Row {
    int y;            // in the picture
    int x;            // of the tile, in the picture
    int first, last;  // columns of the tile
    int step;         // of the nodes
    float x_shift[tile_width], y_shift[tile_width];
    float light[max_channels][tile_width];
};

// A block of points that start within `Extra` pixels of each other, from the window's corner (left, top) on.
template <int Taps, int Extra>
INLINE void sample_block(const Window& window, int left, int top, Ints start_x, int low_x, Ints start_y, int low_y,
                         const Floats* wx, const Floats* wy, const int* channels, int count, Floats* values) {
    Floats wide_x[Taps + Extra], wide_y[Taps + Extra];
    widen<Taps, Extra>(start_x, low_x, wx, wide_x);
    widen<Taps, Extra>(start_y, low_y, wy, wide_y);
    for (int c = 0; c < count; ++c)
        values[c] = sum<Taps + Extra>(window.at(channels[c], left, top), window.stride, wide_x, wide_y);
}

template <int Taps>
void sample(const Job& job, const Window& window, Row& row, int set) {
    constexpr int before = Taps / 2 - 1;
    int channels[max_channels], count = 0;
    for (int k = 0; k < job.channels; ++k)
        if (job.channel[k].set == set) channels[count++] = k;
    const Ints lane = counting();
    for (int block = row.first & ~(lanes - 1); block < row.last; block += lanes) {
        const int x0 = row.x + block;
        Floats x = load(row.x_shift + block), y = load(row.y_shift + block);
        Ints inside = all(-1);
        if (window.crosses_border) {
            const Floats left = all(-0.5f - float(x0)) - to_floats(lane), right = left + all(float(job.width));
            const Floats top = all(-0.5f - float(row.y)), bottom = top + all(float(job.height));
            inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom);
            x = clamp(x, left, right);
            y = clamp(y, top, bottom);
        }
        const Ints start_x = floor_to_ints(x), start_y = floor_to_ints(y);
        Floats wx[Taps], wy[Taps];
        weigh<Taps>(job, x - to_floats(start_x), wx);
        weigh<Taps>(job, y - to_floats(start_y), wy);

        // By how many whole pixels the block moves. Between nodes shifts are linear, so the ends tell, unless cut off.
        std::int32_t starts_x[lanes], starts_y[lanes];
        store(starts_x, start_x);
        store(starts_y, start_y);
        const int first = std::max(row.first - block, 0), last = std::min(row.last - block, lanes) - 1;
        int low_x = std::min(starts_x[first], starts_x[last]), high_x = std::max(starts_x[first], starts_x[last]);
        int low_y = std::min(starts_y[first], starts_y[last]), high_y = std::max(starts_y[first], starts_y[last]);
        if (row.step < lanes || window.crosses_border)
            for (int n = first; n <= last; ++n) {
                low_x = std::min(low_x, starts_x[n]), high_x = std::max(high_x, starts_x[n]);
                low_y = std::min(low_y, starts_y[n]), high_y = std::max(high_y, starts_y[n]);
            }
        const int left = x0 + low_x - before, top = row.y + low_y - before;
        const int apart = std::max(high_x - low_x, high_y - low_y);
        assert(apart > widest || (left + first >= window.left && x0 + last + high_x + Taps / 2 < window.right));
        assert(top >= window.top && row.y + high_y + Taps / 2 < window.bottom);

        Floats values[max_channels];
        switch (apart) {
#define SIXBIT_BLOCK(Extra)                                                                                             \
    case Extra:                                                                                                         \
        sample_block<Taps, Extra>(window, left, top, start_x, low_x, start_y, low_y, wx, wy, channels, count, values); \
        break;
            SIXBIT_BLOCK(0)
            SIXBIT_BLOCK(1)
            SIXBIT_BLOCK(2)
            SIXBIT_BLOCK(widest)
#undef SIXBIT_BLOCK
            default:  // strongly bent: pixel by pixel
                for (int c = 0; c < count; ++c) {
                    values[c] = all(0.0f);
                    for (int n = first; n <= last; ++n) {
                        const float* source =
                            window.at(channels[c], x0 + n + starts_x[n] - before, row.y + starts_y[n] - before);
                        float value = 0;
                        for (int j = 0; j < Taps; ++j, source += window.stride) {
                            float across = 0;
                            for (int i = 0; i < Taps; ++i) across = across + wx[i][n] * source[i];
                            value = value + wy[j][n] * across;
                        }
                        values[c][n] = value;
                    }
                }
        }
        for (int c = 0; c < count; ++c)
            store(row.light[channels[c]] + block,
                  window.crosses_border ? select(inside, values[c], all(0.0f)) : values[c]);
    }
}

// ---- 5. write ----

// Light of a row to what is written: entries of the table for 8 bits, codes for 16, code values for floating point.
template <typename Code>
void encode_row(const Job& job, const Channel channel, const float* light, const float* gain, int count,
                std::int32_t* codes, float* values) {
    // Copies, as all that is written here could else change them, and no loop would vectorise.
    const float origin = job.encode_origin;
    const std::int32_t black = bits_of(origin), shift = job.encode_shift, remainder = (1 << shift) - 1;
    const float scale = 1.0f / float(1 << shift), above = channel.encode_above, below = channel.encode_below;
    float lit[tile_width], fraction[tile_width], beyond[tile_width];
    if (gain) {
        for (int x = 0; x < count; ++x) lit[x] = light[x] * gain[x];
        light = lit;
    }
    for (int x = 0; x < count; ++x) {
        const float value = light[x];
        float inside = value > 0 ? value : 0;
        inside = inside < 1 ? inside : 1;
        const std::int32_t position = bits_of(inside + origin) - black;
        codes[x] = position >> shift;
        if constexpr (sizeof(Code) > 1) {
            fraction[x] = float(position & remainder) * scale;
            values[x] = inside;
            beyond[x] = (value - inside) * (value > 0 ? above : below);
        }
    }
    if constexpr (sizeof(Code) == 1) return;
    if (!channel.linear) look_up(static_cast<const float*>(channel.encode), codes, fraction, count, values);
    if constexpr (std::is_same_v<Code, float>)
        for (int x = 0; x < count; ++x) values[x] += beyond[x];
    else
        for (int x = 0; x < count; ++x) codes[x] = std::int32_t(values[x] * 65535.0f + 0.5f);
}

template <int Channels, typename Code>
INLINE void interleave(const Job& job, const std::int32_t (*codes)[tile_width], const float (*values)[tile_width], int count,
                       Code* target, std::ptrdiff_t pixel, std::ptrdiff_t channel) {
    const Code* table[Channels];
    for (int k = 0; k < Channels; ++k) table[k] = static_cast<const Code*>(job.channel[k].encode);
    UNROLL
    for (int x = 0; x < count; ++x)
        for (int k = 0; k < Channels; ++k) {
            Code& code = target[x * pixel + k * channel];
            if constexpr (std::is_same_v<Code, float>) code = values[k][x];
            else if constexpr (sizeof(Code) == 1) code = table[k][codes[k][x]];
            else code = Code(codes[k][x]);
        }
}

// ---- the tile ----

template <int Channels, typename Code>
void correct_part(const Job& job, const Tile& part, int origin_x, int origin_y, const Nodes& nodes, Scratch& scratch) {
    const Window window = window_for(job, part, origin_x, origin_y, nodes, scratch);
    if (!fits(job, window)) {  // as far as single pixels, which always fit
        Tile half = part, rest = part;
        if (part.bottom - part.top >= part.right - part.left)
            half.bottom = rest.top = (part.top + part.bottom) / 2;
        else
            half.right = rest.left = (part.left + part.right) / 2;
        correct_part<Channels, Code>(job, half, origin_x, origin_y, nodes, scratch);
        correct_part<Channels, Code>(job, rest, origin_x, origin_y, nodes, scratch);
        return;
    }
    read_window<Channels, Code>(job, window);

    const int sets = int(job.shift.size()), gains = int(job.gain.size());
    Row row{};
    row.x = origin_x, row.first = part.left - origin_x, row.last = part.right - origin_x, row.step = job.step;
    const int blocks_first = row.first & ~(lanes - 1), blocks_last = (row.last + lanes - 1) & ~(lanes - 1);
    const int count = row.last - row.first;
    for (row.y = part.top; row.y < part.bottom; ++row.y) {
        const int node_y = row.y - origin_y;
        for (int set = 0; set < sets; ++set) {
            expand(nodes, 2 * set, node_y, blocks_first, blocks_last, row.x_shift);
            expand(nodes, 2 * set + 1, node_y, blocks_first, blocks_last, row.y_shift);
            switch (job.taps) {
                case 2: sample<2>(job, window, row, set); break;
                case 4: sample<4>(job, window, row, set); break;
                default: sample<6>(job, window, row, set);
            }
        }
        float gain[3][tile_width];
        for (int g = 0; g < gains; ++g) expand(nodes, 2 * sets + g, node_y, blocks_first, blocks_last, gain[g]);
        std::int32_t codes[Channels][tile_width];
        float values[Channels][tile_width];
        for (int k = 0; k < Channels; ++k) {
            const Channel& channel = job.channel[k];
            const float* factor = channel.gain < 0 ? nullptr : gain[channel.gain] + row.first;
            float mapped[tile_width];
            if (channel.map) {
                std::copy(factor, factor + count, mapped);
                multiply_by_map(job, channel.map, row.y, origin_x + row.first, count, mapped);
                factor = mapped;
            }
            encode_row<Code>(job, channel, row.light[k] + row.first, factor, count, codes[k], values[k]);
        }
        const std::ptrdiff_t pixel = job.target.pixel, channel = job.target.channel;
        Code* target = static_cast<Code*>(job.target.data) + row.y * job.target.row + part.left * pixel;
        if (pixel == Channels && channel == 1)
            interleave<Channels>(job, codes, values, count, target, Channels, 1);
        else
            interleave<Channels>(job, codes, values, count, target, pixel, channel);
    }
}

template <typename Code>
void correct_as(const Job& job, const Tile& tile, int origin_x, int origin_y, const Nodes& nodes, Scratch& scratch) {
    switch (job.channels) {
        case 1: return correct_part<1, Code>(job, tile, origin_x, origin_y, nodes, scratch);
        case 3: return correct_part<3, Code>(job, tile, origin_x, origin_y, nodes, scratch);
        default: return correct_part<4, Code>(job, tile, origin_x, origin_y, nodes, scratch);
    }
}

inline void correct_tile(const Job& job, const Tile& tile, Scratch& scratch) {
    const int origin_x = tile.left / tile_width * tile_width, origin_y = tile.top / tile_height * tile_height;
    const Nodes nodes = place_nodes(job, tile, origin_x, origin_y, scratch);
    switch (job.depth) {
        case Depth::u8: return correct_as<std::uint8_t>(job, tile, origin_x, origin_y, nodes, scratch);
        case Depth::u16: return correct_as<std::uint16_t>(job, tile, origin_x, origin_y, nodes, scratch);
        case Depth::f32: return correct_as<float>(job, tile, origin_x, origin_y, nodes, scratch);
    }
}
