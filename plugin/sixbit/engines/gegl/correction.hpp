// A compiled correction, read from the text that sixbit.compiler.editable makes: words, each followed by its numbers.
//
// The rule: a text may be anything at all. What is not a correction is refused, and nothing is believed that was not
// looked at: counts, ranges, numbers that are none.
#pragma once

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <glib.h>

namespace sixbit {

using Polynomial = std::vector<double>;  // ascending powers

struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline void demand_text(bool well, const char* otherwise) {
    if (!well) throw Refused(otherwise);
}

// Lengths are in px of the layer that it was compiled for, radii in half diagonals of the photo's frame.
struct Correction {
    double width = 0, height = 0;
    double half_diagonal = 0;

    // At full strength: what `sixbit correct` applies.
    double centre_x = 0, centre_y = 0, from_x = 0, from_y = 0;  // in the output, and where that comes from
    std::vector<Polynomial> warp, gain;
    int map_planes = 0, map_rows = 0, map_columns = 0;
    std::vector<double> map;
    int step = 2;
    std::vector<Polynomial> even, odd;  // weights of the interpolation, see Job

    // Its parts, none where a kind is not corrected: factors of the radius before scaling, and the light that is left.
    Polynomial distortion, red, blue, light;
    std::vector<Polynomial> shading;

    // How the picture is scaled: by a factor, or by what fills its frame, about the optical centre or as a part.
    enum class Scale { factor, fill, fill_part } scaling = Scale::factor;
    double factor = 1, about_x = 0, about_y = 0;
    double left = 0, top = 0, frame_width = 0, frame_height = 0;  // of the picture that is filled, in px of the layer
};

class Words {
   public:
    explicit Words(const char* text) {
        demand_text(text && std::strlen(text) <= longest, "a text of no length that is read");
        std::size_t numbers = 0;
        std::vector<double>* list = nullptr;
        for (const char* at = text; *at;) {
            if (*at == ' ') {
                ++at;
                continue;
            }
            const char* end = at;
            while (*end && *end != ' ') ++end;
            if (*at >= 'a' && *at <= 'z') {
                const std::string word(at, end);
                demand_text(word.size() <= 32 && ++words_ <= most_words, "more words than are known");
                lists_[word].emplace_back();
                list = &lists_[word].back();
            } else {
                char* stop = nullptr;
                const double number = g_ascii_strtod(at, &stop);
                demand_text(list && stop == end && std::isfinite(number), "what is neither word nor number");
                demand_text(++numbers <= most_numbers, "more numbers than there can be");
                list->push_back(number);
            }
            at = end;
        }
    }

    // The numbers of each time that a word stands there.
    std::vector<std::vector<double>> all(const char* word, std::size_t most_lists, std::size_t least, std::size_t most) const {
        const auto found = lists_.find(word);
        if (found == lists_.end()) return {};
        demand_text(found->second.size() <= most_lists, word);
        for (const auto& list : found->second) demand_text(list.size() >= least && list.size() <= most, word);
        return found->second;
    }

    Polynomial one_or_none(const char* word, std::size_t most) const {
        const auto found = all(word, 1, 1, most);
        return found.empty() ? Polynomial{} : found[0];
    }

    std::vector<double> one(const char* word, std::size_t count, double least, double most) const {
        const auto found = all(word, 1, count, count);
        demand_text(found.size() == 1, word);
        for (double number : found[0]) demand_text(number >= least && number <= most, word);
        return found[0];
    }

   private:
    static constexpr std::size_t longest = std::size_t(1) << 24, most_words = 64, most_numbers = std::size_t(1) << 18;
    std::size_t words_ = 0;
    std::map<std::string, std::vector<std::vector<double>>> lists_;
};

constexpr double farthest_px = 1e9;
constexpr double largest_coefficient = 1e12;

inline std::vector<Polynomial> bounded(std::vector<Polynomial> polynomials) {
    for (const Polynomial& polynomial : polynomials)
        for (double coefficient : polynomial)
            demand_text(std::fabs(coefficient) <= largest_coefficient, "a coefficient beyond all bounds");
    return polynomials;
}

inline Polynomial bounded(const Polynomial& polynomial) { return bounded(std::vector<Polynomial>{polynomial})[0]; }

// Raises Refused for what is no correction.
inline Correction read_correction(const char* text) {
    const Words words(text);
    demand_text(words.one("sixbit", 1, 1, 1)[0] == 1, "another version");
    Correction read;
    const auto size = words.one("size", 2, 1, 1 << 24);
    read.width = size[0], read.height = size[1];
    read.half_diagonal = words.one("half", 1, 1e-3, farthest_px)[0];
    const auto centre = words.one("centre", 4, -farthest_px, farthest_px);
    read.centre_x = centre[0], read.centre_y = centre[1], read.from_x = centre[2], read.from_y = centre[3];
    read.warp = bounded(words.all("warp", 3, 1, 64));
    demand_text(read.warp.size() == 1 || read.warp.size() == 3, "warp");
    read.gain = bounded(words.all("gain", 3, 1, 64));
    demand_text(read.gain.size() == 1 || read.gain.size() == 3, "gain");

    const auto map = words.all("map", 1, 4, std::size_t(1) << 18);
    if (!map.empty()) {
        const auto& head = map[0];
        for (int i = 0; i < 3; ++i)
            demand_text(head[i] >= 1 && head[i] <= 4096 && head[i] == std::floor(head[i]), "map");
        read.map_planes = int(head[0]), read.map_rows = int(head[1]), read.map_columns = int(head[2]);
        const std::size_t count = std::size_t(read.map_planes) * read.map_rows * read.map_columns;
        demand_text((read.map_planes == 1 || read.map_planes == 3) && head.size() == 3 + count, "map");
        read.map.assign(head.begin() + 3, head.end());
        for (double gain : read.map) demand_text(gain > 0 && gain <= 1e6, "map");
    }

    read.step = int(words.one("step", 1, 2, 16)[0]);
    demand_text(read.step == 2 || read.step == 4 || read.step == 8 || read.step == 16, "step");
    read.even = bounded(words.all("even", 3, 1, 5)), read.odd = bounded(words.all("odd", 3, 1, 5));
    demand_text(!read.even.empty() && read.even.size() == read.odd.size(), "even, odd");

    read.distortion = bounded(words.one_or_none("distortion", 8));
    read.red = bounded(words.one_or_none("red", 4)), read.blue = bounded(words.one_or_none("blue", 4));
    demand_text(read.red.empty() == read.blue.empty(), "red, blue");
    read.light = bounded(words.one_or_none("light", 8));
    read.shading = bounded(words.all("shading", 3, 1, 16));
    demand_text(read.shading.empty() || read.shading.size() == 3, "shading");

    const auto scale = words.one("scale", 4, -farthest_px, farthest_px);
    demand_text(scale[0] >= 0 && scale[0] <= 2 && scale[0] == std::floor(scale[0]), "scale");
    read.scaling = Correction::Scale(int(scale[0]));
    read.factor = scale[1], read.about_x = scale[2], read.about_y = scale[3];
    demand_text(read.factor >= 0.01 && read.factor <= 100, "scale");
    const auto frame = words.one("frame", 4, -farthest_px, farthest_px);
    read.left = frame[0], read.top = frame[1], read.frame_width = frame[2], read.frame_height = frame[3];
    demand_text(read.frame_width >= 1 && read.frame_height >= 1, "frame");
    return read;
}

}  // namespace sixbit
