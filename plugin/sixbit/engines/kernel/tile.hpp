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

// The tile is cut into pieces of step x step pixels. Nodes lie at the corners of the pieces and half-way between, and
// the nine of a piece say what a field is in it: a parabola along each axis.
struct Nodes {
    int step, pieces, rows;  // pieces of a row; rows of nodes, step/2 apart
    float part;  // 1 / step
    float* values;  // fields x rows x (the columns at pieces + 1 edges, those at their middles); fields: x and y shift of
                    // each coordinate set, then the gains

    int columns() const { return 2 * pieces + 1; }
    const float* row(int field, int j) const { return values + (std::size_t(field) * rows + j) * columns(); }
};

// A shift that no picture has: a point that is nowhere counts as outside of the frame.
constexpr double nowhere = 1 << 17;

// Along a row of nodes, so that it vectorises.
inline void evaluate(const std::vector<double>& polynomial, const double* r, int count, double* value) {
    std::fill(value, value + count, 0.0);
    for (std::size_t term = polynomial.size(); term-- > 0;) {
        const double coefficient = polynomial[term];
        for (int i = 0; i < count; ++i) value[i] = value[i] * r[i] + coefficient;
    }
}

inline float within_reach(double shift) {
    return shift > -nowhere && shift < nowhere ? float(shift) : float(nowhere);
}

inline Nodes place_nodes(const Job& job, const Tile& tile, int origin_x, int origin_y, Scratch& scratch) {
    const int step = job.step, half = step / 2;
    Nodes nodes{step, tile_width / step, tile_height / half + 1, 1.0f / float(step), scratch.nodes.data()};
    const std::size_t field = std::size_t(nodes.rows) * nodes.columns();
    const std::size_t sets = job.shift.size();
    const int first = (tile.left - origin_x) / lanes * lanes / step;  // whole blocks
    const int pieces = ((tile.right - 1 - origin_x) / lanes * lanes + lanes - 1) / step + 1 - first;
    double x[tile_width / 2 + 1], r[tile_width / 2 + 1], value[tile_width / 2 + 1];
    for (int j = (tile.top - origin_y) / step * 2; j <= (tile.bottom - 1 - origin_y) / step * 2 + 2; ++j) {
        const double y = origin_y + j * half - job.centre_y;
        for (int middle = 0; middle < 2; ++middle) {
            const int count = pieces + 1 - middle;
            for (int i = 0; i < count; ++i) x[i] = origin_x + (first + i) * step + middle * half - job.centre_x;
            for (int i = 0; i < count; ++i) r[i] = std::sqrt(x[i] * x[i] + y * y) / job.half_diagonal;
            float* node = nodes.values + std::size_t(j) * nodes.columns() + middle * (nodes.pieces + 1) + first;
            for (std::size_t set = 0; set < sets; ++set, node += 2 * field) {
                evaluate(job.shift[set], r, count, value);
                for (int i = 0; i < count; ++i) {
                    node[i] = within_reach(x[i] * value[i]);
                    node[field + i] = within_reach(y * value[i]);
                }
            }
            for (std::size_t g = 0; g < job.gain.size(); ++g, node += field) {
                evaluate(job.gain[g], r, count, value);
                for (int i = 0; i < count; ++i) node[i] = float(value[i]);
            }
        }
    }
    return nodes;
}

// One field along row y of the tile: node + slope n + curve n^2, n pixels into a piece. All columns of the tile, of which
// some may not have been placed and are not used, so that every loop has a length that the compiler knows.
template <int Step>
struct Line {
    static constexpr int count = tile_width / Step;
    float node[count], slope[count], curve[count];

