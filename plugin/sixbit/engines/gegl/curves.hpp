// The transfer curve of a babl format as the kernel reads it: the tables of sixbit.engines.tables.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <babl/babl.h>

#include "job.hpp"

namespace sixbit {

// What the pixels of a layer are corrected as: with as many bits, and under the same curve, or as linear light.
struct Pixel {
    const Babl* format = nullptr;
    Depth depth = Depth::f32;
    int channels = 3;  // alpha included
    bool alpha = false;

    int colours() const { return channels - alpha; }
    int bytes() const { return channels * (depth == Depth::u8 ? 1 : depth == Depth::u16 ? 2 : 4); }
};

inline Pixel pixel_for(const Babl* given) {
    const Babl* const otherwise = babl_format("RGBA float");
    const Babl* const format = given ? given : otherwise;
    const auto flags = babl_get_model_flags(babl_format_get_model(format));
    const bool gray = flags & BABL_MODEL_FLAG_GRAY, known = flags & (BABL_MODEL_FLAG_GRAY | BABL_MODEL_FLAG_RGB);
    Pixel pixel;
    pixel.alpha = !known || flags & BABL_MODEL_FLAG_ALPHA;
    pixel.channels = (gray ? 1 : 3) + pixel.alpha;
    const char* type = "float";
    const char* mark = "";
    if (known && !babl_format_is_palette(format)) {
        const Babl* stored = babl_format_get_type(format, 0);
        if (stored == babl_type("u8")) pixel.depth = Depth::u8, type = "u8";
        if (stored == babl_type("u16")) pixel.depth = Depth::u16, type = "u16";
        mark = flags & BABL_MODEL_FLAG_NONLINEAR ? "'" : flags & BABL_MODEL_FLAG_PERCEPTUAL ? "~" : "";
    }
    std::string name;
    for (const char* component : {"R", "G", "B"})
        if (!gray || *component == 'R') name += std::string(gray ? "Y" : component) + mark;
    name += std::string(pixel.alpha ? "A " : " ") + type;
    pixel.format = babl_format_with_space(name.c_str(), format);
    return pixel;
}

// The tables of one plane, and what the kernel is told of them.
struct Plane {
    std::vector<float> decode, encode_floats;
    std::vector<std::uint8_t> encode_bytes;
    double below = 1, above = 1;
    bool linear = false;

    Channel channel() const {
        Channel channel{};
        channel.gain = -1;
        channel.linear = linear;
        channel.decode = decode.data();
        channel.encode = encode_bytes.empty() ? static_cast<const void*>(encode_floats.data()) : encode_bytes.data();
        channel.decode_below = float(below), channel.decode_above = float(above);
        channel.encode_below = float(1 / below), channel.encode_above = float(1 / above);
        return channel;
    }
};

struct Curves {
    static constexpr int samples = 65536;
    // Over how many samples the slope of a curve at its ends is taken: babl's are of single precision.
    static constexpr int exact_span = 1, babl_span = 512;

    float origin;
    int shift;
    std::vector<Plane> colours;
    Plane alpha;

    explicit Curves(const Pixel& pixel)
        : origin(pixel.depth == Depth::u8 ? 0x1p-16f : 0x1p-34f), shift(pixel.depth == Depth::u8 ? 12 : 14) {
        std::vector<double> straight(samples);
        for (int i = 0; i < samples; ++i) straight[i] = double(i) / (samples - 1);
        alpha = plane_of(straight, true, pixel.depth, exact_span);
        const std::string model = babl_get_name(babl_format_get_model(pixel.format));
        const bool linear = !(babl_get_model_flags(babl_format_get_model(pixel.format)) &
                              (BABL_MODEL_FLAG_NONLINEAR | BABL_MODEL_FLAG_PERCEPTUAL));
        if (linear) {
            colours.assign(1, alpha);
            return;
        }
        const bool srgb = model.find('~') != std::string::npos || is_srgb(pixel.format);
        for (const auto& light : srgb ? srgb_light(straight) : babl_light(pixel.format, straight))
            if (int(colours.size()) < pixel.colours())
                colours.push_back(plane_of(light, false, pixel.depth, srgb ? exact_span : babl_span));
    }

