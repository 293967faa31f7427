"""Runs in GIMP's own Python: one image, what is done to it, and what must be true of it then.

With a window (DISPLAY), undo and redo are GIMP's own keys.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from gi.repository import Gimp, Gio
from gimp_seen import Drawable, State, bytes_of, differences, digest, layer_state, pixels_digest, state_of

# isort: split
from apply import correct
from correction import Choices, Subject
from filters import OPERATION, STRENGTHS, every_layer, own_filter, pixels_told, record_of
from layers import editable_drawable
from pixels import PixelFile
from server_client import Server
from texts import UserError

WORK = Path("/mnt/work")
HAS_WINDOW = "DISPLAY" in os.environ
PATIENCE = 8.0
CORNER = ("214", "557")
"""Of the canvas, px of the screen."""
PROCEDURE = "plug-in-sixbit-correct"
TAGS = {
    "distortion": "Xmp.aux.DistortionCorrectionAlreadyApplied",
    "tca": "Xmp.aux.LateralChromaticAberrationCorrectionAlreadyApplied",
    "vignetting": "Xmp.aux.VignetteCorrectionAlreadyApplied",
}
PHOTOS = {
    "named.tif": {},
    "bare.png": {"lens": "vm-nokton-28-1.5", "aperture": 1.5, "focal-length": 28.0, "crop-factor": 1.0},
}
"""A photo that tells its lens, of which distortion and lateral colour are known; and one that tells nothing."""
KNOWN = {"named.tif": ("distortion", "tca"), "bare.png": ("distortion", "tca", "vignetting")}

Action = Callable[["Sequence"], Any]
"""It gives back None if it cannot be taken now; else "a step", "nothing", "no way back", or "moved along" by undo."""


class WrongError(Exception):
    """Something that must not be."""


def shown(image: Gimp.Image) -> Gimp.Display | None:
    """Show an image, and have its window take the keys."""
    if not HAS_WINDOW:
        return None
    display = Gimp.Display.new(image)
    Gimp.displays_flush()
    time.sleep(0.3)
    to_canvas()
    return display


def to_canvas() -> None:
    """GIMP 3.2 wants a click there, which is one beside the picture."""
    if Gimp.MINOR_VERSION > 0:
        xdotool("mousemove", *CORNER, "click", "2")  # which paints nothing


def xdotool(*words: str) -> None:
    subprocess.run(["xdotool", *words], check=True)


class Sequence:
    """One image, and what is done to it."""

    def __init__(self, server: Server, seed: int, steps: int) -> None:
        self.server, self.seed, self.steps = server, seed, steps
        self.random = random.Random(seed)
        self.photo = self.random.choice(sorted(PHOTOS))
        self.image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(WORK / self.photo)))
        self.size = (self.image.get_width(), self.image.get_height())
        self.display = shown(self.image)
        self.compiled: dict[str, dict[str, Any]] = {}
        """By the digest of a filter's text, what it was compiled for."""
        self.done_to: dict[str, set[str]] = {}
        """By the digest of pixels, the kinds that are corrected in them."""
        self.told: list[Any] = []
        self.looks: list[dict[str, Any]] = []
        self.state = state_of(self.image)
        self.history, self.at = [self.state], 0
        self.was_gray = False

    # What is true ------------------------------------------------------------------------------------------------

    def truth(self, layer: Gimp.Layer) -> set[str]:
        """The kinds that are corrected in the pixels of a layer, below its filters."""
        if layer.is_group():
            return set.union(set(), *(self.truth(one) | self.borne(one) for one in layer.get_children()))
        return self.done_to.get(pixels_digest(layer), set()) if any(bytes_of(layer)) else set()

    def borne(self, layer: Gimp.Layer) -> set[str]:
        """The kinds that a layer's own filter corrects, if it is switched on and fits the layer's size."""
        own = own_filter(layer)
        does = own is not None and own.get_visible() and self.works(layer, own)
        return set(record_of(layer).get("done", ())) if does else set()

    def true_of_all(self) -> set[str]:
        return set.union(set(), *(self.truth(one) | self.borne(one) for one in every_layer(self.image)))

    def perhaps_merged(self) -> set[str]:
        """The kinds that may be merged into a layer, by what Sixbit sees: its filter is gone, its pixels are others."""
        lost = (one for one in self.layers() if record_of(one) and not own_filter(one))
        changed = (one for one in lost if one.is_group() or record_of(one).get("pixels") != pixels_told(one))
        return set.union(set(), *(record_of(one).get("done", ()) for one in changed))

    def works(self, layer: Any, own: Any) -> bool:
        """Whether a filter corrects its layer: the size fits."""
        wide, high = self.compiled[digest(own.get_config().get_property("correction").encode())]["made_for"]
        width, height = layer.get_width(), layer.get_height()
        return any(
            abs(height - b * width / a) <= 1 or abs(width - a * height / b) <= 1
            for a, b in ((wide, high), (high, wide))
        )

    def seen_of(self, layers: Iterable[Any]) -> set[str]:
        """The kinds that are corrected of what is seen of layers, the upper ones first."""
        seen: set[str] = set()
        for layer in layers:
            if layer.get_visible():
                own = own_filter(layer)
                seen |= self.seen_of(layer.get_children()) if layer.is_group() else self.truth(layer)
                seen |= {k for k in self.borne(layer) if own and own.get_config().get_property(k) > 0}
                if self.covers(layer):
                    break
        return seen

    def covers(self, layer: Any) -> bool:
        """Whether nothing is seen of what lies below."""
        if layer.get_mask():
            return False
        if layer.is_group():
            return any(self.covers(one) for one in layer.get_children() if one.get_visible())
        size = [self.image.get_width(), self.image.get_height()]
        is_opaque = not layer.has_alpha() or min(bytes_of(layer, "A u8")) == 255
        return is_opaque and layer_state(layer)["place"] == [*size, 0, 0]

    # Taking steps ------------------------------------------------------------------------------------------------

    def run(self, actions: Mapping[str, tuple[Action, int]]) -> None:
        """Take steps at random: an action that cannot be taken now is passed over."""
        names = list(actions)
        while len(self.told) < self.steps:
            name = self.random.choices(names, [actions[one][1] for one in names])[0]
            self.told.append([name])
            print(f"# {self.seed} {len(self.told)} {name}", file=sys.stderr, flush=True)
            if self.act(actions[name][0]) is None:
                self.told.pop()
        self.close()

    def close(self) -> None:
        if self.display:
            self.display.delete()
        else:
            self.image.delete()

    def act(self, action: Action) -> Any:
        """Take a step. What an action gives back: None if it cannot be taken now; else whether undo leads back."""
        image = self.image
        outcome = action(self)
        if outcome is None or outcome == "moved along":
            return outcome
        state = state_of(self.image)
        if self.image.get_id() != image.get_id() or outcome == "no way back":
            self.history, self.at = [state], 0
        elif state == self.state:
            # A step that nobody sees: undo could not be told from a key that was lost.
            if outcome == "a step":
                self.history, self.at = [state], 0
        else:
            self.history = [*self.history[: self.at + 1], state]
            self.at += 1
        self.state = state
        self.look()
        return outcome

    def note(self, *words: Any) -> None:
        self.told[-1] += words

    def layers(self) -> list[Gimp.Layer]:
        return list(every_layer(self.image))

    def a_layer(self, fits: Callable[[Gimp.Layer], Any] = lambda layer: True) -> Gimp.Layer | None:
        fitting = [one for one in self.layers() if fits(one)]
        return self.random.choice(fitting) if fitting else None

    def look(self) -> None:
        """Write down the pixels of layers that bear a filter, below it and with it."""
        for number, layer in enumerate(self.layers()):
            filters = layer.get_filters()
            if layer.is_group() or not any(one.get_operation_name() == OPERATION for one in filters):
                continue
            if len(filters) > 1:
                continue
            own = filters[0]
            config = own.get_config()
            key = digest(config.get_property("correction").encode())
            if key not in self.compiled:
                raise WrongError("a filter that nobody has made")
            if record_of(layer).get("in_selection") or not self.compiled[key]["whole"]:
                continue
            self.looks.append(
                {
                    "name": f"{self.seed}-{len(self.told)}-{number}",
                    "step": len(self.told),
                    **self.compiled[key],
                    "strength": {k: config.get_property(k) / 100 for k in STRENGTHS},
                    "visible": own.get_visible(),
                    "size": [layer.get_width(), layer.get_height()],
                    "precision": Gimp.Precision(self.image.get_precision()).value_nick.upper().replace("-", "_"),
                }
            )
            name = WORK / self.looks[-1]["name"]
            name.with_suffix(".below").write_bytes(bytes_of(layer))
            copy = self.image.duplicate()
            other = list(every_layer(copy))[number]
            other.merge_filters()
            name.with_suffix(".after").write_bytes(bytes_of(other))
            copy.delete()

    # Sixbit ------------------------------------------------------------------------------------------------------

    def arguments(self, output: str) -> dict[str, Any]:
        arguments: dict[str, Any] = {"output": output, **PHOTOS[self.photo]}
        pick = self.random
        if pick.random() < 0.3:
            arguments["distortion-strength"] = pick.choice((30.0, 50.0, 80.0, 150.0))
        if pick.random() < 0.2:
            arguments["tca"] = False
        if pick.random() < 0.1:
            arguments["distortion"] = False
        if pick.random() < 0.2:
            arguments["scale"] = "none"
        if pick.random() < 0.25:
            arguments["layers"] = "all"
        if pick.random() < 0.3:
            arguments["only-selection"] = True
        if pick.random() < 0.15:
            arguments["write-lens"] = True
        # After a crop, or a scale, or a turn, nobody knows better.
        if self.state["size"] != list(self.size) or pick.random() < 0.1:
            arguments["frame"] = "drawable"
        return arguments

    def correct(self, drawable: Drawable, arguments: dict[str, Any]) -> str:
        """Correct as the procedure does, in a server that stays; what went wrong is returned."""
        config = Gimp.get_pdb().lookup_procedure(PROCEDURE).create_config()
        for name, value in arguments.items():
            config.set_property(name, value)
        try:
            editable_drawable([drawable])
            with PixelFile(drawable) as pixels:
                correct(self.server, Subject(self.server, drawable), Choices(config), pixels)
        except UserError as error:
            return str(error)
        return ""

    def corrected(self, output: str) -> Any:
        """A layer or a group is corrected; what that may change, and what it must."""
        target = self.a_layer(lambda one: output == "filter" or one.is_group() or any(bytes_of(one)))
        if target is None:
            return None
        arguments = self.arguments(output)
        truths = {one.get_id(): self.truth(one) for one in self.layers()}
        above = set()
        group = target.get_parent()
        while group:
            above |= self.borne(group)
            group = group.get_parent()
        true, old = self.true_of_all(), self.state
        merged = self.perhaps_merged()
        may_be_true = bool(true | merged)
        had = {one.get_id(): own_filter(one) for one in self.layers()}
        in_place = [
            o for i, o in had.items() if o and (Gimp.Layer.get_by_id(i).get_filters()[0].get_id() != o.get_id())
        ]
        in_place += [o for i, o in had.items() if o and record_of(Gimp.Layer.get_by_id(i)).get("in_selection")]
        self.note(target.get_name(), {k: v for k, v in arguments.items() if k not in PHOTOS[self.photo]})
        error = self.correct(target, arguments)
        new = state_of(self.image)
        self.state = new if not error else self.state
        if error:
            self.note(error)
            if new != old:
                raise WrongError(f"a failure has changed the image: {differences(old, new)}")
            if "corrected already" in error and not (may_be_true or above):
                raise WrongError("it is not corrected, and refused as such")
            if not error.endswith((".", "?")):
                raise WrongError(f"no sentence: {error}")
            return "nothing"
        kinds = {k for k in KNOWN[self.photo] if arguments.get(k, True)}
        if self.was_gray:
            kinds.discard("tca")
        for layer in self.layers():
            self.was_corrected(layer, output, arguments, kinds, truths, above, had, may_be_true, old)
        after = state_of(self.image)
        marked = {k for k, name in TAGS.items() if after["marks"].get(name, "").lower() == "true"}
        true = self.true_of_all()
        if not true <= marked <= true | merged:
            raise WrongError(f"marks say {sorted(marked)}, and true is {sorted(true)}")
        self.state = old
        return "no way back" if in_place else "a step"

    def was_corrected(
        self,
        layer: Any,
        output: str,
        arguments: Any,
        kinds: set[str],
        truths: Any,
        above: set[str],
        had: Any,
        may_be_true: bool,
        old: State,
    ) -> None:
        own = own_filter(layer)
        done = set(record_of(layer).get("done", ()))
        is_new = own is not None and (not had.get(layer.get_id()) or own.get_id() != had[layer.get_id()].get_id())
        if is_new or (own and output == "filter"):
            key = digest(own.get_config().get_property("correction").encode())
            if is_new and layer.get_id() in truths:
                twice = done & (truths[layer.get_id()] | above)
                if twice:
                    raise WrongError(f"corrected twice: {sorted(twice)} of {layer.get_name()}")
                if not may_be_true and done != kinds:
                    raise WrongError(f"of {sorted(kinds)} only {sorted(done)} were corrected, and nothing was before")
            if key not in self.compiled:
                self.compiled[key] = {
                    "photo": self.photo,
                    "kinds": sorted(done),
                    "scale": arguments.get("scale", "fill"),
                    "made_for": [layer.get_width(), layer.get_height()],
                    "whole": arguments.get("frame") == "drawable" or self.is_whole(layer),
                }
        if output != "filter" and not own and not layer.is_group():
            pixels = pixels_digest(layer)
            before = {one["pixels"] for one in old["layers"]}
            if pixels not in before:
                was = truths.get(layer.get_id(), set())
                self.done_to[pixels] = was | kinds

    # Others ------------------------------------------------------------------------------------------------------

    def is_whole(self, layer: Gimp.Layer) -> bool:
        """Whether a layer lies where the photo lay when it was opened."""
        return layer_state(layer)["place"] == [*self.size, 0, 0] and self.state["size"] == list(self.size)

    def carried(self, change: Callable[[], Any]) -> str:
        """Do something that changes the pixels of layers, and not what is corrected in them."""
        before = [(one.get_id(), self.truth(one)) for one in self.layers() if not one.is_group()]
        change()
        for number, truth in before:
            layer = Gimp.Item.get_by_id(number)
            if layer and truth and layer.is_valid():
                self.done_to.setdefault(pixels_digest(layer), truth)
        return "a step"

    def in_history(self, by: int) -> Any:
        """Press GIMP's keys, and wait until the image is as it was then."""
        if not 0 <= self.at + by < len(self.history):
            return None
        wanted = self.history[self.at + by]
        Gimp.displays_flush()
        for _attempt in range(2):
            xdotool("key", "ctrl+z" if by < 0 else "ctrl+y")
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                seen = state_of(self.image)
                if seen == wanted:
                    self.at += by
                    self.state = seen
                    return "moved along"
                time.sleep(0.02)
            if seen != self.state:
                break
            self.note("the key again")
            to_canvas()
        subprocess.run(["import", "-window", "root", str(WORK / f"{self.seed}.png")], check=False)
        raise WrongError(f"{'undo' if by < 0 else 'redo'} leads elsewhere: {differences(wanted, seen)}")
