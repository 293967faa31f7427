/* sixbit:lens-correction, an operation of GEGL: a lens correction that stays editable in GIMP.
 *
 * What it does is one text, made by sixbit.compiler.editable; the strengths act on that without Sixbit. The pixels are
 * the kernel's. A picture that the text was not compiled for passes through as it is, and so does all that fails here:
 * this runs in GIMP's own process.
 */
#ifdef GEGL_PROPERTIES

property_string (correction, "Correction", "")
  description ("The compiled correction, which Sixbit makes")
  ui_meta ("visible", "0")

property_string (lens, "Lens", "")
  description ("The lens that is corrected")

property_double (distortion, "Distortion (%)", 100.0)
  description ("How much of the distortion is corrected")
  value_range (0.0, 200.0)

property_double (tca, "Lateral colour (%)", 100.0)
  description ("How much of the lateral colour is corrected")
  value_range (0.0, 200.0)

property_double (vignetting, "Fall-off (%)", 100.0)
  description ("How much of the fall-off is corrected, in stops")
  value_range (0.0, 200.0)

property_double (shading, "Colour shading (%)", 100.0)
  description ("How much of the colour shading is corrected, in stops")
  value_range (0.0, 200.0)

#else

#define GEGL_OP_FILTER
#define GEGL_OP_NAME     lens_correction
#define GEGL_OP_C_SOURCE lens_correction.cpp
#include "gegl-op.h"

#include "picture.hpp"

