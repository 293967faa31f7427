--[[ What the buttons do: find lenses, take the one that somebody chooses, forget it, and have darktable correct. ]]
local dt = require "darktable"
local lenses = require "sixbit/lib/lenses"
local module = require "sixbit/lib/module"
local photos = require "sixbit/lib/photos"
local server = require "sixbit/lib/server"
local text = require "sixbit/lib/text"

local _ = text.translated
local deeds = {}

local SAY = {
  select_first = _("Select photos first."),
  choose_first = _("Choose a lens first."),
  choose_for_photo = _("Select a photo, and choose its lens."),
  identifying = _("Sixbit: identifying lenses"),
  failed = _("Sixbit failed: {why}"),
  candidates = _("{photo}: several lenses fit ({lenses})"),
  between_lenses = _(" or "),
  between_counts = _("; "),
  chosen = _("{lens}: lens of 1 photo now"),
  chosen_many = _("{lens}: lens of {count} photos now"),
  remembered = _("{lens} is used for all such photos from now on."),
  forgotten = _("What was chosen for 1 photo is forgotten."),
  forgotten_many = _("What was chosen for {count} photos is forgotten."),
  page = _("The page that leads through it opens in your browser."),
  restart = _("The {grade} calibrations are there. Start darktable anew; then “switch correction on” uses them."),
  contradicted = _("{photo} says otherwise. {against} Use {lens} all the same?"),
  contradicted_many = _("{count} of {all} photos say otherwise, {photo} for one. {against} Use {lens} all the same?"),
  left = _("Nothing was changed."),
}

-- What was found, by status: of one photo, with its name, and of several.
local FOUND = {
  { "matched", _("{photo}: lens found"), _("{count} lenses found") },
  { "ambiguous", _("{photo}: several lenses fit"), _("{count} fit several lenses") },
  { "unknown", _("{photo}: unknown lens"), _("{count} of unknown lenses") },
  { "untagged", _("{photo}: names no lens"), _("{count} name no lens") },
  { "not_m", _("{photo}: not an M lens"), _("{count} not through M lenses") },
  { "cancelled", _("{photo}: not looked at"), _("{count} not looked at") },
  { "failed", _("{photo}: cannot be read"), _("{count} cannot be read") },
}

-- What came of switching the correction on, by what stands in its way.
local SWITCHED = {
  { "on", _("lens correction is on for 1 photo"), _("lens correction is on for {count} photos") },
  { "uncertain", _("1 has no certain lens"), _("{count} have no certain lens") },
  { "asked", _("1 has a calibration that is off by default, and a button that uses it"),
    _("{count} have calibrations that are off by default, and a button that uses them") },
  { "restart", _("1 waits until darktable is started anew"), _("{count} wait until darktable is started anew") },
  { "nothing", _("1 has a lens without a calibration"), _("{count} have lenses without a calibration") },
  { "already", _("1 was corrected before"), _("{count} were corrected before") },
  { "no_style", _("1 has no style to do it by"), _("{count} have no style to do it by") },
}

-- A question that waits for an answer: what it says, and what is done on yes, and on yes for those that do not mind.
deeds.question = nil
-- What is called when something has changed that is shown.
deeds.changed = function() end

-- Do something with a bar of progress that can be stopped, and close the bar whatever happens.
local function with_job(title, work)
  local stop
  local job = dt.gui.create_job(title, true, function(job)
    if stop then stop() end
    if job.valid then job.valid = false end
  end)
  local hooks = {
    progress = function(share) if job.valid then job.percent = math.min(1, share) end end,
    on_cancel = function(cancel) stop = cancel end,
  }
  local well, result, why = pcall(work, hooks)
  if job.valid then job.valid = false end
  if not well then error(result, 0) end
  return result, why
end

-- Do what a button does; a mistake in it is said.
function deeds.safely(work, ...)
  local well, why = pcall(work, ...)
  if not well then text.say(text.filled(SAY.failed, { why = why })) end
end

local function grouped(images, state)
  local groups = {}
  for number, image in ipairs(images) do
    local name = state(image, number)
    groups[name] = groups[name] or {}
    table.insert(groups[name], image)
  end
  return groups
end

