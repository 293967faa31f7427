// The door to Python.
#include <array>
#include <cstring>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "levels.hpp"

namespace sixbit {

namespace py = pybind11;

template <typename T>
using Table = py::array_t<T, py::array::c_style>;

// Of a channel: linear?, code values to light, light to code values, slopes beyond 0..1, polynomials both ways (or none).
using Curve = std::tuple<bool, Table<float>, py::array, std::array<float, 4>, Table<float>, Table<float>>;

Pixels pixels_of(const py::array& array) {
    const auto size = array.itemsize();
    for (int axis = 0; axis < 3; ++axis)
        if (array.strides(axis) % size) throw std::invalid_argument("strides that are no whole number of values");
    return {const_cast<void*>(array.data()), array.strides(0) / size, array.strides(1) / size, array.strides(2) / size};
}

void demand(bool well, const char* otherwise) {
    if (!well) throw std::invalid_argument(otherwise);
}

// What is not checked later on: the kernel has room for so much, and reads what it was told is there.
void check_picture(const py::array& source, const py::array& target, int left, int top) {
    demand(source.ndim() == 3 && target.ndim() == 3, "a picture that has no three axes");
    const auto size = source.itemsize(), channels = source.shape(2);
    demand(size == 1 || size == 2 || size == 4, "values that have not 1, 2 or 4 bytes");
    demand(target.itemsize() == size, "an output of another type");
    demand(channels == 1 || channels == 3 || channels == 4, "a picture that has not 1, 3 or 4 channels");
    demand(target.shape(2) == channels, "an output of other channels");
    demand(std::max(source.shape(0), source.shape(1)) <= largest_side, "a picture that is too large");
    demand(std::min(target.shape(0), target.shape(1)) > 0, "an empty region");
    demand(left >= 0 && top >= 0 && left + target.shape(1) <= source.shape(1) && top + target.shape(0) <= source.shape(0),
           "a region beyond the picture");
}

void check_curve(const Curve& curve, Depth depth, float origin, int shift) {
    const auto& [linear, decode, encode, slopes, decode_pieces, encode_pieces] = curve;
    const bool byte = depth == Depth::u8;
    const auto whole = [byte](const auto& pieces) { return !pieces.size() || pieces.size() == 32 * (byte ? 4 : 5) + 1; };
    demand(decode.size() == (byte ? 256 : 65536), "a curve to light of another length");
    demand(whole(decode_pieces) && whole(encode_pieces), "a curve that is not made of 32 polynomials");
    demand(origin > 0 && origin < 1 && shift >= 0 && shift < 32, "a curve from light that begins nowhere");
    const float ends[] = {origin, origin + 1};
    std::int32_t bits[2];
    std::memcpy(bits, ends, sizeof bits);
    demand(encode.ndim() == 1 && encode.itemsize() == (byte ? 1 : 4) && encode.strides(0) == encode.itemsize() &&
               encode.size() >= ((bits[1] - bits[0]) >> shift) + 2,
           "a curve from light of another length");
}

void correct_pixels(const py::array& source, py::array target, int left, int top, std::pair<double, double> centre,
                    std::pair<double, double> centre_shift, double half_diagonal,
                    std::vector<std::vector<double>> shift, std::vector<std::vector<double>> gain,
                    const std::vector<std::pair<int, bool>>& planes, const Table<float>& gain_map, int step,
                    const Table<float>& even, const Table<float>& odd, const std::vector<Curve>& curves,
                    float encode_origin, int encode_shift, int threads,
                    const std::string& level) {
    check_picture(source, target, left, top);
    demand(half_diagonal > 0, "a half diagonal that is none");
    demand(shift.size() >= 1 && shift.size() <= max_sets && gain.size() <= max_sets, "more than three planes, or none");
    demand(gain_map.ndim() == 3 && (!gain_map.shape(0) || gain_map.size()), "a gain map that has no three axes");
    demand(step == 2 || step == 4 || step == 8 || step == 16, "pieces that have not 2, 4, 8 or 16 pixels");
    demand(even.ndim() == 2 && odd.ndim() == 2 && even.shape(0) >= 1 && even.shape(0) <= max_taps / 2 &&
               even.shape(1) <= max_terms && odd.shape(0) == even.shape(0) && odd.shape(1) == even.shape(1),
           "an interpolation of too many neighbours");
    demand(source.shape(2) == py::ssize_t(planes.size()) && planes.size() == curves.size(), "channels without a curve");

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
    job.shift_x = centre_shift.first, job.shift_y = centre_shift.second;
    job.shift = std::move(shift), job.gain = std::move(gain);
    job.map_rows = int(gain_map.shape(1)), job.map_columns = int(gain_map.shape(2));
    job.step = step;
    job.taps = 2 * int(even.shape(0));
    for (int p = 0; p < job.taps / 2; ++p)
        for (int i = 0; i < even.shape(1); ++i) job.even[p][i] = even.at(p, i), job.odd[p][i] = odd.at(p, i);
    job.encode_origin = encode_origin, job.encode_shift = encode_shift;

    for (int k = 0; k < job.channels; ++k) {
        Channel& channel = job.channel[k];
        check_curve(curves[k], job.depth, encode_origin, encode_shift);
        const auto& [linear, decode, encode, slopes, decode_pieces, encode_pieces] = curves[k];
        channel.decode_pieces = decode_pieces.size() ? decode_pieces.data() : nullptr;
        channel.encode_pieces = encode_pieces.size() ? encode_pieces.data() : nullptr;
        channel.linear = linear, channel.decode = decode.data(), channel.encode = encode.data();
        channel.decode_below = slopes[0], channel.decode_above = slopes[1];
        channel.encode_below = slopes[2], channel.encode_above = slopes[3];
        const auto [plane, brightens] = planes[k];
        demand(plane >= 0, "a plane that is none");
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
               "centre_shift"_a, "half_diagonal"_a, "shift"_a, "gain"_a, "planes"_a, "gain_map"_a, "step"_a, "even"_a, "odd"_a, "curves"_a,
               "encode_origin"_a, "encode_shift"_a, "threads"_a, "level"_a);
    module.def("levels", [] {
        std::vector<std::string> names;
        for (const sixbit::Level& level : sixbit::levels()) names.emplace_back(level.name);
        return names;
    });
}
