--[[ What can be done in darktable about a trouble, by the server's codes (sixbit.values.errors.Code). ]]
local text = require "sixbit/lib/text"

local _ = text.translated
local ways_out = {}

ways_out.MEND = _("Run `sixbit doctor`; it names the mend.")
local CHOOSE_LENS = _("Choose one in the panel “Leica M lens”.")
local CALIBRATE = _("Calibrate the lens: “calibrate this lens…” in the panel opens the page that leads through it.")
local OTHER_PHOTOS = _("Give other photos on the page that calibrates a lens; it says which.")
local OTHER_FOLDER = _("Choose another folder.")
local OTHER_PRESET = _("Choose another preset.")
local IN_TAGS = _("Write that into the photo's tags.")
local REPORT = _("Please report it.")
local VALUE = _("If a script of yours gave this value, give another; if not, please report it.")

ways_out.by_code = {
  -- A file that is read.
  not_found = _("See that the file is still where it was."),
  not_a_file = _("Choose the photos themselves."),
  no_access = _("See that its permissions allow it, and that its disk is there."),
  damaged = _("Get it again from where it came."),
  format = _("Export it as a TIFF or PNG of 8 or 16 bits."),
  raw = _("Export it: what darktable renders is corrected then."),
  too_large = _("Export it smaller, or use a computer with more memory."),
  many_pixels = _("Export it smaller, or start darktable with SIXBIT_LARGE=1 in its environment."),
  too_slow = _("Export it by itself."),
  profile = _("Export it with another colour profile, such as sRGB."),
  -- What is written.
  ending = OTHER_PRESET,
  name = _("Choose another name."),
  no_folder = OTHER_FOLDER,
  read_only = _("Choose another folder, or allow it in the permissions of this one."),
  disk_full = _("Make room there, or choose a folder on another disk."),
  not_writable = OTHER_FOLDER,
  metadata = OTHER_PRESET,
  conversion = OTHER_PRESET,
  exists = _("Choose another folder, or a preset that numbers or overwrites."),
  -- Which lens it was, and how it was used.
  ambiguous = CHOOSE_LENS,
  unknown = CHOOSE_LENS,
  untagged = CHOOSE_LENS,
  not_m = _("If it was one, choose it in the panel “Leica M lens”."),
  no_such_lens = CHOOSE_LENS,
  not_remembered = _("Tell darktable the lens of each of these photos: “use this lens”."),
  aperture = _("Choose a preset that assumes an aperture."),
  focal_length = IN_TAGS,
  crop_factor = IN_TAGS,
  size = IN_TAGS,
  -- What is known of it.
  uncalibrated = CALIBRATE,
  grade = _("Tick “computed calibrations, too”, or choose a preset whose `lowest_grade` is that grade."),
  other_use = CALIBRATE,
  folds = _("Choose a preset whose `scale` is none."),
  bad_distortion = _("Choose a preset without distortion among its `corrections`."),
  bad_vignetting = _("Choose a preset without vignetting among its `corrections`."),
  bad_shading = _("Choose a preset without shading among its `corrections`."),
  already_corrected = _(
    "Tick “without darktable's lens correction”, or allow it by the preference “Sixbit: export what is corrected already”."
  ),
  compensated = _("Choose a preset whose `compensated` is correct, or calibrate the lens on this very body."),
  reshaped = _(
    "Switch that off for this export, correct it by darktable's own lens correction, or choose a preset whose `reshaped` is correct."
  ),
  -- The user's own files.
  user_file = _("Repair that file, or take it away."),
  run = _("Remove that calibration on the page that calibrates a lens."),
  bundle = _("Ask who made that calibration to export it anew."),
  no_run = CALIBRATE,
  preset = OTHER_PRESET,
  preset_file = _("Mend the file of that preset, or choose another."),
  version = ways_out.MEND,
  -- Frames that a lens is measured from.
  flats = OTHER_PHOTOS,
  too_bright = OTHER_PHOTOS,
  too_dark = OTHER_PHOTOS,
  lines = OTHER_PHOTOS,
  edges = OTHER_PHOTOS,
  overlap = OTHER_PHOTOS,
  frames = OTHER_PHOTOS,
  -- Programs.
  argument = VALUE,
  busy = _("Wait for it, or end it."),
  cluster = REPORT,
  engine = VALUE,
  no_kernel = ways_out.MEND,
  missing_part = ways_out.MEND,
  no_editor = ways_out.MEND,
  not_installed = ways_out.MEND,
  sandbox = ways_out.MEND,
  fault = REPORT,
}

-- Put the ways out of some codes behind words: as sentences behind a sentence, else as clauses.
function ways_out.told(words, codes)
  for _number, code in ipairs(codes) do
    local said = ways_out.by_code[code]
    if said and words:match("[.?]$") then
      words = words .. " " .. said
    elseif said then
      words = words .. "; " .. said:sub(1, 1):lower() .. said:sub(2):gsub("%.$", "")
    end
  end
  return words
end

return ways_out
