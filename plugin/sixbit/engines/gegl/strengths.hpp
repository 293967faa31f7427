// A correction at other strengths than full: made anew from its parts, as sixbit.compiler makes it from the models.
//
// The rule: lens models are polynomials, so the warp of any strength is one, too, and exact. Gains are powers of light,
// and fitted. What is asked for at full strength is what was compiled, number by number.
#pragma once

#include <algorithm>

#include "correction.hpp"

namespace sixbit {

struct Strengths {
    double distortion = 1, tca = 1, vignetting = 1, shading = 1;

    bool operator==(const Strengths& other) const {
        return distortion == other.distortion && tca == other.tca && vignetting == other.vignetting &&
               shading == other.shading;
    }
};

// ---- polynomials ----

inline double value_of(const Polynomial& polynomial, double r) {
    double value = 0;
    for (std::size_t i = polynomial.size(); i-- > 0;) value = value * r + polynomial[i];
    return value;
}

// The C library's own is another symbol since glibc 2.35, which older systems have not; no number here overflows.
inline double length(double x, double y) { return std::sqrt(x * x + y * y); }

inline Polynomial product(const Polynomial& a, const Polynomial& b) {
    Polynomial c(a.size() + b.size() - 1, 0.0);
    for (std::size_t i = 0; i < a.size(); ++i)
        for (std::size_t j = 0; j < b.size(); ++j) c[i + j] += a[i] * b[j];
    return c;
}

// Of a polynomial of a polynomial.
inline Polynomial chained(const Polynomial& outer, const Polynomial& inner) {
    Polynomial value{outer.back()};
    for (std::size_t i = outer.size() - 1; i-- > 0;) value = product(value, inner), value[0] += outer[i];
    return value;
}

// Of scale * r.
inline Polynomial stretched(Polynomial polynomial, double scale) {
    double power = 1;
    for (double& coefficient : polynomial) coefficient *= power, power *= scale;
    return polynomial;
}

inline Polynomial times(Polynomial polynomial, double factor) {
    for (double& coefficient : polynomial) coefficient *= factor;
    return polynomial;
}

// As much of a factor as is wanted; all of it is the factor itself.
inline Polynomial share(Polynomial factor, double strength) {
    if (factor.empty()) return {1.0};
    if (strength == 1) return factor;
    factor = times(factor, strength);
    factor[0] += 1 - strength;
    return factor;
}

inline Polynomial by_radius(const Polynomial& factor) {  // r * factor
    Polynomial radius(factor.size() + 1, 0.0);
    std::copy(factor.begin(), factor.end(), radius.begin() + 1);
    return radius;
}

inline Polynomial slope_of(const Polynomial& polynomial) {
    Polynomial slope(std::max<std::size_t>(polynomial.size(), 2) - 1, 0.0);
    for (std::size_t i = 1; i < polynomial.size(); ++i) slope[i - 1] = double(i) * polynomial[i];
    return slope;
}

// ---- geometry ----

// The source radius of an output radius before scaling, of one colour; and back.
struct Radius {
    Polynomial source, slope;
    std::vector<double> before, after;  // a table to begin with: output radii, and their source radii

    Radius(const Polynomial& factor, double reach) : source(by_radius(factor)), slope(slope_of(source)) {
        constexpr int steps = 64;
        for (int i = 0; i <= 2 * steps; ++i) {
            const double at = reach * i / steps, to = value_of(source, at);
            if (!after.empty() && !(to > after.back())) break;
            before.push_back(at), after.push_back(to);
            if (to >= reach) break;
        }
        if (!(after.back() >= reach)) throw Refused("it folds over within the frame");
    }

    double back(double radius) const {
        const std::size_t i = std::clamp<std::size_t>(
            std::lower_bound(after.begin(), after.end(), radius) - after.begin(), 1, after.size() - 1);
        double at = before[i - 1] + (before[i] - before[i - 1]) * (radius - after[i - 1]) / (after[i] - after[i - 1]);
        for (int step = 0; step < 4; ++step) {  // Newton's, of which two are enough
            const double off = value_of(source, at) - radius;
            if (std::fabs(off) < 1e-11) return at;
            at -= off / value_of(slope, at);
        }
        throw Refused("it folds over within the frame");
    }
};

// A correction at some strengths, for the layer that it was compiled for.
struct Geometry {
    double centre_x, centre_y, from_x, from_y;
    std::vector<Polynomial> warp;
};

class Warp {
   public:
    Warp(const Correction& correction, const Strengths& strengths) : made_(correction) {
        const Polynomial green = share(made_.distortion, strengths.distortion);
        if (made_.red.empty()) {
            unscaled_ = {green};
            return;
        }
        const Polynomial distorted = by_radius(green);
        const auto coloured = [&](const Polynomial& factor) {
            return product(green, share(chained(factor, distorted), strengths.tca));
        };
        unscaled_ = {coloured(made_.red), green, coloured(made_.blue)};
    }

