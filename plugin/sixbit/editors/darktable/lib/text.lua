--[[ What is shown: translations, and lines short enough for a panel. ]]
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

local USUAL = 24  -- characters in a line of the panel, while nobody has made it wider

-- Count the characters in a line of the panel on the right: a label of Lua's neither breaks nor scrolls.
local function width()
  local well, pixels = pcall(dt.gui.panel_get_size, "DT_UI_PANEL_RIGHT")
  pixels = well and tonumber(pixels) or 0  -- 0 while it has the width it is made with
  return pixels > 0 and math.max(USUAL, (pixels - 40) // 9) or USUAL
end

-- Break a message at blanks, so that it can be read in the panel.
function text.wrapped(message)
  local lines, line, longest = {}, "", width()
  for word in message:gmatch("%S+") do
    if line ~= "" and (utf8.len(line) or #line) + 1 + (utf8.len(word) or #word) > longest then
      lines[#lines + 1], line = line, word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

return text
