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

    float origin;
    int shift;
    std::vector<Plane> colours;
    Plane alpha;

    explicit Curves(const Pixel& pixel)
        : origin(pixel.depth == Depth::u8 ? 0x1p-16f : 0x1p-34f), shift(pixel.depth == Depth::u8 ? 12 : 14) {
        std::vector<double> straight(samples);
        for (int i = 0; i < samples; ++i) straight[i] = double(i) / (samples - 1);
        alpha = plane_of(straight, true, pixel.depth);
        const std::string model = babl_get_name(babl_format_get_model(pixel.format));
        const bool linear = !(babl_get_model_flags(babl_format_get_model(pixel.format)) &
                              (BABL_MODEL_FLAG_NONLINEAR | BABL_MODEL_FLAG_PERCEPTUAL));
        if (linear) {
            colours.assign(1, alpha);
            return;
        }
        // Alike in all channels, so that no matrix between primaries has a say.
        const char mark = model.find('~') != std::string::npos ? '~' : '\'';
        const int count = pixel.colours();
        const std::string code = count == 1 ? std::string("Y") + mark : std::string("R") + mark + "G" + mark + "B" + mark;
        const Babl* space = babl_format_get_space(pixel.format);
        const Babl* from = babl_format_with_space((code + " double").c_str(), space);
        const Babl* to = babl_format_with_space(count == 1 ? "Y double" : "RGB double", space);
        std::vector<double> codes(std::size_t(samples) * count), light(codes.size());
        for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = straight[i / count];
        babl_process(babl_fast_fish(from, to, "exact"), codes.data(), light.data(), samples);
        for (int k = 0; k < count; ++k) {
            std::vector<double> plane(samples);
            for (int i = 0; i < samples; ++i) {
                plane[i] = light[std::size_t(i) * count + k];
                if (i && !(plane[i] >= plane[i - 1])) plane[i] = plane[i - 1];  // it never falls
            }
            colours.push_back(plane_of(plane, false, pixel.depth));
        }
    }

    const Plane& plane(int k) const { return colours[std::min<std::size_t>(k, colours.size() - 1)]; }

   private:
    Plane plane_of(const std::vector<double>& light, bool linear, Depth depth) const {
        const bool byte = depth == Depth::u8;
        Plane plane;
        plane.linear = linear;
        for (int i = 0; i < samples; i += byte ? 257 : 1) plane.decode.push_back(float(light[i]));
        // By a parabola through the last samples: babl's are of single precision.
        constexpr int span = 512;
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
