// The native engine: levels of processors, threads, and the door to Python. The maths is in tile.hpp.
#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "job.hpp"

#if defined(__GNUC__)
#define INLINE inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 4")
#pragma GCC diagnostic ignored "-Wpsabi"
#else
#define INLINE inline
#define UNROLL
#endif

// tile.hpp is compiled once a level, with as many lanes as a register of that level holds; the compiler does the rest.
// SIXBIT_ONE_LEVEL is for tests: that many lanes, whatever the processor, and no other level.
#if defined(SIXBIT_ONE_LEVEL)
#define SIXBIT_LANES SIXBIT_ONE_LEVEL
#else
#define SIXBIT_LANES 4
#endif
namespace sixbit::baseline {
#include "tile.hpp"
}

#if defined(__GNUC__) && defined(__x86_64__) && !defined(SIXBIT_ONE_LEVEL)
#define SIXBIT_X86_LEVELS
#define SIXBIT_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define SIXBIT_LEVEL(features) \
    SIXBIT_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define SIXBIT_LEVEL_END SIXBIT_PRAGMA(clang attribute pop)
#else
#define SIXBIT_LEVEL(features) SIXBIT_PRAGMA(GCC push_options) SIXBIT_PRAGMA(GCC target(features))
#define SIXBIT_LEVEL_END SIXBIT_PRAGMA(GCC pop_options)
#endif

SIXBIT_LEVEL("sse4.2")
namespace sixbit::sse4 {
#include "tile.hpp"
}
SIXBIT_LEVEL_END

#undef SIXBIT_LANES
#define SIXBIT_LANES 8
SIXBIT_LEVEL("avx2,fma,bmi2")
namespace sixbit::avx2 {
#include "tile.hpp"
}
SIXBIT_LEVEL_END

#undef SIXBIT_LANES
#define SIXBIT_LANES 16
SIXBIT_LEVEL("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2,prefer-vector-width=512")
namespace sixbit::avx512 {
#include "tile.hpp"
}
SIXBIT_LEVEL_END
#endif

