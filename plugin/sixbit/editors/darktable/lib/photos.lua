--[[
    Which lens each photo was taken with, and how darktable is told.

    darktable's lens module goes by what the library knows of a photo: lens, focal length, aperture and crop factor,
    which can be set from Lua. What was found is kept in tags below darktable|sixbit|, which are never exported: so it
    is still known when darktable starts anew.
]]
local dt = require "darktable"
local lenses = require "sixbit/lib/lenses"
local server = require "sixbit/lib/server"
local text = require "sixbit/lib/text"

local _ = text.translated
local photos = {}

local CHOSEN = _("You chose this lens.")
local FOUND_BEFORE = _("It was found before; “identify lens” tells how that is known.")
local LOOKED_BEFORE = _("It was looked at before; “identify lens” tells why it is not certain.")

local TAGS = "darktable|sixbit|"
local CHOICE, FOUND, PERHAPS = TAGS .. "lens|", TAGS .. "found|", TAGS .. "perhaps|"
local UNCERTAIN = { "ambiguous", "unknown", "untagged" }

-- What was found of a photo since darktable's start, by the number of its image.
local records = {}

-- Tags ---------------------------------------------------------------------------------------------------------------

-- Return what stands behind a beginning in the names of an image's tags.
local function told_by_tags(image, beginning)
  local told = {}
  for _number, tag in ipairs(dt.tags.get_tags(image)) do
    if tag.name:sub(1, #beginning) == beginning then told[#told + 1] = tag.name:sub(#beginning + 1) end
  end
  return told
end

-- Have the tags of an image with this beginning be these, and no others.
local function tag(image, beginning, wanted)
  for _number, rest in ipairs(told_by_tags(image, beginning)) do
    local known = dt.tags.find(beginning .. rest)
    if known and not wanted[rest] then dt.tags.detach(known, image) end
  end
  for rest in pairs(wanted) do dt.tags.attach(dt.tags.create(beginning .. rest), image) end
end

local function set_of(values)
  local set = {}
  for _number, value in ipairs(values) do set[value] = true end
  return set
end

-- Tag what has to be looked at, and take the tag away from what is settled.
local function tag_uncertain(image, status)
  for _number, uncertain in ipairs(UNCERTAIN) do
    local known = uncertain == status and dt.tags.create(TAGS .. uncertain) or dt.tags.find(TAGS .. uncertain)
    if uncertain == status then
      dt.tags.attach(known, image)
    elseif known then
      dt.tags.detach(known, image)
    end
  end
end

-- Return the lens that was chosen for an image by hand, if any.
function photos.choice(image)
  return told_by_tags(image, CHOICE)[1]
end

-- Keep what a record says for the next start.
local function keep(image, record)
  if record.error then return end
  tag(image, FOUND, record.lens and { [record.lens] = true } or {})
  tag(image, PERHAPS, record.lens and {} or set_of(record.candidates))
  if dt.preferences.read("sixbit", "tags", "bool") then tag_uncertain(image, record.status) end
end

-- Records ------------------------------------------------------------------------------------------------------------

local function chosen_record(record, identity)
  record.lens, record.status, record.candidates = identity, "matched", { identity }
  record.evidence, record.chosen = { CHOSEN }, true
  record.error, record.already_corrected = nil, record.already_corrected or {}
  return record
end

-- Return what the tags tell of a photo; nothing, if it was never looked at.
local function recalled(image)
  local choice, found = photos.choice(image), told_by_tags(image, FOUND)[1]
  local record = { evidence = { FOUND_BEFORE }, already_corrected = {}, recalled = true }
  if choice and lenses.of(choice) then return chosen_record(record, choice) end
  if found and lenses.of(found) then
    record.lens, record.status, record.candidates = found, "matched", { found }
    return record
  end
  local tags = set_of(told_by_tags(image, TAGS))
  for _number, status in ipairs(UNCERTAIN) do
    if tags[status] then
      record.status, record.evidence, record.candidates = status, { LOOKED_BEFORE }, {}
      for _place, identity in ipairs(told_by_tags(image, PERHAPS)) do
        if lenses.of(identity) then table.insert(record.candidates, identity) end
      end
      return record
    end
  end
end

-- Return what is known of a photo, now or by its tags; nothing, if it was never looked at.
function photos.record(image)
  records[image.id] = records[image.id] or recalled(image)
  return records[image.id]
end

-- Tell whether a photo was looked at since darktable's start.
function photos.is_fresh(image)
  local record = photos.record(image)
  return record ~= nil and not record.recalled
end

-- Tell darktable ---------------------------------------------------------------------------------------------------------

-- Return the crop factor as darktable needs it: to it, each picture is all of a sensor, also one cut from the middle.
local function crop_factor(record)
  if not (record.crop_factor and record.frame and record.size) then return record.crop_factor end
  local width, height = record.size[1], record.size[2]
  local wide, high = record.frame[3] * width, record.frame[4] * height
  return record.crop_factor * math.sqrt((wide ^ 2 + high ^ 2) / (width ^ 2 + height ^ 2))
end

--[[
    Tell darktable the lens of an image. What is not known is left as it is, except for the f-number: what stands there
    may be that of a phone's own small lens. Without one, darktable leaves the fall-off alone.
]]
function photos.assign(image)
  local record = photos.record(image)
  local entry = record and record.lens and lenses.of(record.lens)
  if not entry then return end
  image.exif_lens = lenses.name(entry)
  if record.recalled then return end
  local focal = entry.focal_min == entry.focal_max and entry.focal_min or record.focal_mm
  if focal then image.exif_focal_length = focal end
  local crop = crop_factor(record)
  if crop then image.exif_crop = crop end
  image.exif_aperture = record.f_number or 0
  if record.distance_m then image.exif_focus_distance = record.distance_m end
end

--[[
    Find the lenses of images, keep and assign them, and return the records in the order of the images; a photo that
    cannot be read has a record with `error`. With a lens that shall be chosen nothing is kept yet, and the records tell
    what the photos say `against` it. Nothing, and why, if the server cannot be asked. Hooks: those of server.ask.
]]
function photos.identify(images, hooks, entry)
  local requests = { { ["do"] = "lenses" } }
  for _number, image in ipairs(images) do
    requests[#requests + 1] = { ["do"] = "identify", photo = text.path(image), lens = entry and entry.id }
  end
  local answers, why = server.ask(requests, hooks)
  if not answers then return nil, why end
  if answers[1].error then return nil, answers[1].error end
  lenses.keep(answers[1].result)
  local found = {}
  for number, image in ipairs(images) do
    local answer = answers[number + 1]
    local record = answer.result or { error = answer.error, kind = answer.kind, candidates = {}, evidence = {} }
    local choice = photos.choice(image)
    if choice and lenses.of(choice) and not record.error then record = chosen_record(record, choice) end
    found[number] = record
    if record.kind ~= "cancelled" then
      records[image.id] = record
      if not entry then
        keep(image, record)
        photos.assign(image)
      end
    end
  end
  return found
end

-- Take a lens for images that were identified, whatever their tags say.
function photos.choose(images, entry)
  for _number, image in ipairs(images) do
    tag(image, CHOICE, { [entry.id] = true })
    records[image.id] = chosen_record(photos.record(image) or { evidence = {} }, entry.id)
    keep(image, records[image.id])
    photos.assign(image)
  end
end

-- Take back what was chosen for an image, and all that was found: the library has again what the photo itself says.
function photos.forget(image, said)
  if said then
    image.exif_lens = said.tags.lens or ""
    image.exif_focal_length = said.tags.focal_mm or 0
    image.exif_aperture = said.tags.f_number or 0
    image.exif_focus_distance = said.tags.distance_m or 0
    image.exif_crop = said.crop_factor or 0
  end
  tag(image, CHOICE, {})
  tag(image, FOUND, {})
  tag(image, PERHAPS, {})
  tag_uncertain(image)
  records[image.id] = nil
end

return photos
