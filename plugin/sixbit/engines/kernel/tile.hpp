// One tile, from coordinates to pixels, in five steps: a file each, included in this order. Each step is plain
// loops over rows of memory that stay in the cache:
//   1. nodes.hpp    the polynomials in double, on a coarse grid
//   2. window.hpp   the source pixels that the tile needs, as linear light
//   3. expand.hpp   coordinates and gains of output rows, between the nodes
//   4. sample.hpp   interpolation
//   5. write.hpp    gain, and linear light to pixels
//
// The rule: levels.hpp includes this once for each level of processor, in a namespace of its own. So none of these files
// guards against being included again, and none knows of a level but for how many lanes it has.

#include "lanes.hpp"
#if SIXBIT_LANES == 16 && defined(__GNUC__) && !defined(__clang__) && !defined(SIXBIT_PLAIN_LANES)
#define SIXBIT_SHUFFLES
#include "shuffles.hpp"
#endif

#include "nodes.hpp"
#include "window.hpp"
#include "expand.hpp"
#include "sample.hpp"
#include "write.hpp"

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

// The part of the source that is read for a tile, for whoever has it in pieces only.
inline Tile source_of_tile(const Job& job, const Tile& tile, Scratch& scratch) {
    const int origin_x = tile.left / tile_width * tile_width, origin_y = tile.top / tile_height * tile_height;
    const Nodes nodes = place_nodes(job, tile, origin_x, origin_y, scratch);
    const Window window = window_for(job, tile, origin_x, origin_y, nodes, Sets{0, int(job.shift.size())}, scratch);
    return {std::max(window.left, 0), std::max(window.top, 0), std::min(window.right, job.width),
            std::min(window.bottom, job.height)};
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
