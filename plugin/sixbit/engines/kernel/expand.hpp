// Step 3: rows of the output between the nodes: where each block of lanes comes from, and the gains of its pixels.
//
// The rule: coordinates are not stored pixel by pixel but as a parabola a block, with bounds of its whole pixels, so that
// step 4 can sort the blocks before it computes a point, and its loops have no branch.

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
                line.evaluate(past[n]);
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

// The gains of the nth of the rows, from the first column of the tile; null where a channel has none.
template <int Channels>
struct Gains {
    float field[max_sets][tile_width + lanes], mapped[Channels][tile_width + lanes];
    const float* of_channel[Channels];

    INLINE Gains(const Job& job, const Nodes& nodes, int origin_y, const Rows& rows, int n) {
        const int sets = int(job.shift.size()), gains = int(job.gain.size());
        const int y = rows.y + n, count = rows.last - rows.first;
        for (int g = 0; g < gains; ++g) evaluate_row(nodes, 2 * sets + g, y - origin_y, field[g]);
        for (int k = 0; k < Channels; ++k) {
            const Channel& channel = job.channel[k];
            of_channel[k] = channel.gain < 0 ? nullptr : field[channel.gain] + rows.first;
            if (channel.map) {
                std::copy(of_channel[k], of_channel[k] + count, mapped[k]);
                multiply_by_map(job, channel.map, y, rows.x + rows.first, count, mapped[k]);
                of_channel[k] = mapped[k];
            }
        }
    }
};