-- Say how many photos there are of each kind, short enough to be read before the message goes; the panel has the rest.
local function summary(groups, sentences, instead)
  local said = {}
  for _number, sentence in ipairs(sentences) do
    local images = groups[sentence[1]] or {}
    local first = images[1] and text.shown(images[1].filename)
    local one = instead and instead[sentence[1]] or sentence[2]
    if first then said[#said + 1] = text.counted(#images, one, sentence[3], { photo = first }) end
  end
  return said
end

local function names_of(identities)
  local said = {}
  for _number, identity in ipairs(identities) do
    local entry = lenses.of(identity)
    said[#said + 1] = entry and entry.name or identity
  end
  return table.concat(said, SAY.between_lenses)
end

local function corrected_before(record)
  return #(record.already_corrected or {}) > 0
end

-- Tell whether darktable's module can correct a photo, or what is in the way, as SWITCHED names it.
local function obstacle(record)
  local entry = record and record.lens and lenses.of(record.lens)
  if not entry then return "uncertain" end
  if corrected_before(record) then return "already" end
  local state = lenses.state(entry)
  return state ~= "ready" and state or nil
end

local function identified(images, entry)
  deeds.question = nil
  local records, why = with_job(SAY.identifying, function(hooks) return photos.identify(images, hooks, entry) end)
  if not records then text.say(why) end
  return records
end

--[[
    Find the lenses of images, and tell darktable those that are certain. What is not certain is said, with the
    candidates, and tagged; nothing of it is set.
]]
function deeds.identify(images)
  if #images == 0 then return text.say(SAY.select_first) end
  local records = identified(images)
  if not records then return end
  local switched = dt.preferences.read("sixbit", "correct", "bool")
  local groups = grouped(images, function(image, number)
    local record = records[number]
    if switched and not obstacle(record) then module.switch_on(image) end
    return record.error and (record.kind == "cancelled" and "cancelled" or "failed") or record.status
  end)
  local unsure = groups.ambiguous and photos.record(groups.ambiguous[1])
  local instead = unsure and { ambiguous = text.filled(SAY.candidates, { lenses = names_of(unsure.candidates) }) }
  local said = summary(groups, FOUND, instead)
  text.say("Sixbit: " .. table.concat(said, SAY.between_counts))
  deeds.changed()
end

local function take(images, entry)
  deeds.question = nil
  photos.choose(images, entry)
  text.say(text.counted(#images, SAY.chosen, SAY.chosen_many, { lens = entry.name }))
  deeds.changed()
end

-- Take a lens for images; where one of them says otherwise, ask first.
function deeds.choose(images, entry)
  if #images == 0 then return text.say(SAY.select_first) end
  if not entry then return text.say(SAY.choose_first) end
  local records = identified(images, entry)  -- apertures and crop factors are wanted all the same
  if not records then return end
  local against, others, first = {}, {}, nil
  for number, image in ipairs(images) do
    local said = records[number].against or {}
    table.insert(#said > 0 and against or others, image)
    first = first or (#said > 0 and { photo = text.shown(image.filename), against = table.concat(said, " ") })
  end
  if not first then return take(images, entry) end
  first.all, first.lens = #images, entry.name
  deeds.question = {
    said = text.counted(#against, #images == 1 and SAY.contradicted or SAY.contradicted_many, SAY.contradicted_many, first),
    yes = function() take(images, entry) end,
    others = #others > 0 and function() take(others, entry) end or nil,
  }
  text.say(deeds.question.said)
  deeds.changed()
end

-- Leave all as it was before a question.
function deeds.leave()
  deeds.question = nil
  text.say(SAY.left)
  deeds.changed()
end

-- Keep the choice of a lens for all such photos, here and in the other programs.
function deeds.remember(images, entry)
  if #images == 0 or not entry then return text.say(SAY.choose_for_photo) end
  local answers, why = server.ask({ { ["do"] = "remember", photo = text.path(images[1]), lens = entry.id } })
  text.say(why or answers[1].error or text.filled(SAY.remembered, { lens = entry.name }))
end

-- Go back to what photos say themselves: choices for them, and for all such photos, are taken back.
function deeds.forget(images)
  if #images == 0 then return text.say(SAY.select_first) end
  local requests = {}
  for _number, image in ipairs(images) do
    requests[#requests + 1] = { ["do"] = "forget", photo = text.path(image) }
    requests[#requests + 1] = { ["do"] = "identify", photo = text.path(image) }
  end
  local answers, why = server.ask(requests)
  if not answers then return text.say(why) end
  for number, image in ipairs(images) do photos.forget(image, answers[2 * number].result) end
  text.say(text.counted(#images, SAY.forgotten, SAY.forgotten_many))
  deeds.identify(images)
end

-- Have darktable use the calibrations of a lens that are off unless they are asked for.
function deeds.use_unsure(images, entry)
  if not (entry and entry.unsure) then return text.say(SAY.choose_first) end
  local why = lenses.install(entry)
  if why then return text.say(why) end
  for _number, image in ipairs(images) do photos.assign(image) end
  text.say(text.filled(SAY.restart, { grade = lenses.grade(entry) }))
  deeds.changed()
end

-- Switch darktable's correction on, for photos whose lens is certain: its module would take one that looks alike.
function deeds.switch_on(images)
  if #images == 0 then return text.say(SAY.select_first) end
  local unseen = {}
  for _number, image in ipairs(images) do
    if not photos.is_fresh(image) then unseen[#unseen + 1] = image end
  end
  if #unseen > 0 and not identified(unseen) then return end
  local groups = grouped(images, function(image)
    local why = obstacle(photos.record(image))
    if why then return why end
    photos.assign(image)
    return module.switch_on(image) and "on" or "no_style"
  end)
  text.say(table.concat(summary(groups, SWITCHED), SAY.between_counts))
  deeds.changed()
end

-- Open the page on which a lens is calibrated.
function deeds.calibrate(entry)
  if not entry then return text.say(SAY.choose_first) end
  local answers, why = server.ask({ { ["do"] = "calibrate", lens = entry.id } })
  text.say(why or answers[1].error or SAY.page)
end

return deeds
