// Step 2: the part of the source that a tile needs, as linear light, one plane a channel. Every source pixel is decoded
// once a tile, not once for each of the 16 or 36 products that it goes into.
//
// The rule: the window holds all that step 4 reads, for points up to the border of the frame; whoever changes how far
// step 4 reaches changes `window_for`. What lies beyond the picture holds the outer pixels again.

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

// The lowest and the highest source coordinates of a tile in some coordinate sets, or a little more.
struct Reach {
    float x_low = FLT_MAX, x_high = -FLT_MAX, y_low = FLT_MAX, y_high = -FLT_MAX;

    void widen(float beyond) { x_low -= beyond, x_high += beyond, y_low -= beyond, y_high += beyond; }
};

// Of a single pixel. Nodes may lie any distance apart, but one point of one set always fits into the memory.
inline Reach reach_of_point(const Tile& tile, int origin_x, int origin_y, const Nodes& nodes, Sets sets) {
    Reach reach;
    const int column = tile.left - origin_x, row = tile.top - origin_y;
    for (int set = sets.begin; set < sets.end; ++set) {
        float x[tile_width], y[tile_width];
        evaluate_row(nodes, 2 * set, row, x);
        evaluate_row(nodes, 2 * set + 1, row, y);
        const float at_x = tile.left + x[column], at_y = tile.top + y[column];
        reach.x_low = std::min(reach.x_low, at_x), reach.x_high = std::max(reach.x_high, at_x);
        reach.y_low = std::min(reach.y_low, at_y), reach.y_high = std::max(reach.y_high, at_y);
    }
    return reach;
}

inline Reach reach_of(const Tile& tile, int origin_x, int origin_y, const Nodes& nodes, Sets sets) {
    if (tile.right - tile.left == 1 && tile.bottom - tile.top == 1)
        return reach_of_point(tile, origin_x, origin_y, nodes, sets);
    Reach reach;
    float change = 0;  // the largest from a node to the next
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
            look_at(2 * set, j, float(origin_x) + float(first) * step, half, reach.x_low, reach.x_high);
            look_at(2 * set + 1, j, float(origin_y) + float(j) * half, 0, reach.y_low, reach.y_high);
        }
    // A parabola goes beyond its nodes by an eighth of its second difference, and there is one along either axis. Nodes
    // at every pixel leave nothing between them.
    if (nodes.step > 2) reach.widen(change / 2);
    return reach;
}

inline Window window_for(const Job& job, const Tile& tile, int origin_x, int origin_y, const Nodes& nodes, Sets sets,
                         Scratch& scratch) {
    const Reach reach = reach_of(tile, origin_x, origin_y, nodes, sets);
    const float right_edge = float(job.width) - 0.5f, bottom_edge = float(job.height) - 0.5f;
    constexpr float rounding = 0.25f;  // of float coordinates, even between a node in the frame and one nowhere
    Window window;
    window.crosses_border = reach.x_low < -0.5f + rounding || reach.y_low < -0.5f + rounding ||
                            reach.x_high > right_edge - rounding || reach.y_high > bottom_edge - rounding;
    const auto low = [](float a, float edge) { return int(std::floor(std::min(std::max(a, -0.5f), edge) - rounding)); };
    const auto high = [](float a, float edge) { return int(std::floor(std::min(std::max(a, -0.5f), edge) + rounding)); };
    const int before = job.taps / 2 - 1, after = job.taps / 2;
    window.left = low(reach.x_low, right_edge) - before - widest;
    window.right = high(reach.x_high, right_edge) + after + 1 + widest;
    window.top = low(reach.y_low, bottom_edge) - before;
    window.bottom = high(reach.y_high, bottom_edge) + after + 1;
    window.stride = window.right - window.left + window_margin;
    window.light = scratch.window.data() + window_margin;
    return window;
}

inline bool fits(const Job& job, const Window& window) {
    return std::size_t(job.channels) * window.plane() + 3 * window_margin <= Scratch::window_floats;
}

// One row of one table look-up each, straight between two entries. The middle loop is all that does not vectorise:
// it fetches both entries at once.
INLINE void look_up(const float* table, const std::int32_t* entry, const float* fraction, int count, float* value) {
    float pairs[2 * tile_width];
    for (int x = 0; x < count; ++x) std::memcpy(pairs + 2 * x, table + entry[x], 2 * sizeof(float));
    for (int x = 0; x < count; ++x) value[x] = pairs[2 * x] + fraction[x] * (pairs[2 * x + 1] - pairs[2 * x]);
}

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
