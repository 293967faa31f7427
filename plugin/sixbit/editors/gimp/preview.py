"""The live preview: before and after with a split that can be dragged, zoomed and moved, drawn by the server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from gi.repository import Babl, Gdk, GdkPixbuf, GLib, Gtk, PangoCairo
from pixels import PixelFile, SharedFile, converted
from server_client import Answer, Server
from texts import _

GRAB_PX = 10
"""How near to the split a press takes hold of it."""
STEP = 0.02
"""The share of the width by which an arrow key moves the split."""
CLOSEST = 8.0
GRID_LINES = 12
DECODED = bytes(
    round(255 * (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4)) for v in (k / 255 for k in range(256))
)
"""From values under the curve of sRGB to linear ones (IEC 61966-2-1), in 8 bits."""

ZOOMS: dict[str, Callable[[float], float | None]] = {
    "-": lambda scale: scale / 1.25,
    "+": lambda scale: scale * 1.25,
    "=": lambda scale: scale * 1.25,
    "1": lambda _scale: 1.0,
    "0": lambda _scale: None,
}
"""The zoom that each key makes of the present one; None fits the picture."""

View = tuple[int, int, int, int]


class Preview(Gtk.DrawingArea):  # type: ignore[misc]
    """Shows a picture of the server's, before on the left of the split and after on the right.

    ``zoom`` is device pixels per pixel of the picture, None to fit. ``on_zoom`` hears of every change of it, and
    ``on_error`` what the server could not draw.
    """

    def __init__(self, server: Server, pixels: PixelFile, on_error: Callable[[str], None]) -> None:
        super().__init__(can_focus=True, hexpand=True, vexpand=True)
        self.server, self.on_error = server, on_error
        self.on_zoom: Callable[[], None] = lambda: None
        self.picture_size = (pixels.width, pixels.height)
        self.picture: int | None = None
        self.filter: int | None = None
        self.zoom: float | None = None
        self.split = 0.5
        self.split_shown, self.grid_shown = True, False
        self.message = ""
        self._centre = (pixels.width / 2, pixels.height / 2)
        self._file = SharedFile()
        self._shown: dict[str, tuple[Any, Any]] = {}
        self._asked: Answer | None = None
        self._dragged: str | None = None
        self._drag_from = (0.0, 0.0)
        self._to_screen = _conversion(pixels)
        self.set_size_request(320, 240)
        accessible = self.get_accessible()
        accessible.set_name(_("Preview: before on the left, after on the right"))
        mask = Gdk.EventMask
        self.add_events(
            mask.BUTTON_PRESS_MASK
            | mask.BUTTON_RELEASE_MASK
            | mask.POINTER_MOTION_MASK
            | mask.SCROLL_MASK
            | mask.SMOOTH_SCROLL_MASK
        )
        self.connect("size-allocate", lambda *_: self.refresh())

    def close(self) -> None:
        """Give the memory back; what is still being drawn is not waited for."""
        self.picture = None
        self._file.close()

    def show_picture(self, picture: int | None) -> None:
        """Draw a picture of the server's, or nothing before there is one."""
        self.picture = picture
        self.refresh()

    # What is seen --------------------------------------------------------------------------------------------------

    def scale(self) -> float:
        """Return how many device pixels a pixel of the picture has."""
        if self.zoom is not None:
            return float(self.zoom)
        fitting: float = min(room / side for room, side in zip(self._room(), self.picture_size, strict=True))
        return min(fitting, 1.0)

    def set_zoom(self, zoom: float | None, at: tuple[float, float] | None = None) -> None:
        """Zoom, keeping what is at a place of the widget (its centre by default) where it is."""
        old, factor = self.scale(), self.get_scale_factor()
        self.zoom = None
        if zoom is not None and zoom > self.scale():
            self.zoom = min(zoom, CLOSEST)
        if at is not None:
            new = self.scale()
            middle = (self.get_allocated_width() / 2, self.get_allocated_height() / 2)
            self._centre = tuple(
                c + (a - m) * factor * (1 / old - 1 / new) for c, a, m in zip(self._centre, at, middle, strict=True)
            )
        self.on_zoom()
        self.refresh()

    def view(self) -> tuple[View, tuple[int, int]]:
        """Return the part of the picture that is seen, and the size it is drawn at, in device pixels."""
        scale, parts, sizes = self.scale(), [], []
        for place, side, room in zip(self._centre, self.picture_size, self._room(), strict=True):
            seen = max(1, min(side, round(room / scale)))
            start = max(0, min(side - seen, round(place - seen / 2)))
            parts.append((start, seen))
            sizes.append(max(1, min(room, round(seen * scale))))
        (x, width), (y, height) = parts
        self._centre = (x + width / 2, y + height / 2)
        return (x, y, width, height), (sizes[0], sizes[1])

    def refresh(self) -> None:
        """Have drawn what is missing; of many changes in a row only the last is drawn."""
        if self.picture is None or self._asked or self.get_allocated_width() <= 1:
            self.queue_draw()
            return
        view, size = self.view()
        for side, filter_number in (("before", None), ("after", self.filter)):
            wanted = (view, size, filter_number, self.picture)
            if self._shown.get(side, (None,))[0] == wanted or (side == "after" and filter_number is None):
                continue
            needed = size[0] * size[1] * 3
            self._file.file.truncate(needed)
            self._asked = self.server.send(
                "preview",
                on_done=partial(self._drawn, side, wanted),
                picture=self.picture,
                filter=filter_number,
                view=list(view),
                size=list(size),
                file=self._file.path,
            )
            break
        self.queue_draw()

    def _drawn(self, side: str, wanted: Any, answer: Answer) -> None:
        self._asked = None
        if self.picture is None:  # It is closed.
            return
        if answer.error:
            self._shown.pop("after", None)
            self.queue_draw()
            self.on_error(str(answer.error))
            return
        width, height = wanted[1]
        self._file.file.seek(0)
        rows = self._to_screen(self._file.file.read(width * height * 3), width, height)
        pixbuf = GdkPixbuf.Pixbuf.new_from_bytes(
            GLib.Bytes.new(rows), GdkPixbuf.Colorspace.RGB, False, 8, width, height, width * 3
        )
        surface = Gdk.cairo_surface_create_from_pixbuf(pixbuf, self.get_scale_factor(), self.get_window())
        self._shown[side] = (wanted, surface)
        self.refresh()

    def _room(self) -> tuple[int, int]:
        """Return the widget's size in device pixels."""
        factor = self.get_scale_factor()
        return max(1, self.get_allocated_width() * factor), max(1, self.get_allocated_height() * factor)

    def _area(self, side: str) -> tuple[float, float, float, float]:
        """Return where the picture of a side stands in the widget."""
        width, height = (length / self.get_scale_factor() for length in self._shown[side][0][1])
        # On whole pixels: half of one would blur all of them.
        left = (self.get_allocated_width() - width) // 2
        top = (self.get_allocated_height() - height) // 2
        return left, top, width, height

    # Drawing -------------------------------------------------------------------------------------------------------

    def do_draw(self, cr: Any) -> bool:
        """Draw before and after, and what lies over them."""
        style, room = self.get_style_context(), (self.get_allocated_width(), self.get_allocated_height())
        Gtk.render_background(style, cr, 0, 0, *room)
        if "before" not in self._shown:
            layout = self.create_pango_layout(self.message)
            width, height = layout.get_pixel_size()
            Gtk.render_layout(style, cr, (room[0] - width) / 2, (room[1] - height) / 2, layout)
            return True
        left, top, width, height = self._area("before")
        is_split = self.split_shown and self._is_corrected()
        split = left + width * self.split if is_split else left
        self._paint(cr, "before")
        if self._is_corrected():
            cr.save()
            cr.rectangle(split, top, left + width - split, height)
            cr.clip()
            self._paint(cr, "after")
            cr.restore()
        if self.grid_shown:
            self._draw_grid(cr, left, top, width, height)
        if is_split:
            self._draw_split(cr, split, top, height)
            self._label(cr, _("Before"), left + 8, top + 8, "left")
            self._label(cr, _("After"), left + width - 8, top + 8, "right")
        if self.message:
            self._label(cr, self.message, left + 8, top + height - 28, "left")
        if self.has_visible_focus():
            Gtk.render_focus(style, cr, 0, 0, *room)
        return True

    def _is_corrected(self) -> bool:
        return self.filter is not None and "after" in self._shown

    def _paint(self, cr: Any, side: str) -> None:
        left, top, width, height = self._area(side)
        cr.set_source_surface(self._shown[side][1], left, top)
        cr.rectangle(left, top, width, height)
        cr.fill()

    def _draw_split(self, cr: Any, x: float, top: float, height: float) -> None:
        for width, grey in ((3.0, 0.0), (1.0, 1.0)):
            cr.set_source_rgba(grey, grey, grey, 0.8)
            cr.set_line_width(width)
            cr.move_to(x, top)
            cr.line_to(x, top + height)
            cr.stroke()
        cr.arc(x, top + height / 2, 6, 0, 6.2832)
        cr.set_source_rgba(1, 1, 1, 0.9)
        cr.fill_preserve()
        cr.set_source_rgba(0, 0, 0, 0.8)
        cr.set_line_width(1)
        cr.stroke()

    def _draw_grid(self, cr: Any, left: float, top: float, width: float, height: float) -> None:
        step = max(width, height) / GRID_LINES
        cr.save()
        cr.rectangle(left, top, width, height)
        cr.clip()
        # From the middle outwards, so that a line goes through the optical centre.
        for k in range(1 - GRID_LINES // 2, GRID_LINES // 2):
            x, y = round(left + width / 2 + k * step) + 0.5, round(top + height / 2 + k * step) + 0.5
            cr.move_to(x, top)
            cr.line_to(x, top + height)
            cr.move_to(left, y)
            cr.line_to(left + width, y)
        cr.set_line_width(1)
        for grey, dash in ((0.0, 0.0), (1.0, 3.0)):
            cr.set_dash([3.0, 3.0], dash)
            cr.set_source_rgba(grey, grey, grey, 0.6)
            cr.stroke_preserve()
        cr.new_path()
        cr.restore()

    def _label(self, cr: Any, words: str, x: float, y: float, side: str) -> None:
        layout = self.create_pango_layout(words)
        width, height = layout.get_pixel_size()
        x = x if side == "left" else x - width
        cr.set_source_rgba(0, 0, 0, 0.55)
        cr.rectangle(x - 4, y - 2, width + 8, height + 4)
        cr.fill()
        cr.set_source_rgb(1, 1, 1)
        cr.move_to(x, y)
        PangoCairo.show_layout(cr, layout)

    # Mouse and keys ------------------------------------------------------------------------------------------------

    def _near_split(self, x: float) -> bool:
        if not self.split_shown or "before" not in self._shown or not self._is_corrected():
            return False
        left, _top, width, _height = self._area("before")
        return abs(x - left - width * self.split) <= GRAB_PX

    def do_button_press_event(self, event: Any) -> bool:
        """Take hold of the split or of the picture."""
        self.grab_focus()
        if event.button == 1:
            self._dragged = "split" if self._near_split(event.x) else "picture"
            self._drag_from = (event.x, event.y)
        return True

    def do_button_release_event(self, _event: Any) -> bool:
        """Let go."""
        self._dragged = None
        return True

    def do_motion_notify_event(self, event: Any) -> bool:
        """Move what is held."""
        if self._dragged == "split" and "before" in self._shown:
            left, _top, width, _height = self._area("before")
            self._move_split((event.x - left) / width)
        elif self._dragged == "picture":
            per_pixel = self.get_scale_factor() / self.scale()
            self._centre = (
                self._centre[0] - (event.x - self._drag_from[0]) * per_pixel,
                self._centre[1] - (event.y - self._drag_from[1]) * per_pixel,
            )
            self._drag_from = (event.x, event.y)
            self.refresh()
        else:
            name = "col-resize" if self._near_split(event.x) else "default"
            self.get_window().set_cursor(Gdk.Cursor.new_from_name(self.get_display(), name))
        return True

    def _move_split(self, share: float) -> None:
        self.split = min(1.0, max(0.0, share))
        self.queue_draw()

    def do_scroll_event(self, event: Any) -> bool:
        """Zoom at the pointer."""
        smooth, _dx, dy = event.get_scroll_deltas()
        if not smooth:
            dy = {Gdk.ScrollDirection.UP: -1, Gdk.ScrollDirection.DOWN: 1}.get(event.direction, 0)
        if dy:
            self.set_zoom(self.scale() * 1.25**-dy, (event.x, event.y))
        return True

    def do_key_press_event(self, event: Any) -> bool:
        """Move the split, or zoom."""
        sign = chr(Gdk.keyval_to_unicode(event.keyval))
        if event.keyval in (Gdk.KEY_Left, Gdk.KEY_Right):
            self._move_split(self.split + (STEP if event.keyval == Gdk.KEY_Right else -STEP))
        elif sign in ZOOMS:
            self.set_zoom(ZOOMS[sign](self.scale()))
        else:
            return False
        return True


def _conversion(pixels: PixelFile) -> Callable[[bytes, int, int], bytes]:
    """Return what converts 8-bit values of the image's colour space to those of the screen, taken to be sRGB."""
    native = pixels.format.native
    if pixels.coverage and not pixels.format.linear:
        # GIMP shows the channels of an 8-bit image as they are, and the server encodes what it is told to be linear.
        return lambda rows, width, height: rows.translate(DECODED)
    # babl names the space in a format's name, unless it is sRGB.
    if "-space-" not in pixels.format.name or "Y" in Babl.format_get_encoding(native):
        return lambda rows, width, height: rows
    model = "R~G~B~" if pixels.format.linear or "~" in pixels.format.name else "R'G'B'"
    name = Babl.get_name(Babl.format_with_space(f"{model} u8", native))
    return lambda rows, width, height: converted(rows, name, "R'G'B' u8", width, height)
