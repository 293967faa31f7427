"""The arguments of the procedures and what they give back, for scripts and for the dialog, which shows their labels."""

from __future__ import annotations

from gi.repository import Gimp, GObject
from texts import _

USUAL = "usual"
"""The result that nobody has chosen: this layer to scripts, and to the dialog what it begins with."""
READWRITE = GObject.ParamFlags.READWRITE

NUMBERS = (
    ("crop-factor", _("Cro_p factor"), _("Of the sensor; full frame is 1"), 20.0),
    ("focal-length", _("_Focal length (mm)"), _("Of a lens that has several"), 2000.0),
    ("aperture", _("_Aperture (f-number)"), _("Fall-off depends on it"), 128.0),
    ("distance", _("D_istance (m)"), _("Of the subject"), 1000.0),
)
"""Name, label, help and maximum; 0 takes what the photo says."""
BY_HAND = (
    ("hand-distortion", _("Distortion (%)"), _("By how much the corners lie too near to the middle"), -20.0, 20.0, 0.0),
    ("hand-red", _("Red (‰)"), _("By which part of the radius red lies outside of green"), -5.0, 5.0, 0.0),
    ("hand-blue", _("Blue (‰)"), _("By which part of the radius blue lies outside of green"), -5.0, 5.0, 0.0),
    ("hand-fall-off", _("Fall-off (stops)"), _("How much light the corners have lost"), 0.0, 5.0, 0.0),
    ("hand-midpoint", _("Its midpoint (%)"), _("How far from the middle the fall-off begins"), 0.0, 100.0, 25.0),
)
"""Name, label, help, minimum, maximum and default of what counts where no calibration is known."""
KINDS = {
    "distortion": _("_Distortion"),
    "tca": _("Lateral _colour"),
    "vignetting": _("_Vignetting"),
    "shading": _("_Shading"),
}
"""The labels of the kinds of correction."""
CHOICES = (
    (
        "scale",
        _("F_rame"),
        _("Whether the corrected picture is enlarged until no corner is empty"),
        {"fill": _("Fill the frame"), "none": _("Keep the scale"), "factor": _("By a factor")},
    ),
    (
        "frame",
        _("P_hoto was"),
        _("Where the optical centre lies"),
        {
            "auto": _("As its metadata says"),
            "scaled": _("Scaled"),
            "centred": _("Cropped from the centre"),
            "drawable": _("The whole layer"),
        },
    ),
    (
        "layers",
        _("Correct"),
        _("Which layers move with the photo"),
        {"chosen": _("This layer"), "all": _("All layers of the photo")},
    ),
    (
        "output",
        _("Res_ult"),
        _("Where the corrected pixels go"),
        {USUAL: _("This layer"), "layer": _("This layer"), "new-layer": _("New layer"), "filter": _("Editable filter")},
    ),
)
"""Name, label, help and words, the first of them by default."""
SWITCHES = (
    ("computed", _("Co_mputed calibrations"), _("Use calibrations computed from a lens's patent, too")),
    ("single", _("Measured only once"), _("Use calibrations that one person made once and nobody has confirmed, too")),
    (
        "compensated",
        _("C_ompensated vignetting, too"),
        _("Correct the vignetting that a Leica M has compensated itself, for a lens that it knew"),
    ),
    (
        "measure-tca",
        _("Measure lateral colour in this photo"),
        _("By its own edges, if the lens has no calibration of it"),
    ),
    (
        "only-selection",
        _("Only the selection"),
        _("Leave what lies outside of it as it is: lines break at its edge"),
    ),
    ("write-lens", _("_Write the lens into the metadata"), _("So that an exported photo says which lens it was")),
    ("force", _("Correct agai_n"), _("Correct what the metadata says is corrected already")),
)
"""Name, label and help of what is off by default."""
CHOSEN_OF_A_LENS = (
    *(f"{kind}{suffix}" for kind in KINDS for suffix in ("", "-strength")),
    *("scale", "scale-factor", "computed", "single", "compensated", "measure-tca"),
    *(name for name, *_rest in BY_HAND),
)
"""What is chosen of a lens on a body, again and again."""
CHOSEN_OF_A_PHOTO = ("lens", *(name for name, *_rest in NUMBERS), "frame", "layers")
"""What is chosen of one photo."""
RETURNED = {
    "plug-in-sixbit-identify": (
        ("status", _("matched, ambiguous, unknown, untagged or not_m")),
        ("lens", _("The identity of the lens, if it is known")),
        ("evidence", _("How that is known, in words")),
        ("identity", _("All that is known, as `sixbit identify --json` says it")),
    ),
    "plug-in-sixbit-batch": (
        ("summary", _("How many photos were corrected, skipped and so on, as a table")),
        ("outcome", _("The counts, the failures and the place of the report, as JSON")),
    ),
}
"""By procedure, the name and the meaning of each text that it gives back."""


def add_correct_arguments(procedure: Gimp.Procedure) -> None:
    """Add the arguments of the correction; 0 or an empty text stand for what the photo says."""
    lens = _("The identity of the lens, as `sixbit lenses` lists them; empty takes what the photo says")
    preset = _("An export preset, as `sixbit presets` lists them, which then says how to correct")
    said = _("0 takes what the photo says")
    strength = _("How much of the correction, in per cent")
    procedure.add_string_argument("lens", _("_Lens"), lens, "", READWRITE)
    for name, label, blurb, most in NUMBERS:
        procedure.add_double_argument(name, label, f"{blurb}; {said}", 0.0, most, 0.0, READWRITE)
    procedure.add_string_argument("preset", _("Prese_t"), preset, "", READWRITE)
    for kind, label in KINDS.items():
        procedure.add_boolean_argument(kind, label, _("Correct it where it is known"), True, READWRITE)
        procedure.add_double_argument(f"{kind}-strength", label, strength, 0.0, 200.0, 100.0, READWRITE)
    factor = _("Of the corrected picture, where the frame is scaled by a factor")
    procedure.add_double_argument("scale-factor", _("Factor"), factor, 0.1, 10.0, 1.0, READWRITE)
    for name, label, blurb, least, most, usual in BY_HAND:
        meant = _("{blurb}; where no calibration is known").format(blurb=blurb)
        procedure.add_double_argument(name, label, meant, least, most, usual, READWRITE)
    for name, label, blurb, words in CHOICES:
        choice = Gimp.Choice.new()
        for number, (nick, shown) in enumerate(words.items()):
            choice.add(nick, number, shown, "")
        procedure.add_choice_argument(name, label, blurb, choice, next(iter(words)), READWRITE)
    for name, label, blurb in SWITCHES:
        procedure.add_boolean_argument(name, label, blurb, False, READWRITE)


def add_returned(procedure: Gimp.Procedure) -> None:
    """Add what a procedure gives back."""
    for name, blurb in RETURNED.get(procedure.get_name(), ()):
        procedure.add_string_return_value(name, name, blurb, "", READWRITE)


def add_batch_arguments(procedure: Gimp.Procedure) -> None:
    """Add what the batch takes."""
    preset = _("An export preset, as `sixbit presets` lists them")
    procedure.add_string_array_argument("photos", "photos", _("Paths of photos, and of folders of photos"), READWRITE)
    procedure.add_string_argument("folder", "folder", _("Where the corrected photos go"), "", READWRITE)
    procedure.add_string_argument("preset", "preset", preset, "", READWRITE)