    INLINE Line(const Nodes& nodes, int field, int y) {
        const float part = nodes.part, v = float(y & (Step - 1)) * part;
        const float to_middle = 4 * v * (1 - v), to_lower = v * (2 * v - 1);  // Lagrange, in differences to the upper row
        const float* upper = nodes.row(field, y / Step * 2);
        const float *middle = upper + nodes.columns(), *lower = middle + nodes.columns();
        const auto along = [&](int n) {
            const Floats from = load(upper + n);
            return from + ((load(middle + n) - from) * to_middle + (load(lower + n) - from) * to_lower);
        };
        for (int i = 0; i < count; i += lanes) {
            const Floats begin = along(i), centre = along(count + 1 + i), end = along(i + 1);
            const Floats first = centre - begin, second = end - centre;
            store(node + i, begin);
            store(slope + i, (first * 3.0f - second) * part);
            store(curve + i, (second - first) * (2 * part * part));
        }
    }

    // The value of each column.
    void expand(float* values) const {
        if constexpr (Step >= lanes) {
            for (int i = 0; i < count; ++i, values += Step)
                for (int n = 0; n < Step; n += lanes) {
                    const Floats x = to_floats(counting() + n);
                    store(values + n, (x * curve[i] + slope[i]) * x + node[i]);
                }
        } else {
            const Floats x = to_floats(counting() & all(std::int32_t(Step - 1)));
            for (int i = 0; i < count; i += lanes / Step, values += lanes)
                store(values, (x * of_each(curve + i) + of_each(slope + i)) * x + of_each(node + i));
        }
    }

    // What the pieces of a block have, in the lanes of each.
    static INLINE Floats of_each(const float* piece) {
        Floats value = all(piece[0]);
        for (int i = 1; i < lanes / Step; ++i) value = select(counting() >= all(std::int32_t(i * Step)), all(piece[i]), value);
        return value;
    }
};

// Calls `work` with the distance of the nodes as a constant.
template <typename Work>
INLINE void with_step(const Nodes& nodes, const Work& work) {
    switch (nodes.step) {
        case 16: return work(std::integral_constant<int, 16>());
        case 8: return work(std::integral_constant<int, 8>());
        case 4: return work(std::integral_constant<int, 4>());
        default: return work(std::integral_constant<int, 2>());
    }
}

