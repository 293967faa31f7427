--[[
    An export storage that corrects what darktable has rendered: with calibrations, strengths and formats of Sixbit's
    presets, for what darktable's own module cannot do. Every photo that goes in is accounted for in the end.
]]
local dt = require "darktable"
local module = require "sixbit/lib/module"
local photos = require "sixbit/lib/photos"
local server = require "sixbit/lib/server"
local text = require "sixbit/lib/text"
local ways_out = require "sixbit/lib/ways_out"

local _ = text.translated
local export = {}

local NAME = "sixbit"
-- Without losses, as the picture is decoded once more.
local FORMATS = { tif = true, tiff = true, png = true }
local MOST_TOLD = 5  -- reasons in the panel; the log has all of them

local SAY = {
  preset = _("preset"),
  preset_tip = _("what is corrected, and how the result is written; `sixbit presets` makes new ones"),
  folder = _("folder for the corrected photos"),
  module_off = _("without darktable's lens correction"),
  module_off_tip = _("switch it off for this export, where it is on: else it would be corrected twice"),
  as_it_is = _("export the others as they are"),
  as_it_is_tip = _("what cannot be corrected is written as darktable renders it; else it is left out"),
  computed = _("computed calibrations, too"),
  computed_tip = _("for lenses that have no other: from the patent's prescription, and production may differ"),
  switched_off = _("Sixbit is switched off."),
  choose_preset = _("Choose a preset first."),
  choose_folder = _("Choose a folder first."),
  corrected = _("1 of {all} photos corrected."),
  corrected_many = _("{count} of {all} photos corrected."),
  copied = _("1 exported as it is."),
  copied_many = _("{count} exported as they are."),
  left = _("1 not exported."),
  left_many = _("{count} not exported."),
  more = _("The log has 1 more reason."),
  more_many = _("The log has {count} more reasons."),
  done = _("{photo}: corrected"),
  of_copy = _("{photo}: exported as it is, since {why}"),
  of_left = _("{photo}: not exported, since {why}"),
  of_left_sentence = _("{photo}: not exported. {why}"),
  not_rendered = _("darktable has not rendered it; its own messages tell why"),
}
local WHY = {
  ambiguous = _("several lenses fit"),
  unknown = _("the lens is not known"),
  untagged = _("it names no lens"),
  not_m = _("it was not taken through an M lens"),
  uncalibrated = _("there is no calibration to correct its lens with"),
}
-- Of a lens that has calibrations, of a grade that the preset does not use.
local WHY_GRADE = _("only a computed calibration of its lens is known; tick “computed calibrations, too”")

local widgets = {}
local presets = {}
local stopped = false

-- Ticks, by the name of the preference that is true if they are not there; those that are there at first come first.
local function tick(name, words, tooltip, at_first)
  local function is_ticked() return dt.preferences.read(NAME, name, "bool") ~= at_first end
  local widget = dt.new_widget("check_button") {
    label = words,
    tooltip = tooltip,
    value = is_ticked(),
    clicked_callback = function(self) dt.preferences.write(NAME, name, "bool", self.value ~= at_first) end,
  }
  return widget, is_ticked
end

local ticked = {}

local function report(lines)
  widgets.report.text = table.concat(lines, "\n")
end

local function fill()
  local answers, why = server.ask({ { ["do"] = "presets" } })
  local failed = why or answers[1].error
  if failed then return report({ failed }) end
  presets = answers[1].result.presets
  report(answers[1].result.wrong)
  local last, selected = dt.preferences.read(NAME, "preset", "string"), 1
  for number, preset in ipairs(presets) do
    widgets.preset[number] = preset.label ~= "" and _(preset.label) or preset.name
    if preset.name == last then selected = number end
  end
  widgets.preset.selected = selected
end

local function build()
  widgets.preset = dt.new_widget("combobox") {
    label = SAY.preset,
    tooltip = SAY.preset_tip,
    changed_callback = function(self)
      local preset = presets[self.selected]
      if preset then dt.preferences.write(NAME, "preset", "string", preset.name) end
    end,
  }
  widgets.folder = dt.new_widget("file_chooser_button") {
    title = SAY.folder,
    is_directory = true,
    value = dt.preferences.read(NAME, "folder", "directory"),
    tooltip = SAY.folder,
    changed_callback = function(self) dt.preferences.write(NAME, "folder", "directory", self.value) end,
  }
  widgets.module_off, ticked.module_off = tick("export_keep_module", SAY.module_off, SAY.module_off_tip, true)
  widgets.as_it_is, ticked.as_it_is = tick("export_leave_out", SAY.as_it_is, SAY.as_it_is_tip, true)
  widgets.computed, ticked.computed = tick("export_computed", SAY.computed, SAY.computed_tip, false)
  widgets.report = text.view()
  return dt.new_widget("box") {
    orientation = "vertical",
    widgets.preset, widgets.folder, widgets.module_off, widgets.as_it_is, widgets.computed, widgets.report,
  }
end

-- Before it is rendered ------------------------------------------------------------------------------------------------

-- Return why nothing can be exported now, if so.
local function obstacle()
  if stopped then return SAY.switched_off end
  if not presets[widgets.preset.selected] then return SAY.choose_preset end
  if (widgets.folder.value or "") == "" then return SAY.choose_folder end
end

