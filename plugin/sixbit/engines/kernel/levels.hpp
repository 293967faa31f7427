// A correction by the best that the processor can do, on several threads. The maths is in tile.hpp.
#pragma once

#include <algorithm>
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
#include <type_traits>

#include "job.hpp"

#if defined(__GNUC__)
#define INLINE inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 4")
#define UNROLL_ALL _Pragma("GCC unroll 16")
#pragma GCC diagnostic ignored "-Wpsabi"
#else
#define INLINE inline
#define UNROLL
#define UNROLL_ALL
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
inline std::vector<Level> levels() {
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
#if defined(__ARM_NEON)
    const char* plainest = "neon";  // which every 64-bit ARM has: four lanes, like SSE
#else
    const char* plainest = "baseline";
#endif
    found.push_back({plainest, baseline::correct_tile});
    return found;
}

inline CorrectTile level_called(const std::string& name) {
    for (const Level& level : levels())
        if (name.empty() || name == level.name) return level.correct;
    throw std::invalid_argument("this processor does not run the level " + name);
}

// The tiles that the region touches, cut to it, by several threads. Each takes the next tile when it is done with one.
inline void correct(const Job& job, CorrectTile correct_tile, int threads) {
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

}  // namespace sixbit
