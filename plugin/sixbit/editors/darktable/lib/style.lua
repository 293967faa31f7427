--[[ The styles that switch darktable's lens module on, going by what the library knows of each photo. ]]
local dt = require "darktable"
local text = require "sixbit/lib/text"

local style = {}

local NAME = "Sixbit lens correction"

local function find(name)
  for _, known in ipairs(dt.styles) do
    if known.name == name then return known end
  end
end

-- Return the style, imported from this folder if need be.
function style.get()
  if not find(NAME) then dt.styles.import(text.folder .. NAME .. ".dtstyle") end
  return find(NAME)
end

-- Switch the lens module on for an image; false if there is no style for that.
function style.apply(image)
  local found = style.get()
  if not found then return false end
  dt.styles.apply(found, image)
  return true
end

return style
