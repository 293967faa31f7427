// The kernel without Python: corrections from the standard input, one after the other, pixels to the standard output.
// emulated.py writes the input; the argument is a level, or nothing for the best.
#include <cstdio>
#include <cstdlib>

#include "levels.hpp"

namespace {

template <typename T>
T* read_into(T* values, std::size_t count) {
    if (std::fread(values, sizeof(T), count, stdin) != count) std::abort();
    return values;
}

template <typename T>
T number() {
    T value;
    return *read_into(&value, 1);
}

int whole() { return int(number<std::int64_t>()); }

template <typename T>
std::vector<T> list() {
    std::vector<T> values(whole());
    read_into(values.data(), values.size());
    return values;
}

std::vector<std::vector<double>> polynomials() {
    std::vector<std::vector<double>> read(whole());
    for (auto& polynomial : read) polynomial = list<double>();
    return read;
}

void correct_one(int item, sixbit::CorrectTile correct_tile) {
    sixbit::Job job{};
    job.depth = item == 1 ? sixbit::Depth::u8 : item == 2 ? sixbit::Depth::u16 : sixbit::Depth::f32;
    for (int* value : {&job.width, &job.height, &job.channels, &job.left, &job.top, &job.right, &job.bottom, &job.step})
        *value = whole();
    for (double* value : {&job.centre_x, &job.centre_y, &job.shift_x, &job.shift_y, &job.half_diagonal}) *value = number<double>();
    job.shift = polynomials(), job.gain = polynomials();
    const int maps = whole();
    job.map_rows = whole(), job.map_columns = whole();
    const std::vector<float> map = list<float>();
    job.taps = 2 * whole();
    const int terms = whole();
    for (auto* weights : {job.even, job.odd})
        for (int p = 0; p < job.taps / 2; ++p) read_into(weights[p], terms);
    job.encode_origin = number<float>(), job.encode_shift = whole();
    std::vector<std::vector<float>> tables;
    tables.reserve(4 * sixbit::max_channels);
    const auto kept = [&](std::vector<float> values) { return tables.emplace_back(std::move(values)).data(); };
    std::vector<char> encode[sixbit::max_channels];
    for (int k = 0; k < job.channels; ++k) {
        sixbit::Channel& channel = job.channel[k];
        const int plane = whole();
        const bool brightens = whole();
        const auto index = [plane](std::size_t size) { return std::min(plane, int(size) - 1); };
        channel.set = index(job.shift.size());
        channel.gain = brightens ? index(job.gain.size()) : -1;
        if (brightens && maps) channel.map = map.data() + index(maps) * job.map_rows * job.map_columns;
        channel.linear = whole();
        channel.decode = kept(list<float>());
        encode[k] = list<char>();
        channel.encode = encode[k].data();
        for (float* slope : {&channel.decode_below, &channel.decode_above, &channel.encode_below, &channel.encode_above})
            *slope = number<float>();
        for (const float** pieces : {&channel.decode_pieces, &channel.encode_pieces}) {
            const std::vector<float> given = list<float>();
            *pieces = given.empty() ? nullptr : kept(given);
        }
    }
    std::vector<char> source = list<char>();
    const int width = job.right - job.left;
    std::vector<char> target(std::size_t(width) * (job.bottom - job.top) * job.channels * item);
    job.source = {source.data(), std::ptrdiff_t(job.width) * job.channels, job.channels, 1};
    job.target = {nullptr, std::ptrdiff_t(width) * job.channels, job.channels, 1};
    job.target.data = target.data() - (job.top * job.target.row + job.left * job.target.pixel) * item;
    sixbit::correct(job, correct_tile, 1);
    std::fwrite(target.data(), 1, target.size(), stdout);
}

}  // namespace

int main(int, char** arguments) {
    const sixbit::CorrectTile correct_tile = sixbit::level_called(arguments[1] ? arguments[1] : "");
    std::int64_t item;
    while (std::fread(&item, sizeof item, 1, stdin) == 1) correct_one(int(item), correct_tile);
}
