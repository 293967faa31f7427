--[[ What is shown: translations, sentences with their places filled, and widgets for them. ]]
local dt = require "darktable"
local json = require "sixbit/lib/json"

local text = {}

text.separator = dt.configuration.running_os == "windows" and "\\" or "/"
local PS = text.separator

-- The folder of this script, where `sixbit install darktable` has put it.
text.folder = dt.configuration.config_dir .. PS .. "lua" .. PS .. "sixbit" .. PS

-- Read a JSON file of this folder; nothing if it cannot be read.
function text.read(name)
  local file = io.open(text.folder .. name, "rb")
  if not file then return nil end
  local content = file:read("a")
  file:close()
  local well, value = pcall(json.decode, content)
  return well and value or nil
end

text.manifest = assert(text.read("manifest.json"), "manifest.json is missing")
-- What darktable shows for the parts of this script.
text.names = text.manifest.hosts.darktable

dt.gettext.bindtextdomain("sixbit", text.folder .. "locale" .. PS)

function text.translated(message)
  return dt.gettext.dgettext("sixbit", message)
end

-- Return the path of an image's photo.
function text.path(image)
  return image.path .. PS .. image.filename
end

-- Control characters beyond ASCII, ends of lines and turns of the direction of reading, in UTF-8.
local HIDDEN = { "%c", "\xc2[\x80-\x9f]", "\xd8\x9c", "\xe2\x80[\x8e\x8f\xa8-\xae]", "\xe2\x81[\xa6-\xa9]" }

-- Put a name on one line, whatever characters are in it.
function text.shown(name)
  for _, hidden in ipairs(HIDDEN) do name = name:gsub(hidden, "?") end
  return name
end

-- Fill the places of a sentence, such as {count}, with values by their names.
function text.filled(sentence, values)
  return (sentence:gsub("{(%w+)}", function(name) return values[name] ~= nil and tostring(values[name]) or nil end))
end

-- Choose the sentence for one or for many, and fill it; {count} is how many.
function text.counted(count, one, many, values)
  local all = { count = count }
  for name, value in pairs(values or {}) do all[name] = value end
  return text.filled(count == 1 and one or many, all)
end

-- Say something for a moment, and in the log.
function text.say(message)
  dt.print(message)
  dt.print_log("sixbit: " .. message)
end

-- Return a widget for words of any length, which breaks them at the width that the panel has.
function text.view(words)
  return dt.new_widget("text_view") { editable = false, text = words or "" }
end

return text
