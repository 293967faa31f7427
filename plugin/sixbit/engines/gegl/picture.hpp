// A layer that is to be corrected: the correction fitted to its size, its pixels and the strengths; and the work of it.
#pragma once

#include <memory>
#include <mutex>

#include "correction.hpp"
#include "curves.hpp"
#include "levels.hpp"
#include "strengths.hpp"

namespace sixbit {

// How a layer of a size lies over the one that a correction was compiled for, if it is the same photo.
struct Fit {
    double across = 1, down = 1;  // px of the one for each of the other
    bool turned = false;
};

// Raises Refused for another picture.
inline Fit fit_of(const Correction& correction, int width, int height) {
    const auto alike = [&](double made_wide, double made_high) {
        // To a pixel either way: sizes are rounded.
        return std::fabs(height - made_high * width / made_wide) <= 1 || std::fabs(width - made_wide * height / made_high) <= 1;
    };
    if (alike(correction.width, correction.height)) return {correction.width / width, correction.height / height, false};
    demand_text(alike(correction.height, correction.width), "another picture");
    return {correction.height / width, correction.width / height, true};
}

// What is the same from all sides can be turned either way.
inline bool is_symmetric(const Correction& correction, const Geometry& geometry) {
    const auto amid = [](double at, double size) { return std::fabs(at - (size - 1) / 2) < 0.01; };
    return correction.map.empty() && amid(geometry.centre_x, correction.width) && amid(geometry.centre_y, correction.height) &&
           amid(geometry.from_x, correction.width) && amid(geometry.from_y, correction.height);
}

// The memory that threads work in, kept for the next piece of work.
struct Desk {
    Scratch scratch;
    std::vector<char> source, target;

    explicit Desk(const Job& job) : scratch(job) {}
};

class Desks {
   public:
    std::unique_ptr<Desk> take(const Job& job) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (!free_.empty()) {
                auto desk = std::move(free_.back());
                free_.pop_back();
                return desk;
            }
        }
        return std::make_unique<Desk>(job);
    }

    void give_back(std::unique_ptr<Desk> desk) {
        const std::lock_guard<std::mutex> lock(mutex_);
        free_.push_back(std::move(desk));
    }

   private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<Desk>> free_;
};

// One kernel job may not do for all channels: it knows of 1, 3 and 4, and gray with alpha are two of one.
struct Pass {
    Job job;
    int first_channel;
};

class Picture {
   public:
    Picture(const Correction& correction, Strengths strengths, const Pixel& pixel, std::shared_ptr<const Curves> curves, int width,
            int height)
        : pixel_(pixel), curves_(std::move(curves)) {
        const Fit fit = fit_of(correction, width, height);
        demand_text(std::max(width, height) <= largest_side, "a picture that is too large");
        const bool unshaded = correction.shading.empty() && correction.map.empty();
        // The strength of a kind that is not corrected says nothing.
        if (correction.distortion.empty()) strengths.distortion = 1;
        if (correction.red.empty()) strengths.tca = 1;
        if (correction.light.empty()) strengths.vignetting = 1;
        if (unshaded) strengths.shading = 1;
        const bool full_warp = strengths.distortion == 1 && strengths.tca == 1;
        Geometry geometry{correction.centre_x, correction.centre_y, correction.from_x, correction.from_y, correction.warp};
        if (!full_warp) geometry = warped(correction, strengths);
        const bool full_gain = full_warp && strengths.vignetting == 1 && strengths.shading == 1;
        std::vector<Polynomial> gain = full_gain ? correction.gain : gains_of(correction, geometry, strengths);
        if (!correction.map.empty()) map_ = map_of(correction, geometry, strengths, !full_warp);
        if (fit.turned) {
            demand_text(is_symmetric(correction, geometry), "turned to a side that is not known");
            std::swap(geometry.centre_x, geometry.centre_y), std::swap(geometry.from_x, geometry.from_y);
        }

        Job job{};
        job.depth = pixel.depth, job.width = width, job.height = height;
        job.right = width, job.bottom = height;
        const auto reduced = [](double at, double by) { return (at + 0.5) / by - 0.5; };
        const double from_x = reduced(geometry.from_x, fit.across), from_y = reduced(geometry.from_y, fit.down);
        job.centre_x = reduced(geometry.centre_x, fit.across), job.centre_y = reduced(geometry.centre_y, fit.down);
        job.shift_x = from_x - job.centre_x, job.shift_y = from_y - job.centre_y;
        if (fit.across == 1 && fit.down == 1) {  // not a rounding away from what was compiled
            job.centre_x = geometry.centre_x, job.centre_y = geometry.centre_y;
            job.shift_x = geometry.from_x - geometry.centre_x, job.shift_y = geometry.from_y - geometry.centre_y;
        }
        const double size = std::sqrt(fit.across * fit.down);
        job.half_diagonal = correction.half_diagonal / size;
        bool warps = job.shift_x != 0 || job.shift_y != 0, brightens = !map_.empty();
        for (Polynomial& polynomial : geometry.warp) {
            warps |= polynomial != Polynomial{1.0};
            polynomial[0] -= 1;
        }
        for (const Polynomial& polynomial : gain) brightens |= polynomial != Polynomial{1.0};
        identity_ = !warps && !brightens;
        job.shift = std::move(geometry.warp);
        if (brightens) job.gain = std::move(gain);
        job.map_rows = correction.map_rows, job.map_columns = correction.map_columns;
        // What a parabola loses grows with the strength, and with the cube of its span in half diagonals, times these.
        const double strongest = std::max({strengths.distortion, strengths.tca, strengths.vignetting, strengths.shading, 1.0});
        const double span = correction.step / std::cbrt(strongest) / std::pow(std::max(size, 1.0), 2.0 / 3);
        job.step = 16;
        while (job.step > 2 && job.step > span * (1 + 1e-9)) job.step /= 2;
        job.taps = 2 * int(correction.even.size());
        for (int p = 0; p < job.taps / 2; ++p) {
            std::copy(correction.even[p].begin(), correction.even[p].end(), job.even[p]);
            std::copy(correction.odd[p].begin(), correction.odd[p].end(), job.odd[p]);
        }
        if (!warps) job.taps = 2, job.even[0][0] = 0.5f, job.odd[0][0] = -1;  // every point lies on a pixel
        job.encode_origin = curves_->origin, job.encode_shift = curves_->shift;

        const auto index = [](int plane, std::size_t count) { return std::min(plane, int(count) - 1); };
        for (int k = 0; k < pixel.channels; ++k) {
            const bool coloured = k < pixel.colours();
            // Gray and alpha go with green, which the other colours refer to.
            const int plane = coloured && pixel.colours() == 3 ? k : 1;
            Channel channel = (coloured ? curves_->plane(k) : curves_->alpha).channel();
            channel.set = index(plane, job.shift.size());
            if (coloured && brightens) {
                channel.gain = index(plane, job.gain.size());
                if (!map_.empty())
                    channel.map = map_.data() + std::size_t(index(plane, correction.map_planes)) * job.map_rows * job.map_columns;
            }
            if (passes_.empty() || pixel.channels == 2) passes_.push_back({job, k});
            Job& last = passes_.back().job;
            last.channel[last.channels++] = channel;
        }
    }

