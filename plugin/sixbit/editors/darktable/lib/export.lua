--[[
    An export storage that corrects what darktable has rendered: with calibrations, strengths and formats of Sixbit's
    presets, for what darktable's own module cannot do.
]]
local dt = require "darktable"
local server = require "sixbit/lib/server"
local lens = require "sixbit/lib/lens"
local text = require "sixbit/lib/text"
local ways_out = require "sixbit/lib/ways_out"

local _ = text.translated
local export = {}

local NAME = "sixbit"
-- Without losses, as the picture is decoded once more.
local FORMATS = { tif = true, tiff = true, png = true }

local widgets = {}
local presets = {}
local stopped = false

local function fill()
  local answers, why = server.ask({ { ["do"] = "presets" } })
  local failed = why or answers[1].error
  if failed then
    widgets.report.label = text.wrapped(failed)
    return
  end
  presets = answers[1].result.presets
  widgets.report.label = text.wrapped(table.concat(answers[1].result.wrong, "\n"))
  local last, selected = dt.preferences.read(NAME, "preset", "string"), 1
  for number, preset in ipairs(presets) do
    widgets.preset[number] = preset.label
    if preset.name == last then selected = number end
  end
  widgets.preset.selected = selected
end

local function build()
  widgets.preset = dt.new_widget("combobox") {
    label = _("preset"),
    tooltip = _("what is corrected, and how the result is written; `sixbit presets` makes new ones"),
    changed_callback = function(self)
      local preset = presets[self.selected]
      if preset then dt.preferences.write(NAME, "preset", "string", preset.name) end
    end,
  }
  widgets.folder = dt.new_widget("file_chooser_button") {
    title = _("folder for the corrected photos"),
    is_directory = true,
    value = dt.preferences.read(NAME, "folder", "directory"),
    tooltip = _("folder for the corrected photos"),
    changed_callback = function(self) dt.preferences.write(NAME, "folder", "directory", self.value) end,
  }
  widgets.report = dt.new_widget("label") { label = "", halign = "start", selectable = true, ellipsize = "none" }
  return dt.new_widget("box") { orientation = "vertical", widgets.preset, widgets.folder, widgets.report }
end

local function request(image, file)
  return {
    ["do"] = "export",
    photo = file,
    sidecar = image.sidecar,
    lens = lens.choice(image),
    preset = presets[widgets.preset.selected].name,
    folder = widgets.folder.value,
    force = dt.preferences.read(NAME, "double", "bool"),
  }
end

local WHY = {
  ambiguous = _("several lenses fit"),
  unknown = _("the lens is not known"),
  untagged = _("it names no lens"),
  not_m = _("it was not taken through an M lens"),
  uncalibrated = _("there is no calibration to correct its lens with"),
}

local function why_not(answer)
  if answer.error then return answer.error end
  local result = answer.result
  local why = ways_out.told(WHY[result.reason] or result.message, result.codes)
  return result.status == "copied" and _("copied as it is: ") .. why or why
end

-- Correct one rendered file, which is darktable's own temporary one.
local function store(_storage, image, _format, file, _number, _total, _high_quality, extra)
  local well, answers, why = pcall(function() return server.ask({ request(image, file) }) end)
  os.remove(file)
  local answer = well and answers and answers[1] or { error = tostring(why or answers) }
  extra.done, extra.failed = extra.done or 0, extra.failed or {}
  if answer.result and answer.result.status == "corrected" then
    extra.done = extra.done + 1
  else
    table.insert(extra.failed, text.shown(image.filename .. ": " .. why_not(answer)))
  end
end

local MOST_TOLD = 5  -- reasons in the panel; the log has all of them

local function finalize(_storage, _files, extra)
  local failed = extra.failed or {}
  if not extra.done then return end  -- nothing was rendered, and it was said why
  local said = { extra.done == 1 and _("1 photo corrected.") or _("%d photos corrected."):format(extra.done) }
  if #failed > 0 then said[#said + 1] = _("%d were not:"):format(#failed) end
  for _, reason in ipairs(failed) do
    dt.print_log("sixbit: " .. reason)
    if #said < 2 + MOST_TOLD then said[#said + 1] = reason end
  end
  dt.print("Sixbit: " .. said[1] .. (said[3] and " " .. said[3] or ""))
  dt.print_log("sixbit: " .. said[1])
  for number, line in ipairs(said) do said[number] = text.wrapped(line) end
  widgets.report.label = table.concat(said, "\n")
end

local function supported(_storage, format)
  return FORMATS[format.extension] or false
end

-- Refuse before anything is rendered, if it is not clear what shall become of it.
local function initialize(_storage, _format, images)
  local why
  if stopped then
    why = _("Sixbit is switched off.")
  elseif not presets[widgets.preset.selected] then
    why = _("Choose a preset first.")
  elseif (widgets.folder.value or "") == "" then
    why = _("Choose a folder first.")
  end
  if not why then return nil end
  dt.print("Sixbit: " .. why)
  dt.print_log("sixbit: " .. why)
  widgets.report.label = why
  return {}
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