    // Raises Refused for what cannot fill the frame.
    Geometry scaled() const {
        double scale = made_.factor, x = made_.from_x, y = made_.from_y;
        if (made_.scaling == Correction::Scale::fill_part) {
            const auto [factor, left, top] = filled_part();
            scale = factor, x = factor * (x - left) + made_.left, y = factor * (y - top) + made_.top;
        } else {
            if (made_.scaling == Correction::Scale::fill) scale = filled();
            x = made_.about_x + scale * (x - made_.about_x), y = made_.about_y + scale * (y - made_.about_y);
        }
        if (!(scale > 1e-3 && scale < 1e3)) throw Refused("a scale that no picture has");
        Geometry geometry{x, y, made_.from_x, made_.from_y, {}};
        for (const Polynomial& factor : unscaled_)
            geometry.warp.push_back(times(stretched(factor, 1 / scale), 1 / scale));
        return geometry;
    }

   private:
    struct Part {
        double factor, left, top;
    };

    double right() const { return made_.left + made_.frame_width - 1; }
    double bottom() const { return made_.top + made_.frame_height - 1; }
    double farthest() const {
        const double x = std::max(made_.from_x - made_.left, right() - made_.from_x);
        const double y = std::max(made_.from_y - made_.top, bottom() - made_.from_y);
        return std::max(length(std::max(x, 0.0), std::max(y, 0.0)), 0.5);
    }

    std::vector<Radius> radii() const {
        std::vector<Radius> radii;
        for (const Polynomial& factor : unscaled_) radii.emplace_back(factor, farthest() / made_.half_diagonal);
        return radii;
    }

    // The least factor that leaves no part of the border empty, see sixbit.compiler.scale.
    double filled() const {
        const double x = std::min(made_.from_x - made_.left, right() - made_.from_x);
        const double y = std::min(made_.from_y - made_.top, bottom() - made_.from_y);
        const double near = std::max(std::min(x, y), 0.0) / made_.half_diagonal, far = farthest() / made_.half_diagonal;
        double factor = 0;
        for (const Radius& radius : radii())
            for (int i = 0; i <= samples; ++i) {
                const double border = std::max(near + (far - near) * i / samples, 1e-9);
                factor = std::max(factor, border / std::max(radius.back(border), 1e-12));
            }
        return factor;
    }

    // The largest rectangle of the picture's proportions within its border traced back, and its corner.
    Part filled_part() const {
        const double width = made_.frame_width - 1, height = made_.frame_height - 1;
        double first_x = -HUGE_VAL, last_x = HUGE_VAL, first_y = -HUGE_VAL, last_y = HUGE_VAL;
        for (const Radius& radius : radii()) {
            const auto share_at = [&](double x, double y) {
                const double distance = std::max(length(x - made_.from_x, y - made_.from_y) / made_.half_diagonal, 1e-9);
                return radius.back(distance) / distance;
            };
            const auto before = [](double at, double from, double share) { return from + (at - from) * share; };
            for (int i = 0; i <= samples; ++i) {
                const double x = made_.left + width * i / samples, y = made_.top + height * i / samples;
                first_x = std::max(first_x, before(made_.left, made_.from_x, share_at(made_.left, y)));
                last_x = std::min(last_x, before(right(), made_.from_x, share_at(right(), y)));
                first_y = std::max(first_y, before(made_.top, made_.from_y, share_at(x, made_.top)));
                last_y = std::min(last_y, before(bottom(), made_.from_y, share_at(x, bottom())));
            }
        }
        const double across = last_x - first_x, down = last_y - first_y;
        if (!(across > 0 && down > 0)) throw Refused("it folds over within the frame");
        const double factor = std::max(width / across, height / down);
        return {factor, first_x + (across - width / factor) / 2, first_y + (down - height / factor) / 2};
    }

