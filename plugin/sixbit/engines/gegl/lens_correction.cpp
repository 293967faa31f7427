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

// Made by whoever needs it first, and once; what cannot be made is none.
template <typename T>
class Once
{
 public:
  template <typename Make>
  std::shared_ptr<const T>
  value (const Make &make)
  {
    const std::lock_guard<std::mutex> lock (mutex_);
    if (! is_made_)
      {
        is_made_ = true;
        try
          {
            value_ = make ();
          }
        catch (const std::exception &)   // refused, or no memory
          {
          }
      }
    return value_;
  }

 private:
  std::mutex mutex_;
  bool is_made_ = false;
  std::shared_ptr<const T> value_;
};

// A text, and what it says once it is read.
struct Text
{
  std::string words;
  Once<sixbit::Correction> read;
};

// The pixels of an input, and their curves.
struct Format
{
  const Babl *given;
  sixbit::Pixel pixel;
  Once<sixbit::Curves> curves;
};

// All that the properties and the input say together. A slider says much that nobody sees: the picture is made when
// pixels are asked for. The threads of process() hold what they began with.
struct Asked
{
  std::shared_ptr<Text> text;
  std::shared_ptr<Format> format;
  sixbit::Strengths strengths;
  GeglRectangle box;
  mutable Once<Picture> made;

  // None: the input passes through.
  std::shared_ptr<const Picture>
  picture () const
  {
    return made.value ([&] { return fitted (); });
  }

 private:
  std::shared_ptr<const Picture>
  fitted () const
  {
    if (box.width < 1 || box.height < 1 || gegl_rectangle_is_infinite_plane (&box))
      return nullptr;
    const auto correction = text->read.value ([&] {
      return std::make_shared<const sixbit::Correction> (sixbit::read_correction (text->words.c_str ()));
    });
    if (! correction)
      return nullptr;
    const auto curves = format->curves.value ([&] { return std::make_shared<const sixbit::Curves> (format->pixel); });
    if (! curves)
      return nullptr;
    auto picture = std::make_shared<const Picture> (*correction, strengths, format->pixel, curves, box.width, box.height);
    return picture->is_identity () ? nullptr : picture;
  }
};

struct State
{
  std::mutex mutex;
  std::shared_ptr<const Asked> asked;
};

std::shared_ptr<const Asked>
asked_of (GeglOperation *operation)
{
  State *state = static_cast<State *> (GEGL_PROPERTIES (operation)->user_data);
  if (! state)
    return nullptr;
  const std::lock_guard<std::mutex> lock (state->mutex);
  return state->asked;
}

void
prepare_or_throw (GeglOperation *operation)
{
  GeglProperties *o = GEGL_PROPERTIES (operation);
  const auto before = asked_of (operation);
  auto asked = std::make_shared<Asked> ();

  const Babl *given = gegl_operation_get_source_format (operation, "input");
  if (before && before->format->given == given)
    asked->format = before->format;
  else
    asked->format.reset (new Format {given, sixbit::pixel_for (given), {}});
  gegl_operation_set_format (operation, "input", asked->format->pixel.format);
  gegl_operation_set_format (operation, "output", asked->format->pixel.format);

  const char *words = o->correction ? o->correction : "";
  if (before && before->text->words == words)
    asked->text = before->text;
  else
    asked->text.reset (new Text {words, {}});
  asked->strengths = {o->distortion / 100, o->tca / 100, o->vignetting / 100, o->shading / 100};
  const GeglRectangle *bounds = gegl_operation_source_get_bounding_box (operation, "input");
  asked->box = bounds ? *bounds : GeglRectangle {0, 0, 0, 0};
  if (before && before->text == asked->text && before->format == asked->format && before->strengths == asked->strengths &&
      gegl_rectangle_equal (&before->box, &asked->box))
    return;

  if (! o->user_data)
    o->user_data = new State ();
  State *state = static_cast<State *> (o->user_data);
  const std::lock_guard<std::mutex> lock (state->mutex);
  state->asked = std::move (asked);
}

void
forget (GeglOperation *operation)
{
  if (State *state = static_cast<State *> (GEGL_PROPERTIES (operation)->user_data))
    {
      const std::lock_guard<std::mutex> lock (state->mutex);
      state->asked.reset ();
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
source_of (const Picture &picture, const GeglRectangle &box, const GeglRectangle &roi)
{
  const Tile part = tile_of (roi, box);
  if (part.left >= part.right || part.top >= part.bottom)
    return roi;
  if (gint64 (part.right - part.left) * (part.bottom - part.top) > gint64 (most_tiles) * sixbit::tile_width * sixbit::tile_height)
    return box;
  auto desk = picture.desks ().take (picture.job ());
  Tile all {G_MAXINT, G_MAXINT, 0, 0};
  Picture::each_tile (part, [&] (const Tile &tile) {
    const Tile from = picture.source_of (tile, desk->scratch);
    all = {std::min (all.left, from.left), std::min (all.top, from.top), std::max (all.right, from.right),
           std::max (all.bottom, from.bottom)};
  });
  picture.desks ().give_back (std::move (desk));
  return rectangle_of (all, box);
}

void
correct_tile (const Picture &picture, const GeglRectangle &box, GeglBuffer *input, GeglBuffer *output, const Tile &tile,
              sixbit::Desk &desk)
{
  const Tile from = picture.source_of (tile, desk.scratch);
  const GeglRectangle source = rectangle_of (from, box), target = rectangle_of (tile, box);
  if (gint64 (source.width) * source.height > most_source)
    {
      gegl_buffer_copy (input, &target, GEGL_ABYSS_NONE, output, &target);
      return;
    }
  const Babl *format = picture.pixel ().format;
  const int bytes = picture.pixel ().bytes ();
  desk.source.resize (std::size_t (source.width) * source.height * bytes);
  desk.target.resize (std::size_t (target.width) * target.height * bytes);
  gegl_buffer_get (input, &source, 1.0, format, desk.source.data (), GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  picture.correct (tile, from, desk);
  gegl_buffer_set (output, &target, 0, format, desk.target.data (), GEGL_AUTO_ROWSTRIDE);
}

void
correct (const Picture &picture, const GeglRectangle &box, GeglBuffer *input, GeglBuffer *output, const GeglRectangle &roi)
{
  const Tile part = tile_of (roi, box);
  if (part.left >= part.right || part.top >= part.bottom)
    return;
  auto desk = picture.desks ().take (picture.job ());
  Picture::each_tile (part, [&] (const Tile &tile) { correct_tile (picture, box, input, output, tile, *desk); });
  picture.desks ().give_back (std::move (desk));
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
  const auto asked = asked_of (operation);
  const auto picture = asked ? asked->picture () : nullptr;
  if (! picture)
    return *roi;
  try
    {
      return source_of (*picture, asked->box, *roi);
    }
  catch (const std::exception &)
    {
      return asked->box;
    }
}

static GeglRectangle
get_invalidated_by_change (GeglOperation *operation, const gchar *, const GeglRectangle *roi)
{
  const auto asked = asked_of (operation);
  return asked && asked->picture () ? asked->box : *roi;
}

static gboolean
operation_process (GeglOperation *operation, GeglOperationContext *context, const gchar *output_pad, const GeglRectangle *result,
                   gint level)
{
  const auto asked = asked_of (operation);
  if (! asked || ! asked->picture ())
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
  const auto asked = asked_of (operation);
  const auto picture = asked ? asked->picture () : nullptr;
  try
    {
      if (picture)
        {
          correct (*picture, asked->box, input, output, *roi);
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
