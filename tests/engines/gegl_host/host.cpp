// GEGL without GIMP: pictures from the standard input go through the operation, and to the standard output.
// host.py writes the input.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <gegl.h>

namespace {

template <typename T>
std::vector<T> list() {
    std::uint64_t count;
    if (std::fread(&count, sizeof count, 1, stdin) != 1) std::exit(std::feof(stdin) ? 0 : 1);
    std::vector<T> values(count);
    if (std::fread(values.data(), sizeof(T), count, stdin) != count) std::abort();
    return values;
}

std::string word() {
    const std::vector<char> letters = list<char>();
    return {letters.begin(), letters.end()};
}

void set(GeglNode* node, const std::string& text, const std::vector<double>& strengths) {
    gegl_node_set(node, "correction", text.c_str(), "distortion", strengths[0], "tca", strengths[1], "vignetting", strengths[2],
                  "shading", strengths[3], nullptr);
}

void correct_one() {
    const std::string name = word();
    // The source's place, the size of the tiles that are asked for (0: all at once), and of the output by the input's.
    const std::vector<std::int32_t> box = list<std::int32_t>(), tile = list<std::int32_t>();
    const std::vector<double> scale = list<double>();
    const std::vector<char> pixels = list<char>();
    const Babl* format = babl_format(name.c_str());
    const int bytes = babl_format_get_bytes_per_pixel(format);
    const GeglRectangle whole{box[0], box[1], box[2], box[3]};
    if (pixels.size() != std::size_t(whole.width) * whole.height * bytes) std::abort();
    GeglBuffer* buffer = gegl_buffer_new(&whole, format);
    gegl_buffer_set(buffer, &whole, 0, format, pixels.data(), GEGL_AUTO_ROWSTRIDE);

    GeglNode* graph = gegl_node_new();
    GeglNode* source = gegl_node_new_child(graph, "operation", "gegl:buffer-source", "buffer", buffer, nullptr);
    GeglNode* node = gegl_node_new_child(graph, "operation", "sixbit:lens-correction", nullptr);
    gegl_node_link(source, node);
    // Each text with its strengths is set on the same operation, as sliders do.
    for (std::uint64_t more = list<char>().size(); more > 0; --more) {
        const std::string text = word();
        set(node, text, list<double>());
        std::vector<char> out;
        const auto blit = [&](const GeglRectangle& part) {
            std::vector<char> got(std::size_t(part.width) * part.height * bytes);
            gegl_node_blit(node, scale[0], &part, format, got.data(), GEGL_AUTO_ROWSTRIDE, GEGL_BLIT_DEFAULT);
            out.insert(out.end(), got.begin(), got.end());
        };
        const GeglRectangle all{int(box[0] * scale[0]), int(box[1] * scale[0]), int(box[2] * scale[0]), int(box[3] * scale[0])};
        const int across = tile[0] ? tile[0] : all.width, down = tile[1] ? tile[1] : all.height;
        for (int y = 0; y < all.height; y += down)
            for (int x = 0; x < all.width; x += across)
                blit({all.x + x, all.y + y, std::min(across, all.width - x), std::min(down, all.height - y)});
        const std::uint64_t count = out.size();
        std::fwrite(&count, sizeof count, 1, stdout);
        std::fwrite(out.data(), 1, count, stdout);
        std::fflush(stdout);
    }
    g_object_unref(graph);
    g_object_unref(buffer);
}

}  // namespace

int main(int argc, char** argv) {
    gegl_init(&argc, &argv);
    if (!gegl_has_operation("sixbit:lens-correction")) {
        std::fputs("the operation was not loaded\n", stderr);
        return 2;
    }
    for (;;) correct_one();
}
