// Step 4: interpolation. It reads the window where step 3 says, and leaves light in `Rows`.
//
// The rule: every pixel is the same sum in the same order, however its block was cut and sorted. Whole blocks are sorted
// by kind and go through loops without branches; all other blocks go through `sample_any`, with the same numbers.

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