--[[
    Refuse before anything is rendered, if it is not clear what shall become of it. Photos that darktable corrects itself
    are exchanged for duplicates on which its lens module is off; so are those of which that is not known.
]]
local function initialize(_storage, _format, images, _high_quality, extra)
  local why = obstacle()
  if why then
    text.say("Sixbit: " .. why)
    report({ why })
    return {}
  end
  extra.expected, extra.ended, extra.stands_for, extra.on, extra.discards = {}, {}, {}, {}, {}
  for number, image in ipairs(images) do extra.expected[number] = image end
  local answers = server.ask({ module.request(images) })
  local states = answers and answers[1].result and answers[1].result.modules or {}
  local rendered = {}
  for number, image in ipairs(images) do
    local on = states[number] and states[number].on
    rendered[number] = image
    if on ~= false and ticked.module_off() then
      local duplicate, discard = module.without(image)
      if duplicate then
        extra.stands_for[duplicate.id], rendered[number] = image, duplicate
        table.insert(extra.discards, discard)
      end
    end
    extra.on[rendered[number].id] = on == true and rendered[number] == image
  end
  return rendered
end

-- When it is rendered --------------------------------------------------------------------------------------------------

-- Return the name that a photo is exported by: that of the photo itself, also if a duplicate was rendered.
local function name_of(image, file)
  local stem, version = image.filename:gsub("%.[^.]*$", ""), image.duplicate_index
  return stem .. (version > 0 and ("_%02d"):format(version) or "") .. file:match("%.[^.]*$")
end

local function request(image, original, file, is_on)
  return {
    ["do"] = "export",
    photo = file,
    name = name_of(original, file),
    original = text.path(original),
    sidecar = image.sidecar,
    lens = photos.choice(original),
    preset = presets[widgets.preset.selected].name,
    lowest_grade = ticked.computed() and "computed" or nil,
    folder = widgets.folder.value,
    as_it_is = ticked.as_it_is(),
    corrected = is_on,
    force = dt.preferences.read(NAME, "double", "bool"),
  }
end

local function has(codes, wanted)
  for _number, code in ipairs(codes) do
    if code == wanted then return true end
  end
  return false
end

-- Say why a photo was not corrected, and what can be done about it.
local function why_not(answer)
  if answer.error then return answer.error end
  local result = answer.result
  if result.reason == "uncalibrated" and has(result.codes, "grade") then return WHY_GRADE end
  return ways_out.told(WHY[result.reason] or result.message, result.codes)
end

-- Keep what became of a photo, and log it.
local function ended(extra, image, status, why)
  local photo = text.shown(image.filename)
  local line = text.filled(SAY.done, { photo = photo })
  if status ~= "corrected" then
    local sentence = status == "copied" and SAY.of_copy or why:match("[.?]$") and SAY.of_left_sentence or SAY.of_left
    line = text.filled(sentence, { photo = photo, why = text.shown(why) })
  end
  extra.ended[image.id] = { status = status, line = line }
  dt.print_log("sixbit: " .. line)
end

-- Correct one rendered file, which is darktable's own temporary one.
local function store(_storage, image, _format, file, _number, _total, _high_quality, extra)
  local original = extra.stands_for[image.id] or image
  local well, answers, why = pcall(function()
    return server.ask({ request(image, original, file, extra.on[image.id] or false) })
  end)
  os.remove(file)
  local answer = well and answers and answers[1] or { error = tostring(why or answers) }
  local status = answer.result and answer.result.status or "failed"
  ended(extra, original, status, status ~= "corrected" and why_not(answer) or nil)
end

-- When all are done ----------------------------------------------------------------------------------------------------

local function summary(counts, all)
  local said = { text.counted(counts.corrected or 0, SAY.corrected, SAY.corrected_many, { all = all }) }
  local left = all - (counts.corrected or 0) - (counts.copied or 0)
  if counts.copied then said[2] = text.counted(counts.copied, SAY.copied, SAY.copied_many) end
  if left > 0 then said[#said + 1] = text.counted(left, SAY.left, SAY.left_many) end
  return table.concat(said, " ")
end

local function finalize(_storage, _files, extra)
  if not extra.expected then return end  -- nothing was rendered, and it was said why
  for _number, discard in ipairs(extra.discards) do pcall(discard) end
  local counts, lines = {}, {}
  for _number, image in ipairs(extra.expected) do
    if not extra.ended[image.id] then ended(extra, image, "failed", SAY.not_rendered) end
    local end_of = extra.ended[image.id]
    counts[end_of.status] = (counts[end_of.status] or 0) + 1
    if end_of.status ~= "corrected" then lines[#lines + 1] = end_of.line end
  end
  local said = summary(counts, #extra.expected)
  text.say("Sixbit: " .. said)
  local shown = { said, table.unpack(lines, 1, MOST_TOLD) }
  local rest = #lines - MOST_TOLD
  if rest > 0 then shown[#shown + 1] = text.counted(rest, SAY.more, SAY.more_many) end
  report(shown)
end

-- The storage itself ---------------------------------------------------------------------------------------------------

local function supported(_storage, format)
  return FORMATS[format.extension] or false
end

function export.start()
  stopped = false
  if not widgets.all then
    widgets.all = build()
    dt.register_storage(NAME, _(text.names.storages[NAME]), store, finalize, supported, initialize, widgets.all)
  end
  fill()
end

-- Refuse from now on: darktable 5.0 crashes if a storage is destroyed that is chosen in its export module.
function export.stop()
  stopped = true
end

return export