    bool is_identity() const { return identity_; }
    const Pixel& pixel() const { return pixel_; }
    Desks& desks() const { return desks_; }
    const Job& job() const { return passes_[0].job; }

    // Calls `work` with the tiles of the kernel's grid that a part of the picture touches, cut to it.
    template <typename Work>
    static void each_tile(const Tile& part, const Work& work) {
        for (int y = part.top / tile_height * tile_height; y < part.bottom; y += tile_height)
            for (int x = part.left / tile_width * tile_width; x < part.right; x += tile_width)
                work(Tile{std::max(x, part.left), std::max(y, part.top), std::min(x + tile_width, part.right),
                          std::min(y + tile_height, part.bottom)});
    }

    // The part of the source that the kernel reads for a tile.
    Tile source_of(const Tile& tile, Scratch& scratch) const {
        constexpr int slack = 2;
        const Job& job = passes_[0].job;
        const Tile read = baseline::source_of_tile(job, tile, scratch);
        return {std::max(read.left - slack, 0), std::max(read.top - slack, 0), std::min(read.right + slack, job.width),
                std::min(read.bottom + slack, job.height)};
    }

    // Corrects a tile from a part of the source, both packed.
    void correct(const Tile& tile, const Tile& from, Desk& desk) const {
        for (const Pass& pass : passes_) {
            Job job = pass.job;
            job.source = addressed(desk.source.data(), from, pass.first_channel);
            job.target = addressed(desk.target.data(), tile, pass.first_channel);
            level_(job, tile, desk.scratch);
        }
    }

   private:
    static Geometry warped(const Correction& correction, Strengths& strengths) {
        try {
            return Warp(correction, strengths).scaled();
        } catch (const Refused&) {
        }
        // So much of it that it would fold over: as much as there can be.
        double least = 0, most = 1;
        const Strengths wanted = strengths;
        for (int i = 0; i < 16; ++i) {
            const double between = (least + most) / 2;
            strengths.distortion = wanted.distortion * between, strengths.tca = wanted.tca * between;
            try {
                Warp(correction, strengths).scaled();
                least = between;
            } catch (const Refused&) {
                most = between;
            }
        }
        strengths.distortion = wanted.distortion * least, strengths.tca = wanted.tca * least;
        return Warp(correction, strengths).scaled();
    }

    // So that the pixel at a place of the picture has that place as its index.
    Pixels addressed(char* data, const Tile& part, int first_channel) const {
        const std::ptrdiff_t row = std::ptrdiff_t(part.right - part.left) * pixel_.channels;
        const std::ptrdiff_t size = pixel_.bytes() / pixel_.channels;
        return {data + (first_channel - part.top * row - std::ptrdiff_t(part.left) * pixel_.channels) * size, row, pixel_.channels, 1};
    }

    Pixel pixel_;
    std::shared_ptr<const Curves> curves_;
    std::vector<float> map_;
    std::vector<Pass> passes_;
    bool identity_ = false;
    CorrectTile level_ = level_called("");
    mutable Desks desks_;
};

}  // namespace sixbit
