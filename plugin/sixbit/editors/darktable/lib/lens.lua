--[[
    Which lens a photo was taken with, and how darktable is told.

    darktable's lens module goes by what the library knows of a photo: lens, focal length, aperture and crop factor. They
    can be set from Lua; the lens then has the name under which lensfun finds it (`sixbit install lensfun`).
]]
local dt = require "darktable"
local server = require "sixbit/lib/server"
local text = require "sixbit/lib/text"

local _ = text.translated
local lens = {}

-- What was found of a photo, by the number of its image.
lens.found = {}

local SPOKEN = {
  distortion = _("distortion"), tca = _("lateral colour"), vignetting = _("fall-off"), shading = _("colour shading"),
}
local GRADES = {
  measured = _("measured"), published = _("published"), computed = _("computed"), single = _("measured once"),
}
-- By their grade: those that are false here are not installed for darktable unless they are asked for.
local TRUSTED = text.manifest.grades
local TAGS = "darktable|sixbit|"
local CHOICE = TAGS .. "lens|"
local UNCERTAIN = { ambiguous = true, unknown = true, untagged = true }

local known, order

local function keep(lenses)
  known, order = {}, {}
  for _, entry in ipairs(lenses) do
    known[entry.id] = entry
    if entry.focal_min > 0 then order[#order + 1] = entry end  -- a macro adapter is no lens
  end
  -- Leica's own first: most of the lenses, and of the photographers.
  table.sort(order, function(a, b)
    local first, second = a.maker == "Leica" and "" or a.maker, b.maker == "Leica" and "" or b.maker
    if first ~= second then return first < second end
    if a.focal_min ~= b.focal_min then return a.focal_min < b.focal_min end
    return a.name < b.name
  end)
end

-- Return all lenses, by maker and focal length; nothing, and why, if the server cannot be asked.
function lens.all()
  if order then return order end
  local answers, why = server.ask({ { ["do"] = "lenses" } })
  if not answers then return nil, why end
  if answers[1].error then return nil, answers[1].error end
  keep(answers[1].result.lenses)
  return order
end

-- Return the lens of an identity; nothing before lens.all or lens.identify has asked the server.
function lens.of(identity)
  return known and known[identity]
end

-- Say what is known of a lens: "distortion measured ± 0.1 %, fall-off published".
function lens.calibrations(entry)
  local words = {}
  for _, kind in ipairs(text.manifest.kinds) do
    local grade = entry.calibrations[kind]
    local sure = entry.errors and entry.errors[kind]
    if grade then
      words[#words + 1] = SPOKEN[kind] .. " " .. (GRADES[grade] or grade) .. (sure and " " .. sure or "")
    end
  end
  return #words > 0 and table.concat(words, ", ") or _("no calibration")
end

-- Tell whether darktable's lens module has something to correct with.
function lens.is_calibrated(entry)
  for _, kind in ipairs({ "distortion", "tca", "vignetting" }) do
    if TRUSTED[entry.calibrations[kind]] then return true end
  end
  return false
end

local function chosen_record(record, identity)
  record.lens, record.status, record.candidates = identity, "matched", { identity }
  record.evidence = { _("You chose this lens.") }
  record.error, record.already_corrected = nil, record.already_corrected or {}
  return record
end

--[[
    Find the lenses of images: sets lens.found, and returns the records in the order of the images; a photo that cannot
    be read has a record with `error`, one that was cancelled no entry. Nothing, and why, if the server cannot be asked.
    Hooks: those of server.ask.
]]
function lens.identify(images, hooks)
  local requests = { { ["do"] = "lenses" } }
  for _, image in ipairs(images) do
    requests[#requests + 1] = { ["do"] = "identify", photo = text.path(image) }
  end
  local answers, why = server.ask(requests, hooks)
  if not answers then return nil, why end
  if answers[1].error then return nil, answers[1].error end
  keep(answers[1].result.lenses)
  local records = {}
  for number, image in ipairs(images) do
    local answer = answers[number + 1]
    local record = answer.result or { error = answer.error, kind = answer.kind, candidates = {}, evidence = {} }
    local choice = lens.choice(image)
    if choice and known[choice] and not record.error then record = chosen_record(record, choice) end
    records[number] = record
    if record.kind ~= "cancelled" then lens.found[image.id] = record end
  end
  return records
end

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
function lens.assign(image, entry, record)
  image.exif_lens = entry.lensfun
  local focal = entry.focal_min == entry.focal_max and entry.focal_min or record.focal_mm
  if focal then image.exif_focal_length = focal end
  local crop = crop_factor(record)
  if crop then image.exif_crop = crop end
  image.exif_aperture = record.f_number or 0
  if record.distance_m then image.exif_focus_distance = record.distance_m end
end

-- Return the lens that was chosen for an image by hand, if any: a tag keeps it in the library.
function lens.choice(image)
  for _, tag in ipairs(dt.tags.get_tags(image)) do
    if tag.name:sub(1, #CHOICE) == CHOICE then return tag.name:sub(#CHOICE + 1), tag end
  end
end

-- Take a lens for images, whatever their tags say.
function lens.choose(images, entry)
  for _, image in ipairs(images) do
    local _identity, before = lens.choice(image)
    if before then dt.tags.detach(before, image) end
    dt.tags.attach(dt.tags.create(CHOICE .. entry.id), image)
    local record = lens.found[image.id] or { evidence = {} }
    record = chosen_record(record, entry.id)
    lens.found[image.id] = record
    lens.assign(image, entry, record)
    lens.mark(image, "matched")
  end
end

-- Tag what has to be looked at, and take the tag away from what is settled.
function lens.mark(image, status)
  for uncertain in pairs(UNCERTAIN) do
    local name = TAGS .. uncertain
    if uncertain == status then
      dt.tags.attach(dt.tags.create(name), image)
    else
      local tag = dt.tags.find(name)
      if tag then dt.tags.detach(tag, image) end
    end
  end
end

local SAID = {
  matched = _("lens found"),
  ambiguous = _("several lenses fit"),
  unknown = _("the lens is not known"),
  untagged = _("the photo names no lens"),
  not_m = _("not an M lens"),
}

-- Say what a record says, in a few words.
function lens.headline(record)
  if record.error then return _("the photo cannot be read") end
  local entry = record.lens and lens.of(record.lens)
  return entry and entry.name or SAID[record.status] or record.status
end

return lens