    static constexpr int samples = 64;
    const Correction& made_;
    std::vector<Polynomial> unscaled_;
};

// ---- gains ----

// The power series of a function on 0..end that is nearly even there: through the nodes of Chebyshev in r^2.
template <typename Function>
Polynomial fitted(const Function& function, double end) {
    constexpr int count = 16;
    static const std::vector<double> cosine = [] {  // of k halves of a node's step
        std::vector<double> table;
        for (int k = 0; k < 4 * count; ++k) table.push_back(std::cos(G_PI * k / (2 * count)));
        return table;
    }();
    double at[count], series[count];
    for (int i = 0; i < count; ++i) at[i] = function(end * std::sqrt((1 + cosine[2 * i + 1]) / 2));
    for (int k = 0; k < count; ++k) {
        series[k] = 0;
        for (int i = 0; i < count; ++i) series[k] += at[i] * cosine[k * (2 * i + 1) % (4 * count)] * (k ? 2.0 : 1.0) / count;
    }
    // Clenshaw's rule, on polynomials of r^2: t = 2 r^2 / end^2 - 1.
    const Polynomial t{-1.0, 2 / (end * end)};
    Polynomial last{0.0}, other{0.0};
    for (int k = count - 1; k >= 0; --k) {
        Polynomial next = times(product(last, t), k ? 2.0 : 1.0);
        for (std::size_t i = 0; i < other.size(); ++i) next[i] -= other[i];
        next[0] += series[k];
        other = std::move(last), last = std::move(next);
    }
    Polynomial even(2 * last.size() - 1, 0.0);
    for (std::size_t i = 0; i < last.size(); ++i) even[2 * i] = last[i];
    return even;
}

inline std::vector<Polynomial> gains_of(const Correction& correction, const Geometry& geometry, const Strengths& strengths) {
    constexpr double darkest = 1.0 / 64;
    const bool shaded = !correction.shading.empty() && strengths.shading != 0;
    if (!shaded && (correction.light.empty() || strengths.vignetting == 0)) return {{1.0}};
    const auto farthest = [&](double x, double y) {
        return length(std::max(x, correction.width - 1 - x), std::max(y, correction.height - 1 - y)) /
               correction.half_diagonal;
    };
    // What comes from beyond the farthest corner is empty and needs no gain.
    const double reach = std::max(farthest(geometry.from_x, geometry.from_y), 1e-6);
    double end = std::max(farthest(geometry.centre_x, geometry.centre_y), 1e-6);
    for (int i = 0; i < 512 && end > 1e-6 && value_of(geometry.warp.back(), end) * end > reach * (1 + 1e-9); ++i) end *= 0.995;
    std::vector<Polynomial> gains;
    const std::size_t planes = shaded ? 3 : geometry.warp.size();
    for (std::size_t k = 0; k < planes; ++k) {
        const Polynomial& warp = geometry.warp[std::min(k, geometry.warp.size() - 1)];
        gains.push_back(fitted(
            [&](double r) {
                const double source = r * value_of(warp, r);
                double gain = 1;
                if (!correction.light.empty())
                    gain *= std::pow(std::max(value_of(correction.light, source), darkest), -strengths.vignetting);
                if (shaded) gain *= std::pow(std::max(value_of(correction.shading[k], source), darkest), -strengths.shading);
                return gain;
            },
            end));
    }
    return gains;
}

// The map is read where the same source point lies at full strength, and taken to the power of the strength.
inline std::vector<float> map_of(const Correction& correction, const Geometry& geometry, const Strengths& strengths, bool moved) {
    const int rows = correction.map_rows, columns = correction.map_columns;
    std::vector<float> map;
    map.reserve(correction.map.size());
    const auto beyond = [](double at, int count) { return std::min(std::max(at, 0.0), double(count - 1)); };
    for (int plane = 0; plane < correction.map_planes; ++plane) {
        const double* nodes = correction.map.data() + std::size_t(plane) * rows * columns;
        const auto plane_of = [&](const std::vector<Polynomial>& polynomials) {
            return polynomials[std::min<std::size_t>(plane, polynomials.size() - 1)];
        };
        const Polynomial source = by_radius(plane_of(correction.warp)), slope = slope_of(source), warp = plane_of(geometry.warp);
        for (int j = 0; j < rows; ++j)
            for (int i = 0; i < columns; ++i) {
                double u = i, v = j;
                if (moved) {
                    const double across = (correction.width - 1) / std::max(columns - 1, 1), down = (correction.height - 1) / std::max(rows - 1, 1);
                    const double x = i * across - geometry.centre_x, y = j * down - geometry.centre_y;
                    const double r = length(x, y) / correction.half_diagonal, from = r * value_of(warp, r);
                    double before = from;
                    for (int step = 0; step < 8; ++step) before -= (value_of(source, before) - from) / value_of(slope, before);
                    const double share = r > 0 && std::isfinite(before) ? before / r : 1;
                    u = beyond(across > 0 ? (correction.centre_x + x * share) / across : 0, columns);
                    v = beyond(down > 0 ? (correction.centre_y + y * share) / down : 0, rows);
                }
                const int left = std::min(int(u), std::max(columns - 2, 0)), top = std::min(int(v), std::max(rows - 2, 0));
                const int right = std::min(left + 1, columns - 1), bottom = std::min(top + 1, rows - 1);
                const auto row = [&](int y) {
                    const double a = nodes[std::size_t(y) * columns + left], b = nodes[std::size_t(y) * columns + right];
                    return a + (b - a) * (u - left);
                };
                const double gain = row(top) + (row(bottom) - row(top)) * (v - top);
                map.push_back(float(strengths.shading == 1 ? gain : std::pow(gain, strengths.shading)));
            }
    }
    return map;
}

}  // namespace sixbit