    const Plane& plane(int k) const { return colours[std::min<std::size_t>(k, colours.size() - 1)]; }

   private:
    static bool is_srgb(const Babl* format) {
        const Babl* curves[3] = {};
        babl_space_get(babl_format_get_space(format), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                       &curves[0], &curves[1], &curves[2]);
        return std::all_of(curves, curves + 3, [](const Babl* curve) { return curve == babl_trc("sRGB"); });
    }

    // The light of each code, in red, green and blue; gray has the curve of all three.
    using Light = std::vector<std::vector<double>>;

    static Light srgb_light(std::vector<double> codes) {
        for (double& value : codes) value = value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
        return Light(3, codes);
    }

    static Light babl_light(const Babl* format, const std::vector<double>& codes) {
        Light light(3, codes);
        const Babl* space = babl_format_get_space(format);
        // Alike in all channels, so that no matrix between primaries has a say.
        std::vector<double> from(std::size_t(samples) * 3), to(from.size());
        for (std::size_t i = 0; i < from.size(); ++i) from[i] = codes[i / 3];
        const Babl* fish = babl_fish(babl_format_with_space("R'G'B' double", space), babl_format_with_space("RGB double", space));
        babl_process(fish, from.data(), to.data(), samples);
        for (std::size_t i = 0; i < to.size(); ++i) {
            double& value = light[i % 3][i / 3];
            value = to[i];
            if (i >= 3 && !(value >= light[i % 3][i / 3 - 1])) value = light[i % 3][i / 3 - 1];  // it never falls
        }
        return light;
    }

    Plane plane_of(const std::vector<double>& light, bool linear, Depth depth, int span) const {
        const bool byte = depth == Depth::u8;
        Plane plane;
        plane.linear = linear;
        for (int i = 0; i < samples; i += byte ? 257 : 1) plane.decode.push_back(float(light[i]));
        // By a parabola through three samples; of neighbours it is how the last two differ, as in sixbit.values.light.
        const auto slope = [&](int end, int inwards) {
            const double last = light[end], next = light[end + inwards], third = light[end + 2 * inwards];
            const double rise = (4 * next - 3 * last - third) / 2 + (last - 2 * next + third) / 2 / span;  // half a sample in
            return std::clamp(rise / inwards * (samples - 1), 1.0 / 16, 16.0);
        };
        plane.below = slope(0, span), plane.above = slope(samples - 1, -span);
        const std::int32_t first = bits(origin), last = bits(float(double(origin) + 1));
        const int count = ((last - first) >> shift) + 2;
        for (int i = 0; i < count; ++i) {
            const std::int32_t at = first + std::int32_t((i + (byte ? 0.5 : 0.0)) * (1 << shift));
            float number;
            std::memcpy(&number, &at, sizeof number);
            const double code = code_of(light, double(number) - double(origin), plane);
            if (byte) plane.encode_bytes.push_back(std::uint8_t(std::floor(std::clamp(code, 0.0, 1.0) * 255 + 0.5)));
            else plane.encode_floats.push_back(float(code));
        }
        return plane;
    }

    static std::int32_t bits(float number) {
        std::int32_t bits;
        std::memcpy(&bits, &number, sizeof bits);
        return bits;
    }

    // The inverse of the curve; beyond its ends it goes straight on.
    static double code_of(const std::vector<double>& light, double value, const Plane& plane) {
        const double beyond = std::min(value, 0.0) / plane.below + std::max(value - 1, 0.0) / plane.above;
        const auto next = std::upper_bound(light.begin(), light.end(), value);
        if (next == light.begin()) return beyond;
        if (next == light.end()) return 1 + beyond;
        const std::size_t i = next - light.begin();
        return (i - 1 + (value - light[i - 1]) / (light[i] - light[i - 1])) / (samples - 1) + beyond;
    }
};

}  // namespace sixbit
