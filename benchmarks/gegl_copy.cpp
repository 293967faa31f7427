// An operation of GEGL that copies its input in the format it comes in, tile by tile of 128x64: what any filter costs at
// the least.
#ifdef GEGL_PROPERTIES
#else
#define GEGL_OP_FILTER
#define GEGL_OP_NAME copy
#define GEGL_OP_C_SOURCE gegl_copy.cpp
#include "gegl-op.h"

#include <algorithm>
#include <vector>

static void prepare(GeglOperation* operation) {
    const Babl* format = gegl_operation_get_source_format(operation, "input");
    if (!format) format = babl_format("RGBA float");
    gegl_operation_set_format(operation, "input", format);
    gegl_operation_set_format(operation, "output", format);
}

static gboolean process(GeglOperation* operation, GeglBuffer* input, GeglBuffer* output, const GeglRectangle* roi, gint) {
    const Babl* format = gegl_operation_get_format(operation, "output");
    constexpr int wide = 512, high = 64;
    std::vector<char> pixels(std::size_t(wide) * high * babl_format_get_bytes_per_pixel(format));
    for (int y = roi->y; y < roi->y + roi->height; y += high)
        for (int x = roi->x; x < roi->x + roi->width; x += wide) {
            const GeglRectangle part{x, y, std::min(wide, roi->x + roi->width - x), std::min(high, roi->y + roi->height - y)};
            gegl_buffer_get(input, &part, 1.0, format, pixels.data(), GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
            gegl_buffer_set(output, &part, 0, format, pixels.data(), GEGL_AUTO_ROWSTRIDE);
        }
    return TRUE;
}

static void gegl_op_class_init(GeglOpClass* klass) {
    GEGL_OPERATION_CLASS(klass)->prepare = prepare;
    GEGL_OPERATION_FILTER_CLASS(klass)->process = process;
    gegl_operation_class_set_keys(GEGL_OPERATION_CLASS(klass), "name", "sixbit:copy", nullptr);
}
#endif