inline void expand(const Nodes& nodes, int field, int y, float* values) {
    with_step(nodes, [&](auto step) { Line<step>(nodes, field, y).expand(values); });
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

// Coordinate sets from..to, as an index.
struct Sets {
    int begin, end;
};

inline Window window_for(const Job& job, const Tile& tile, int origin_x, int origin_y, const Nodes& nodes, Sets sets,
                         Scratch& scratch) {
    float x_low = FLT_MAX, x_high = -FLT_MAX, y_low = FLT_MAX, y_high = -FLT_MAX, change = 0;
    const int first = (tile.left - origin_x) / nodes.step, last = (tile.right - 1 - origin_x) / nodes.step;
    const int first_row = (tile.top - origin_y) / nodes.step * 2, last_row = (tile.bottom - 1 - origin_y) / nodes.step * 2 + 2;
    const float step = float(nodes.step), half = step / 2;
    const auto look_at = [&](int field, int j, float begin, float across, float& low, float& high) {
        const float *edge = nodes.row(field, j), *middle = edge + nodes.pieces + 1;
        const int below = j < last_row ? nodes.columns() : 0;
        for (int i = first; i <= last; ++i, begin += 2 * across) {
            const float a = edge[i] + begin, b = middle[i] + begin + across, c = edge[i + 1] + begin + 2 * across;
            low = std::min(low, std::min(a, std::min(b, c)));
            high = std::max(high, std::max(a, std::max(b, c)));
            change = std::max(change, std::max(std::fabs(middle[i] - edge[i]), std::fabs(edge[i + 1] - middle[i])));
            change = std::max(change, std::max(std::fabs(edge[i + below] - edge[i]), std::fabs(middle[i + below] - middle[i])));
            change = std::max(change, std::fabs(edge[i + 1 + below] - edge[i + 1]));
        }
    };
    for (int set = sets.begin; set < sets.end; ++set)
        for (int j = first_row; j <= last_row; ++j) {
            look_at(2 * set, j, float(origin_x) + float(first) * step, half, x_low, x_high);
            look_at(2 * set + 1, j, float(origin_y) + float(j) * half, 0, y_low, y_high);
        }
    // A parabola goes beyond its nodes by an eighth of its second difference, and there is one along either axis. Nodes
    // at every pixel leave nothing between them.
    const float beyond = nodes.step > 2 ? change / 2 : 0;
    x_low -= beyond, x_high += beyond, y_low -= beyond, y_high += beyond;
    if (tile.right - tile.left == 1 && tile.bottom - tile.top == 1) {
        // Nodes may lie any distance apart; a point of one set by itself always fits.
        x_low = y_low = FLT_MAX, x_high = y_high = -FLT_MAX;
        const int column = tile.left - origin_x, row = tile.top - origin_y;
        for (int set = sets.begin; set < sets.end; ++set) {
            float x[tile_width], y[tile_width];
            expand(nodes, 2 * set, row, x);
            expand(nodes, 2 * set + 1, row, y);
            x_low = std::min(x_low, tile.left + x[column]), x_high = std::max(x_high, tile.left + x[column]);
            y_low = std::min(y_low, tile.top + y[column]), y_high = std::max(y_high, tile.top + y[column]);
        }
    }
    const float right_edge = float(job.width) - 0.5f, bottom_edge = float(job.height) - 0.5f;
    constexpr float rounding = 0.25f;  // of float coordinates, even between a node in the frame and one nowhere
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

#if SIXBIT_LANES == 16 && defined(__GNUC__) && !defined(__clang__) && !defined(SIXBIT_PLAIN_LANES)
#define SIXBIT_SHUFFLES
#include "shuffles.hpp"
#endif

// Code values of a row to light, one row of floats a channel. The strides are arguments of their own so that the
// compiler can make a loop for those that nearly all pictures have.
template <int Channels, typename Code>
INLINE void decode_row(const Job& job, const Code* source, std::ptrdiff_t pixel, std::ptrdiff_t channel, int count,
                       float* light, std::ptrdiff_t plane) {
#if defined(SIXBIT_SHUFFLES)
    if (Curves<Channels, Code>::known(job, &Channel::decode_pieces)) {
        if (pixel == Channels && channel == 1) return decode_blocks<Channels>(job, source, count, light, plane);
        Code packed[tile_width * Channels];
        for (int done = 0; done < count; done += tile_width) {
            const int part = std::min(count - done, tile_width);
            for (int x = 0; x < part; ++x)
                for (int k = 0; k < Channels; ++k) packed[x * Channels + k] = source[(done + x) * pixel + k * channel];
            decode_blocks<Channels>(job, packed, part, light + done, plane);
        }
        return;
    }
#endif
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

// The polynomials of the weights, see Job: a copy for each loop, as all that is written there could else change them.
template <int Taps>
struct Weights {
    float even[Taps / 2][terms<Taps>], odd[Taps / 2][terms<Taps>];

    explicit Weights(const Job& job) {
        for (int p = 0; p < Taps / 2; ++p) {
            std::copy(job.even[p], job.even[p] + terms<Taps>, even[p]);
            std::copy(job.odd[p], job.odd[p] + terms<Taps>, odd[p]);
        }
    }

    // u = t - 1/2, where t is how far the points lie past their first inner neighbours.
    INLINE void weigh(Floats u, Floats* weight) const {
        const Floats square = u * u;
        for (int p = 0; p < Taps / 2; ++p) {
            Floats of_even = all(even[p][terms<Taps> - 1]), of_odd = all(odd[p][terms<Taps> - 1]);
            for (int i = terms<Taps> - 2; i >= 0; --i) {
                of_even = of_even * square + even[p][i];
                of_odd = of_odd * square + odd[p][i];
            }
            weight[p] = of_even + u * of_odd;
            weight[Taps - 1 - p] = of_even - u * of_odd;
        }
    }
};

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

// The sums of blocks one below the other, which share what they load. Beginning with 0, every product is fused into the
// sum alike, whatever Taps is: more taps of no weight change no bit.
template <int TapsX, int TapsY, int Blocks>
INLINE void sum(const float* source, std::ptrdiff_t stride, const Floats (*wx)[TapsX], const Floats (*wy)[TapsY],
                Floats* values) {
    for (int n = 0; n < Blocks; ++n) values[n] = all(0.0f);
    UNROLL_ALL
    for (int j = 0; j < TapsY + Blocks - 1; ++j, source += stride) {
        Floats across[Blocks], light[TapsX];
        for (int i = 0; i < TapsX; ++i) light[i] = load(source + i);
        for (int n = 0; n < Blocks; ++n) {
            if (j < n || j - n >= TapsY) continue;
            across[n] = all(0.0f);
            for (int i = 0; i < TapsX; ++i) across[n] = across[n] + wx[n][i] * light[i];
            values[n] = values[n] + wy[n][j - n] * across[n];
        }
    }
}

// Rows of the output that are sampled together: as many as leave their weights in registers.
constexpr int together = SIXBIT_LANES == 16 ? 2 : 1;

constexpr int row_blocks = tile_width / lanes;

// Where the blocks of lanes come from along one axis, in the output rows that are sampled together.
struct Axis {
    // Of each block: the lowest and the highest shift in whole pixels; a range too wide costs taps of no weight.
    std::int32_t low[row_blocks], high[row_blocks];
    // How far its points lie past the middle between `low` and the next pixel: start + slope n + curve n^2 in lane n,
    // if the block lies within a piece, or else one by one.
    float start[together][row_blocks], slope[together][row_blocks], curve[together][row_blocks];
    float past[together][tile_width];
    bool whole;

    template <int Step>
    INLINE void follow(const Nodes& nodes, int field, int y) {
        // A piece is a part of a block, or has some blocks as its parts.
        constexpr int width = std::min(Step, lanes), parts = Step / width, count = Line<Step>::count;
        constexpr float slack = 1.0f / 128;  // more than rounding can be within a picture
        float begins[together][parts][count], slopes[together][parts][count];
        std::int32_t lows[parts][count], highs[parts][count];
        whole = Step >= lanes;
        for (int n = 0; n < together; ++n) {
            const Line<Step> line(nodes, field, y + n);
            for (int part = 0; part < parts; ++part) {
                const float x = float(part * width);
                for (int i = 0; i < count; i += lanes) {
                    const Floats curve = load(line.curve + i), first = load(line.slope + i);
                    const Floats begin = (curve * x + first) * x + load(line.node + i), slope = first + curve * (2 * x);
                    const Floats end = (curve * float(width - 1) + slope) * float(width - 1) + begin;
                    const Floats bulge = larger(curve, all(0.0f) - curve) * float(width * width / 4) + slack;
                    Ints low = floor_to_ints(smaller(begin, end) - bulge);
                    // So bent that it might leave the window: point by point.
                    const Ints apart = (bulge > all(0.2f)) & all(std::int32_t(lanes));
                    Ints high = floor_to_ints(larger(begin, end) + bulge) + apart;
                    if (n > 0) {  // whole numbers, small enough for a float
                        low = to_ints(smaller(to_floats(low), to_floats(load(lows[part] + i))));
                        high = to_ints(larger(to_floats(high), to_floats(load(highs[part] + i))));
                    }
                    store(lows[part] + i, low);
                    store(highs[part] + i, high);
                    store(begins[n][part] + i, begin);
                    store(slopes[n][part] + i, slope);
                }
            }
            if constexpr (Step >= lanes)
                for (int b = 0; b < row_blocks; ++b) curve[n][b] = line.curve[b / parts];
            else
                line.expand(past[n]);
        }
        for (int b = 0; b < row_blocks; ++b) {
            if constexpr (Step >= lanes) {
                const int i = b / parts, part = b % parts;
                low[b] = lows[part][i], high[b] = highs[part][i];
                for (int n = 0; n < together; ++n) {
                    start[n][b] = begins[n][part][i] - float(low[b]) - 0.5f;
                    slope[n][b] = slopes[n][part][i];
                }
            } else {
                constexpr int pieces = lanes / Step;
                low[b] = *std::min_element(lows[0] + b * pieces, lows[0] + (b + 1) * pieces);
                high[b] = *std::max_element(highs[0] + b * pieces, highs[0] + (b + 1) * pieces);
                for (float(&row)[tile_width] : past)
                    store(row + b * lanes, load(row + b * lanes) - float(low[b]) - 0.5f);
            }
        }
    }

    INLINE Floats points(int n, int b, Floats lane) const {
        return whole ? (lane * curve[n][b] + slope[n][b]) * lane + start[n][b] : load(past[n] + b * lanes);
    }
};

// Where the pixels of these rows come from, in one coordinate set.
struct Origin {
    Axis x, y;
    std::int32_t corner[row_blocks];  // of each block of lanes: its first tap in a plane of the window
};

struct Rows {
    int y;            // of the first, in the picture
    int x;            // of the tile, in the picture
    int first, last;  // columns of the tile
    int from, to;     // those of the rows that are asked for
    Origin origin[max_sets];
    float light[together][max_channels][tile_width + lanes];  // blocks of a part need not be blocks of the tile
};

// The channels that go by a coordinate set.
struct Planes {
    int channel[max_channels], count = 0;

    Planes() = default;
    Planes(const Job& job, int set) {
        for (int k = 0; k < job.channels; ++k)
            if (job.channel[k].set == set) channel[count++] = k;
    }
};

// The blocks of the rows, sorted by whether their points start one pixel apart across (kind 1) or down (2) or both (3): a
// loop for each kind has no branch that could be guessed wrong. All the others are for sample_any.
struct Sorted {
    static constexpr int kinds = 5, others = 4;
    struct Block {
        std::int16_t set, index;
    };
    Block blocks[kinds][max_sets * (tile_width / lanes)];
    int count[kinds] = {};
};

template <int Taps>
INLINE void sort_blocks(const Job& job, const Window& window, const Rows& rows, int set, Origin& origin, Sorted& sorted) {
    constexpr int before = Taps / 2 - 1;
    std::int32_t kind[row_blocks];
    const Axis &x = origin.x, &y = origin.y;
    const int first = rows.first, last = rows.last, begin = first / lanes, end = (last - 1) / lanes + 1, row_x = rows.x;
    const int stride = int(window.stride), corner = (rows.y - before - window.top) * stride - before - window.left;
    const bool bounded = window.crosses_border;
    const int right = bounded ? job.width - lanes - 1 : INT_MAX, bottom = bounded ? job.height - 1 - together - rows.y : INT_MAX;
    const int left = bounded ? 0 : INT_MIN, top = bounded ? -rows.y : INT_MIN;
    for (int b = 0; b < row_blocks; ++b) {
        const int column = b * lanes, x0 = row_x + column, low_x = x.low[b], low_y = y.low[b];
        const int apart_x = x.high[b] - low_x, apart_y = y.high[b] - low_y;
        const bool plain = (column >= first) & (column + lanes <= last) & ((apart_x | apart_y) < 2) &
                           (x0 + low_x >= left) & (x0 + x.high[b] <= right) & (low_y >= top) & (y.high[b] <= bottom);
        kind[b] = plain ? 2 * apart_y + apart_x : Sorted::others;
        origin.corner[b] = low_y * stride + x0 + low_x + corner;
    }
    for (int b = begin; b < end; ++b)
        sorted.blocks[kind[b]][sorted.count[kind[b]]++] = {std::int16_t(set), std::int16_t(b)};
}

// Weights of points that start at `low`, or one later if there is an extra tap.
template <int Taps, int Extra>
INLINE void weigh_from(const Weights<Taps>& weights, Floats past, Floats* weight) {
    if constexpr (Extra == 0) {
        weights.weigh(past, weight);
    } else {
        const Ints later = past >= all(0.5f);
        Floats inner[Taps];
        weights.weigh(select(later, past - 1.0f, past), inner);
        weight[0] = select(later, all(0.0f), inner[0]);
        for (int p = 1; p < Taps; ++p) weight[p] = select(later, inner[p - 1], inner[p]);
        weight[Taps] = select(later, inner[Taps - 1], all(0.0f));
    }
}

// All blocks of one kind.
template <int Taps, int ExtraX, int ExtraY>
void sample_blocks(const Job& job, const Window& window, Rows& rows, const Planes* planes, const Sorted& sorted) {
    constexpr int kind = 2 * ExtraY + ExtraX;
    const Weights<Taps> weights(job);
    const std::ptrdiff_t stride = window.stride, plane = window.plane();
    const float* window_light = window.light;
    const int count = sorted.count[kind];
    const Floats lane = to_floats(counting());
    for (int i = 0; i < count; ++i) {
        const auto [set, b] = sorted.blocks[kind][i];
        const Origin& origin = rows.origin[set];
        Floats wx[together][Taps + ExtraX], wy[together][Taps + ExtraY];
        for (int n = 0; n < together; ++n) {
            weigh_from<Taps, ExtraX>(weights, origin.x.points(n, b, lane), wx[n]);
            weigh_from<Taps, ExtraY>(weights, origin.y.points(n, b, lane), wy[n]);
        }
        const float* source = window_light + origin.corner[b];
        for (int c = 0; c < planes[set].count; ++c) {
            const int channel = planes[set].channel[c];
            Floats values[together];
            sum<Taps + ExtraX, Taps + ExtraY, together>(source + channel * plane, stride, wx, wy, values);
            for (int n = 0; n < together; ++n) store(rows.light[n][channel] + b * lanes, values[n]);
        }
    }
}

// Any block: at the border of the picture or of the tile, or with points that start far apart.
template <int Taps, int Extra>
INLINE void sample_apart(const Window& window, int left, int top, Ints start_x, int low_x, Ints start_y, int low_y,
                         const Floats* wx, const Floats* wy, const Planes& planes, Floats* values) {
    Floats wide_x[1][Taps + Extra], wide_y[1][Taps + Extra];
    widen<Taps, Extra>(start_x, low_x, wx, wide_x[0]);
    widen<Taps, Extra>(start_y, low_y, wy, wide_y[0]);
    for (int c = 0; c < planes.count; ++c)
        sum<Taps + Extra, Taps + Extra, 1>(window.at(planes.channel[c], left, top), window.stride, wide_x, wide_y, values + c);
}

template <int Taps>
void sample_any(const Job& job, const Window& window, Rows& rows, int n, int set, int b, const Planes& planes) {
    constexpr int before = Taps / 2 - 1;
    const Axis &x_axis = rows.origin[set].x, &y_axis = rows.origin[set].y;
    const Floats lane = to_floats(counting());
    const int block = b * lanes, x0 = rows.x + block, row_y = rows.y + n;
    // The same numbers as for whole blocks: a part of the picture is the picture, bit for bit.
    Floats x = x_axis.points(n, b, lane), y = y_axis.points(n, b, lane);
    Ints inside = all(-1);
    if (window.crosses_border) {
        const Floats left = all(-1.0f - float(x0) - float(x_axis.low[b])) - lane, right = left + all(float(job.width));
        const Floats top = all(-1.0f - float(row_y) - float(y_axis.low[b])), bottom = top + all(float(job.height));
        inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom);
        x = clamp(x, left, right);
        y = clamp(y, top, bottom);
    }
    const Ints past_x = floor_to_ints(x + 0.5f), past_y = floor_to_ints(y + 0.5f);
    Floats wx[Taps], wy[Taps];
    const Weights<Taps> weights(job);
    weights.weigh(x - to_floats(past_x), wx);
    weights.weigh(y - to_floats(past_y), wy);
    const Ints start_x = past_x + x_axis.low[b], start_y = past_y + y_axis.low[b];

    // By how many whole pixels the block moves.
    std::int32_t starts_x[lanes], starts_y[lanes];
    store(starts_x, start_x);
    store(starts_y, start_y);
    const int first = std::max(rows.first - block, 0), last = std::min(rows.last - block, lanes) - 1;
    int low_x = starts_x[first], high_x = low_x, low_y = starts_y[first], high_y = low_y;
    for (int i = first + 1; i <= last; ++i) {
        low_x = std::min(low_x, starts_x[i]), high_x = std::max(high_x, starts_x[i]);
        low_y = std::min(low_y, starts_y[i]), high_y = std::max(high_y, starts_y[i]);
    }
    const int left = x0 + low_x - before, top = row_y + low_y - before;
    const int apart = std::max(high_x - low_x, high_y - low_y);
    assert(apart > widest || (left + first >= window.left && x0 + last + high_x + Taps / 2 < window.right));
    assert(top >= window.top && row_y + high_y + Taps / 2 < window.bottom);

    Floats values[max_channels];
    switch (apart) {
#define SIXBIT_BLOCK(Extra)                                                                                 \
    case Extra:                                                                                             \
        sample_apart<Taps, Extra>(window, left, top, start_x, low_x, start_y, low_y, wx, wy, planes, values); \
        break;
        SIXBIT_BLOCK(0)
        SIXBIT_BLOCK(1)
        SIXBIT_BLOCK(2)
        SIXBIT_BLOCK(widest)
#undef SIXBIT_BLOCK
        default:  // strongly bent: pixel by pixel
            for (int c = 0; c < planes.count; ++c) {
                values[c] = all(0.0f);
                for (int l = first; l <= last; ++l) {
                    const float* source =
                        window.at(planes.channel[c], x0 + l + starts_x[l] - before, row_y + starts_y[l] - before);
                    float value = 0;
                    for (int j = 0; j < Taps; ++j, source += window.stride) {
                        float across = 0;
                        for (int i = 0; i < Taps; ++i) across = across + wx[i][l] * source[i];
                        value = value + wy[j][l] * across;
                    }
                    values[c][l] = value;
                }
            }
    }
    for (int c = 0; c < planes.count; ++c)
        store(rows.light[n][planes.channel[c]] + block,
              window.crosses_border ? select(inside, values[c], all(0.0f)) : values[c]);
}

template <int Taps>
void sample(const Job& job, const Window& window, const Nodes& nodes, int node_y, Sets sets, Rows& rows,
            const Planes* planes) {
    Sorted sorted;
    for (int set = sets.begin; set < sets.end; ++set) {
        Origin& origin = rows.origin[set];
        with_step(nodes, [&](auto step) {
            origin.x.template follow<step>(nodes, 2 * set, node_y);
            origin.y.template follow<step>(nodes, 2 * set + 1, node_y);
        });
        sort_blocks<Taps>(job, window, rows, set, origin, sorted);
    }
    sample_blocks<Taps, 0, 0>(job, window, rows, planes, sorted);
    sample_blocks<Taps, 1, 0>(job, window, rows, planes, sorted);
    sample_blocks<Taps, 0, 1>(job, window, rows, planes, sorted);
    sample_blocks<Taps, 1, 1>(job, window, rows, planes, sorted);
    for (int i = 0; i < sorted.count[Sorted::others]; ++i) {
        const auto [set, b] = sorted.blocks[Sorted::others][i];
        for (int n = rows.from; n < rows.to; ++n) sample_any<Taps>(job, window, rows, n, set, b, planes[set]);
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

// The nth of the rows that were sampled together.
template <int Channels, typename Code>
void write_row(const Job& job, const Nodes& nodes, int origin_y, const Rows& rows, int n) {
    const int sets = int(job.shift.size()), gains = int(job.gain.size());
    const int y = rows.y + n, count = rows.last - rows.first;
    float gain[max_sets][tile_width + lanes];
    for (int g = 0; g < gains; ++g) expand(nodes, 2 * sets + g, y - origin_y, gain[g]);
    const float *light[Channels], *factors[Channels];
    float mapped[Channels][tile_width + lanes];
    for (int k = 0; k < Channels; ++k) {
        const Channel& channel = job.channel[k];
        light[k] = rows.light[n][k] + rows.first;
        factors[k] = channel.gain < 0 ? nullptr : gain[channel.gain] + rows.first;
        if (channel.map) {
            std::copy(factors[k], factors[k] + count, mapped[k]);
            multiply_by_map(job, channel.map, y, rows.x + rows.first, count, mapped[k]);
            factors[k] = mapped[k];
        }
    }
    const std::ptrdiff_t pixel = job.target.pixel, channel = job.target.channel;
    Code* target = static_cast<Code*>(job.target.data) + y * job.target.row + (rows.x + rows.first) * pixel;
#if defined(SIXBIT_SHUFFLES)
    if (Curves<Channels, Code>::known(job, &Channel::encode_pieces)) {
        const bool packed = pixel == Channels && channel == 1;
        Code codes[tile_width * Channels];
        encode_blocks<Channels>(job, light, factors, count, packed ? target : codes);
        for (int x = 0; x < count && !packed; ++x)
            for (int k = 0; k < Channels; ++k) target[x * pixel + k * channel] = codes[x * Channels + k];
        return;
    }
#endif
    std::int32_t codes[Channels][tile_width];
    float values[Channels][tile_width];
    for (int k = 0; k < Channels; ++k)
        encode_row<Code>(job, job.channel[k], light[k], factors[k], count, codes[k], values[k]);
    if (pixel == Channels && channel == 1)
        interleave<Channels>(job, codes, values, count, target, Channels, 1);
    else
        interleave<Channels>(job, codes, values, count, target, pixel, channel);
}

// ---- the tile ----

template <int Channels, typename Code>
void correct_part(const Job& job, const Tile& part, int origin_x, int origin_y, const Nodes& nodes, Scratch& scratch) {
    const Sets all_sets{0, int(job.shift.size())};
    const bool point = part.right - part.left == 1 && part.bottom - part.top == 1;
    Window window = window_for(job, part, origin_x, origin_y, nodes, all_sets, scratch);
    const bool at_once = fits(job, window);
    if (!at_once && !point) {  // as far as single pixels, which fit a set at a time
        Tile half = part, rest = part;
        if (part.bottom - part.top >= part.right - part.left)
            half.bottom = rest.top = (part.top + part.bottom) / 2;
        else
            half.right = rest.left = (part.left + part.right) / 2;
        correct_part<Channels, Code>(job, half, origin_x, origin_y, nodes, scratch);
        correct_part<Channels, Code>(job, rest, origin_x, origin_y, nodes, scratch);
        return;
    }
    if (at_once) read_window<Channels, Code>(job, window);

    const int sets = all_sets.end;
    Rows rows{};
    rows.x = origin_x, rows.first = part.left - origin_x, rows.last = part.right - origin_x;
    Planes planes[max_sets];
    for (int set = 0; set < sets; ++set) planes[set] = Planes(job, set);
    // Rows go together as they do in the whole picture, so that a part of it comes out the same.
    for (rows.y = origin_y + (part.top - origin_y) / together * together; rows.y < part.bottom; rows.y += together) {
        const int node_y = rows.y - origin_y;
        rows.from = std::max(part.top - rows.y, 0), rows.to = std::min(part.bottom - rows.y, together);
        for (int set = 0; set < sets; set = at_once ? sets : set + 1) {
            const Sets now = at_once ? all_sets : Sets{set, set + 1};
            if (!at_once) {
                window = window_for(job, part, origin_x, origin_y, nodes, now, scratch);
                read_window<Channels, Code>(job, window);
            }
            switch (job.taps) {
                case 2: sample<2>(job, window, nodes, node_y, now, rows, planes); break;
                case 4: sample<4>(job, window, nodes, node_y, now, rows, planes); break;
                default: sample<6>(job, window, nodes, node_y, now, rows, planes);
            }
        }
        for (int n = rows.from; n < rows.to; ++n) write_row<Channels, Code>(job, nodes, origin_y, rows, n);
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
