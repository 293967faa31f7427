// The door to Python.
#include <array>
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

void correct_pixels(const py::array& source, py::array target, int left, int top, std::pair<double, double> centre,
                    std::pair<double, double> centre_shift, double half_diagonal,
                    std::vector<std::vector<double>> shift, std::vector<std::vector<double>> gain,
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
        const auto& [linear, decode, encode, slopes, decode_pieces, encode_pieces] = curves[k];
        channel.decode_pieces = decode_pieces.size() ? decode_pieces.data() : nullptr;
        channel.encode_pieces = encode_pieces.size() ? encode_pieces.data() : nullptr;
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
               "centre_shift"_a, "half_diagonal"_a, "shift"_a, "gain"_a, "planes"_a, "gain_map"_a, "step"_a, "even"_a, "odd"_a, "curves"_a,
               "encode_origin"_a, "encode_shift"_a, "threads"_a, "level"_a);
    module.def("levels", [] {
        std::vector<std::string> names;
        for (const sixbit::Level& level : sixbit::levels()) names.emplace_back(level.name);
        return names;
    });
}
