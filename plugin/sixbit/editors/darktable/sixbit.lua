--[[
    Sixbit: lens correction for Leica M lenses in darktable.

    This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
    License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
    later version.

    NAME
      sixbit - find the Leica M lens of photos, and correct it

    DESCRIPTION
      An action on selected images finds the lens and sets lens, focal length, aperture and crop factor, so that
      darktable's own lens correction does the rest. A panel beside lighttable and darkroom shows what was found and how
      that is known, and asks where it is not certain. An export storage corrects what was rendered by Sixbit's presets.

    REQUIRED SOFTWARE
      Sixbit. `sixbit install lensfun` gives darktable the lenses, `sixbit install darktable` puts this script here.

    USAGE
      `require "sixbit/sixbit"` in luarc, which `sixbit install darktable` has put there.
]]
local dt = require "darktable"

-- darktable-cli has no windows to register anything in, and would wait for ever.
if not dt.configuration.has_gui then return {} end

local deeds = require "sixbit/lib/deeds"
local export = require "sixbit/lib/export"
local panel = require "sixbit/lib/panel"
local text = require "sixbit/lib/text"

local _ = text.translated

local NAME = "sixbit"
local ACTION = "sixbit_identify"

local function register_preferences()
  dt.preferences.register(NAME, "correct", "bool", _("Sixbit: switch lens correction on"),
    _("when a lens was found that there is a calibration for"), false)
  dt.preferences.register(NAME, "tags", "bool", _("Sixbit: tag what is not certain"),
    _("with darktable|sixbit|ambiguous, unknown or untagged, to collect these photos by"), true)
  dt.preferences.register(NAME, "double", "bool", _("Sixbit: export what is corrected already"),
    _("correct an export even if darktable's lens correction was on, which corrects it twice, or it was cropped"), false)
end

local function start()
  dt.gui.libs.image.register_action(ACTION, _(text.names.actions.identify),
    function(_event, images) deeds.safely(deeds.identify, images) end,
    _("find the lens of the selected photos, and tell darktable's lens correction"))
  export.start()
  panel.start()
end

local function stop()
  dt.gui.libs.image.destroy_action(ACTION)
  export.stop()
  panel.stop()
end

register_preferences()
start()

local script_data = {}

script_data.metadata = {
  name = "Sixbit",
  purpose = _("lens correction for Leica M lenses"),
  author = "Sixbit's authors",
  help = "",
}
script_data.destroy = stop
script_data.destroy_method = "hide"
script_data.restart = start
script_data.show = start

return script_data