namespace {

using sixbit::Picture;
using sixbit::Tile;

// More than a tile of any lens comes from.
constexpr gint64 most_source = gint64 (1) << 24;
// A larger part of the picture needs all of the source anyway, or nearly.
constexpr int most_tiles = 256;

// All that the properties and the input make together. The threads of process() hold the one that they began with.
struct Made
{
  std::string text;
  sixbit::Strengths strengths;
  GeglRectangle box {0, 0, 0, 0};
  const Babl *format = nullptr;
  std::shared_ptr<const sixbit::Correction> correction;
  std::shared_ptr<const sixbit::Curves> curves;
  std::shared_ptr<const Picture> picture;   // none: the input passes through
};

struct State
{
  std::mutex mutex;
  std::shared_ptr<const Made> made;
};

std::shared_ptr<const Made>
made_for (GeglOperation *operation)
{
  State *state = static_cast<State *> (GEGL_PROPERTIES (operation)->user_data);
  if (! state)
    return nullptr;
  const std::lock_guard<std::mutex> lock (state->mutex);
  return state->made;
}

std::shared_ptr<const Made>
make (const Made *before, const char *text, const sixbit::Strengths &strengths, const GeglRectangle &box, const sixbit::Pixel &pixel)
{
  auto made = std::make_shared<Made> ();
  made->text = text, made->strengths = strengths, made->box = box, made->format = pixel.format;
  if (before && before->text == made->text)
    made->correction = before->correction;
  else
    {
      try
        {
          made->correction = std::make_shared<const sixbit::Correction> (sixbit::read_correction (text));
        }
      catch (const sixbit::Refused &)
        {
        }
    }
  if (before && before->format == made->format)
    made->curves = before->curves;
  if (! made->correction || box.width < 1 || box.height < 1 || gegl_rectangle_is_infinite_plane (&box))
    return made;
  try
    {
      if (! made->curves)
        made->curves = std::make_shared<const sixbit::Curves> (pixel);
      auto picture = std::make_shared<const Picture> (*made->correction, strengths, pixel, made->curves, box.width, box.height);
      if (! picture->is_identity ())
        made->picture = std::move (picture);
    }
  catch (const sixbit::Refused &)
    {
    }
  return made;
}

void
prepare_or_throw (GeglOperation *operation)
{
  GeglProperties *o = GEGL_PROPERTIES (operation);
  const sixbit::Pixel pixel = sixbit::pixel_for (gegl_operation_get_source_format (operation, "input"));
  gegl_operation_set_format (operation, "input", pixel.format);
  gegl_operation_set_format (operation, "output", pixel.format);

  if (! o->user_data)
    o->user_data = new State ();
  const GeglRectangle *bounds = gegl_operation_source_get_bounding_box (operation, "input");
  const GeglRectangle box = bounds ? *bounds : GeglRectangle {0, 0, 0, 0};
  const char *text = o->correction ? o->correction : "";
  const sixbit::Strengths strengths {o->distortion / 100, o->tca / 100, o->vignetting / 100, o->shading / 100};
  const auto before = made_for (operation);
  if (before && before->text == text && before->strengths == strengths && gegl_rectangle_equal (&before->box, &box) &&
      before->format == pixel.format)
    return;
  auto made = make (before.get (), text, strengths, box, pixel);
  State *state = static_cast<State *> (o->user_data);
  const std::lock_guard<std::mutex> lock (state->mutex);
  state->made = std::move (made);
}

void
forget (GeglOperation *operation)
{
  if (State *state = static_cast<State *> (GEGL_PROPERTIES (operation)->user_data))
    {
      const std::lock_guard<std::mutex> lock (state->mutex);
      state->made.reset ();
    }
}

Tile
tile_of (const GeglRectangle &part, const GeglRectangle &box)
{
  GeglRectangle inside;
  gegl_rectangle_intersect (&inside, &part, &box);
  return {inside.x - box.x, inside.y - box.y, inside.x - box.x + inside.width, inside.y - box.y + inside.height};
}

GeglRectangle
rectangle_of (const Tile &tile, const GeglRectangle &box)
{
  return {tile.left + box.x, tile.top + box.y, tile.right - tile.left, tile.bottom - tile.top};
}

GeglRectangle
source_of (const Made &made, const GeglRectangle &roi)
{
  const Tile part = tile_of (roi, made.box);
  if (part.left >= part.right || part.top >= part.bottom)
    return roi;
  if (gint64 (part.right - part.left) * (part.bottom - part.top) > gint64 (most_tiles) * sixbit::tile_width * sixbit::tile_height)
    return made.box;
  auto desk = made.picture->desks ().take (made.picture->job ());
  Tile all {G_MAXINT, G_MAXINT, 0, 0};
  Picture::each_tile (part, [&] (const Tile &tile) {
    const Tile from = made.picture->source_of (tile, desk->scratch);
    all = {std::min (all.left, from.left), std::min (all.top, from.top), std::max (all.right, from.right),
           std::max (all.bottom, from.bottom)};
  });
  made.picture->desks ().give_back (std::move (desk));
  return rectangle_of (all, made.box);
}

void
correct_tile (const Made &made, GeglBuffer *input, GeglBuffer *output, const Tile &tile, sixbit::Desk &desk)
{
  const Picture &picture = *made.picture;
  const Tile from = picture.source_of (tile, desk.scratch);
  const GeglRectangle source = rectangle_of (from, made.box), target = rectangle_of (tile, made.box);
  if (gint64 (source.width) * source.height > most_source)
    {
      gegl_buffer_copy (input, &target, GEGL_ABYSS_NONE, output, &target);
      return;
    }
  const int bytes = picture.pixel ().bytes ();
  desk.source.resize (std::size_t (source.width) * source.height * bytes);
  desk.target.resize (std::size_t (target.width) * target.height * bytes);
  gegl_buffer_get (input, &source, 1.0, made.format, desk.source.data (), GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  picture.correct (tile, from, desk);
  gegl_buffer_set (output, &target, 0, made.format, desk.target.data (), GEGL_AUTO_ROWSTRIDE);
}

void
correct (const Made &made, GeglBuffer *input, GeglBuffer *output, const GeglRectangle &roi)
{
  const Tile part = tile_of (roi, made.box);
  if (part.left >= part.right || part.top >= part.bottom)
    return;
  auto desk = made.picture->desks ().take (made.picture->job ());
  Picture::each_tile (part, [&] (const Tile &tile) { correct_tile (made, input, output, tile, *desk); });
  made.picture->desks ().give_back (std::move (desk));
}

}  // namespace

static void
prepare (GeglOperation *operation)
{
  try
    {
      prepare_or_throw (operation);
    }
  catch (const std::exception &)   // no memory
    {
      forget (operation);
    }
}

static GeglRectangle
get_bounding_box (GeglOperation *operation)
{
  const GeglRectangle *in = gegl_operation_source_get_bounding_box (operation, "input");
  return in ? *in : GeglRectangle {0, 0, 0, 0};
}

static GeglRectangle
get_required_for_output (GeglOperation *operation, const gchar *, const GeglRectangle *roi)
{
  const auto made = made_for (operation);
  if (! made || ! made->picture)
    return *roi;
  try
    {
      return source_of (*made, *roi);
    }
  catch (const std::exception &)
    {
      return made->box;
    }
}

static GeglRectangle
get_invalidated_by_change (GeglOperation *operation, const gchar *, const GeglRectangle *roi)
{
  const auto made = made_for (operation);
  return made && made->picture ? made->box : *roi;
}

static gboolean
operation_process (GeglOperation *operation, GeglOperationContext *context, const gchar *output_pad, const GeglRectangle *result,
                   gint level)
{
  const auto made = made_for (operation);
  if (! made || ! made->picture)
    {
      GObject *input = gegl_operation_context_get_object (context, "input");
      if (input)
        gegl_operation_context_take_object (context, "output", G_OBJECT (g_object_ref (input)));
      return TRUE;
    }
  return GEGL_OPERATION_CLASS (gegl_op_parent_class)->process (operation, context, output_pad, result, level);
}

static gboolean
process (GeglOperation *operation, GeglBuffer *input, GeglBuffer *output, const GeglRectangle *roi, gint)
{
  const auto made = made_for (operation);
  try
    {
      if (made && made->picture)
        {
          correct (*made, input, output, *roi);
          return TRUE;
        }
    }
  catch (const std::exception &)   // no memory
    {
    }
  gegl_buffer_copy (input, roi, GEGL_ABYSS_NONE, output, roi);
  return TRUE;
}

static void
finalize (GObject *object)
{
  GeglProperties *o = GEGL_PROPERTIES (object);
  delete static_cast<State *> (o->user_data);
  o->user_data = nullptr;
  G_OBJECT_CLASS (gegl_op_parent_class)->finalize (object);
}

static void
gegl_op_class_init (GeglOpClass *klass)
{
  GeglOperationClass *operation_class = GEGL_OPERATION_CLASS (klass);
  G_OBJECT_CLASS (klass)->finalize = finalize;
  operation_class->prepare = prepare;
  operation_class->process = operation_process;
  operation_class->get_bounding_box = get_bounding_box;
  operation_class->get_required_for_output = get_required_for_output;
  operation_class->get_invalidated_by_change = get_invalidated_by_change;
  GEGL_OPERATION_FILTER_CLASS (klass)->process = process;
  gegl_operation_class_set_keys (operation_class,
    "name",            "sixbit:lens-correction",
    "title",           "Leica M Lens Correction",
    "categories",      "distort",
    "description",     "Corrects distortion, lateral colour, fall-off and colour shading of a lens",
    NULL);
}

#endif