namespace sixbit {

struct Level {
    const char* name;
    CorrectTile correct;
};

// What this processor can run, best first.
std::vector<Level> levels() {
    std::vector<Level> found;
#if defined(SIXBIT_X86_LEVELS)
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    if (has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        found.push_back({"avx512", avx512::correct_tile});
    if (has_avx2) found.push_back({"avx2", avx2::correct_tile});
    if (__builtin_cpu_supports("sse4.2")) found.push_back({"sse4", sse4::correct_tile});
#endif
    found.push_back({"baseline", baseline::correct_tile});
    return found;
}

CorrectTile level_called(const std::string& name) {
    for (const Level& level : levels())
        if (name.empty() || name == level.name) return level.correct;
    throw std::invalid_argument("this processor does not run the level " + name);
}

// The tiles that the region touches, cut to it, by several threads. Each takes the next tile when it is done with one.
void correct(const Job& job, CorrectTile correct_tile, int threads) {
    const int first_column = job.left / tile_width, columns = (job.right - 1) / tile_width + 1 - first_column;
    const int first_row = job.top / tile_height, rows = (job.bottom - 1) / tile_height + 1 - first_row;
    const long long tiles = static_cast<long long>(columns) * rows;
    const int workers = int(std::max(1LL, std::min<long long>(threads, tiles)));
    std::vector<Scratch> scratch;
    for (int i = 0; i < workers; ++i) scratch.emplace_back(job);

    std::atomic<long long> next{0};
    const auto work = [&](Scratch& own) {
        for (long long i; (i = next++) < tiles;) {
            const int x = (first_column + int(i % columns)) * tile_width, y = (first_row + int(i / columns)) * tile_height;
            correct_tile(job,
                         {std::max(x, job.left), std::max(y, job.top), std::min(x + tile_width, job.right),
                          std::min(y + tile_height, job.bottom)},
                         own);
        }
    };
    std::vector<std::thread> others;
    for (int i = 1; i < workers; ++i) {
        try {
            others.emplace_back(work, std::ref(scratch[i]));
        } catch (const std::system_error&) {
            break;  // no more threads to be had: those there are do all of it
        }
    }
    work(scratch[0]);
    for (std::thread& other : others) other.join();
}

// ---- the door to Python ----

namespace py = pybind11;

template <typename T>
using Table = py::array_t<T, py::array::c_style>;

// Of a channel: linear?, code values to light, light to code values, slopes beyond 0..1, cubics both ways (or none).
using Curve = std::tuple<bool, Table<float>, py::array, std::array<float, 4>, Table<float>, Table<float>>;

Pixels pixels_of(const py::array& array) {
    const auto size = array.itemsize();
    for (int axis = 0; axis < 3; ++axis)
        if (array.strides(axis) % size) throw std::invalid_argument("strides that are no whole number of values");
    return {const_cast<void*>(array.data()), array.strides(0) / size, array.strides(1) / size, array.strides(2) / size};
}

void correct_pixels(const py::array& source, py::array target, int left, int top, std::pair<double, double> centre,
                    double half_diagonal, std::vector<std::vector<double>> shift, std::vector<std::vector<double>> gain,
                    const std::vector<std::pair<int, bool>>& planes, const Table<float>& gain_map, int step,
                    const Table<float>& even, const Table<float>& odd, const std::vector<Curve>& curves,
                    float encode_origin, int encode_shift, int threads,
                    const std::string& level) {
    Job job{};
    job.depth = source.itemsize() == 1 ? Depth::u8 : source.itemsize() == 2 ? Depth::u16 : Depth::f32;
    job.width = int(source.shape(1)), job.height = int(source.shape(0)), job.channels = int(source.shape(2));
    job.left = left, job.top = top;
    job.right = left + int(target.shape(1)), job.bottom = top + int(target.shape(0));
    job.source = pixels_of(source);
    job.target = pixels_of(target);
    job.target.data = static_cast<char*>(target.mutable_data()) -
                      (top * job.target.row + left * job.target.pixel) * target.itemsize();
    job.centre_x = centre.first, job.centre_y = centre.second, job.half_diagonal = half_diagonal;
    job.shift = std::move(shift), job.gain = std::move(gain);
    job.map_rows = int(gain_map.shape(1)), job.map_columns = int(gain_map.shape(2));
    job.step = step;
    job.taps = 2 * int(even.shape(0));
    for (int p = 0; p < job.taps / 2; ++p)
        for (int i = 0; i < even.shape(1); ++i) job.even[p][i] = even.at(p, i), job.odd[p][i] = odd.at(p, i);
    job.encode_origin = encode_origin, job.encode_shift = encode_shift;

    for (int k = 0; k < job.channels; ++k) {
        Channel& channel = job.channel[k];
        const auto& [linear, decode, encode, slopes, decode_cubics, encode_cubics] = curves[k];
        channel.decode_cubics = decode_cubics.size() ? decode_cubics.data() : nullptr;
        channel.encode_cubics = encode_cubics.size() ? encode_cubics.data() : nullptr;
        channel.linear = linear, channel.decode = decode.data(), channel.encode = encode.data();
        channel.decode_below = slopes[0], channel.decode_above = slopes[1];
        channel.encode_below = slopes[2], channel.encode_above = slopes[3];
        const auto [plane, brightens] = planes[k];
        const auto index = [plane](std::size_t size) { return std::min(plane, int(size) - 1); };
        channel.set = index(job.shift.size());
        channel.gain = brightens ? index(job.gain.size()) : -1;
        if (brightens && gain_map.shape(0)) channel.map = gain_map.data(index(gain_map.shape(0)), 0, 0);
    }
    const CorrectTile correct_tile = level_called(level);
    py::gil_scoped_release release;
    correct(job, correct_tile, threads);
}

}  // namespace sixbit

namespace py = pybind11;

PYBIND11_MODULE(_kernel, module) {
    module.doc() = "The compiled half of sixbit.engines.native, which says what the arguments are.";
    using namespace py::literals;
    module.def("correct", &sixbit::correct_pixels, py::kw_only(), "source"_a, "target"_a, "left"_a, "top"_a, "centre"_a,
               "half_diagonal"_a, "shift"_a, "gain"_a, "planes"_a, "gain_map"_a, "step"_a, "even"_a, "odd"_a, "curves"_a,
               "encode_origin"_a, "encode_shift"_a, "threads"_a, "level"_a);
    module.def("levels", [] {
        std::vector<std::string> names;
        for (const sixbit::Level& level : sixbit::levels()) names.emplace_back(level.name);
        return names;
    });
}
