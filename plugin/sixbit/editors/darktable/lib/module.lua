--[[
    darktable's lens module: switched on and off by styles, and what it does to a photo.

    Lua hears nothing of a photo's history. In darkroom the module's own widgets tell; elsewhere the server reads it in
    darktable's library.
]]
local dt = require "darktable"
local json = require "sixbit/lib/json"
local text = require "sixbit/lib/text"

local module = {}

local ON, OFF = "Sixbit lens correction", "Sixbit lens correction off"
-- The entries of the module's list of corrections, by their numbers.
local LISTED = {
  [0] = {}, { "distortion", "tca", "vignetting" }, { "distortion", "tca" }, { "distortion", "vignetting" },
  { "tca", "vignetting" }, { "distortion" }, { "tca" }, { "vignetting" },
}

local function find(name)
  for _number, known in ipairs(dt.styles) do
    if known.name == name then return known end
  end
end

-- Return the style that switches the module on, imported from this folder if need be.
local function style_on()
  if not find(ON) then dt.styles.import(text.folder .. ON .. ".dtstyle") end
  return find(ON)
end

-- Return the style that switches it off: the other one, but for its name and that it is off.
local function style_off()
  if find(OFF) then return find(OFF) end
  local file = assert(io.open(text.folder .. ON .. ".dtstyle", "rb"))
  local content = file:read("a"):gsub("<name>[^<]*</name>", "<name>" .. OFF .. "</name>", 1)
  file:close()
  local path = os.tmpname()
  local written = assert(io.open(path, "wb"))
  written:write((content:gsub("<enabled>1</enabled>", "<enabled>0</enabled>")))
  written:close()
  pcall(dt.styles.import, path)
  os.remove(path)
  return find(OFF)
end

-- Switch the module on for an image, going by what the library knows; false if there is no style for that.
function module.switch_on(image)
  local style = style_on()
  if style then dt.styles.apply(style, image) end
  return style ~= nil
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- Return the sidecars that stand beside an image under the names of duplicates, which may be of another library.
local function sidecars_of_duplicates(image)
  local stem, ending = text.path(image):match("^(.*)(%.[^.]*)$")
  local there = {}
  for number = 1, 99 do
    local path = ("%s_%02d%s.xmp"):format(stem or text.path(image), number, ending or "")
    there[path] = exists(path) or nil
  end
  return there
end

--[[
    Make a duplicate of an image with the module off, to be exported in its place; nothing if that cannot be. The second
    value takes it away again, with the sidecar that darktable has written for it.
]]
function module.without(image)
  local style = style_off()
  if not style then return nil end
  local there = sidecars_of_duplicates(image)
  local duplicate = image:duplicate_with_history()
  dt.styles.apply(style, duplicate)
  local sidecar = duplicate.sidecar
  return duplicate, function()
    duplicate:delete()
    if not there[sidecar] then os.remove(sidecar) end
  end
end

-- Return the request that asks for the states of images: a list as of module.live, false where it is not known.
function module.request(images)
  local library = dt.preferences.read("darktable", "database", "string")
  if library == "" then library = "library.db" end
  if not library:find("^/") and not library:find("^%a:") then
    library = dt.configuration.config_dir .. text.separator .. library
  end
  local numbers, photos = json.list(), json.list()
  for number, image in ipairs(images) do numbers[number], photos[number] = image.id, text.path(image) end
  return { ["do"] = "lens_module", library = library, images = numbers, photos = photos }
end

-- Tell of the photo in darkroom whether the module is `on`, and of which `kinds` of correction.
function module.live()
  local function asked(path, effect) return dt.gui.action(path, 0, effect, "", 0 / 0) end
  local on, listed = asked("iop/lens", "enable"), asked("iop/lens/corrections", "selection")
  if on ~= on then return nil end  -- not a number: the module is not there
  return { on = on ~= 0, kinds = listed == listed and LISTED[math.floor(-1 - listed)] or nil }
end

return module
