// Step 1, and what the fields are between the nodes. A field is the x or y shift of a coordinate set, or a gain: as
// polynomials of the radius they are too slow for every pixel, and in single precision not exact enough, so they are
// evaluated in double on a coarse grid.
//
// The rule: nodes lie where they lie in the whole picture, and a value between them depends on its piece alone. So a
// pixel is the same whatever part of the picture was asked for.

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
                    node[i] = within_reach(x[i] * value[i] + job.shift_x);
                    node[field + i] = within_reach(y * value[i] + job.shift_y);
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
        const int next = nodes.columns();
        for (int i = 0; i < count; i += lanes) {
            const Floats begin = down(upper + i, next, to_middle, to_lower);
            const Floats centre = down(upper + count + 1 + i, next, to_middle, to_lower);
            const Floats end = down(upper + i + 1, next, to_middle, to_lower);
            const Floats first = centre - begin, second = end - centre;
            store(node + i, begin);
            store(slope + i, (first * 3.0f - second) * part);
            store(curve + i, (second - first) * (2 * part * part));
        }
    }

    // The parabola down through a node of the upper row and the two below it.
    static INLINE Floats down(const float* node, int next, float to_middle, float to_lower) {
        const Floats from = load(node);
        return from + ((load(node + next) - from) * to_middle + (load(node + 2 * next) - from) * to_lower);
    }

    // The value of each column.
    void evaluate(float* values) const {
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

// A field in each column of row y of the tile.
inline void evaluate_row(const Nodes& nodes, int field, int y, float* values) {
    with_step(nodes, [&](auto step) { Line<step>(nodes, field, y).evaluate(values); });
}
