--[[ The panel in lighttable: what was found of the selected photo, how that is known, and a chooser of lenses. ]]
local dt = require "darktable"
local server = require "sixbit/lib/server"
local lens = require "sixbit/lib/lens"
local style = require "sixbit/lib/style"
local text = require "sixbit/lib/text"

local _ = text.translated
local panel = {}

local NAME = "sixbit"

local widgets = {}
local offered = {}  -- the lenses in the chooser, from its second entry on
local candidates = nil  -- those that stand first, as they are now

local function say(message)
  dt.print(message)
  dt.print_log("sixbit: " .. message)
end

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

-- Return the images to work on: the selection, else the photo under the mouse, as everywhere in darktable.
local function selected()
  local images = dt.gui.selection()
  return #images > 0 and images or dt.gui.action_images
end

-- What is shown -----------------------------------------------------------------------------------------------------

local function lines_of(record)
  local lines = {}
  local function add(line, mark) lines[#lines + 1] = text.wrapped((mark or "") .. line) end
  local entry = record.lens and lens.of(record.lens)
  if entry then
    add(lens.calibrations(entry))
    if not lens.is_calibrated(entry) then add(_("darktable has nothing to correct this lens with.")) end
  end
  if record.error then add(text.shown(record.error)) end
  for _, sentence in ipairs(record.evidence) do
    add(text.shown(sentence), "• ")
  end
  for _, sentence in ipairs(record.place or {}) do
    add(text.shown(sentence), "• ")
  end
  for _, sentence in ipairs(record.unmarked or {}) do
    add(text.shown(sentence), "• ")
  end
  if #(record.already_corrected or {}) > 0 then
    add(_("The pixels of this photo were corrected before it came to darktable."), "• ")
  end
  return table.concat(lines, "\n")
end

local function fill(first)
  local lenses, why = lens.all()
  if not lenses then
    widgets.detail.label = text.wrapped(why)
    return
  end
  local key = table.concat(first, " ")
  if key == candidates then return end
  candidates, offered = key, {}
  for _, identity in ipairs(first) do offered[#offered + 1] = lens.of(identity) end
  for _, entry in ipairs(lenses) do offered[#offered + 1] = entry end
  local chooser = widgets.chooser
  for number = #chooser, 2, -1 do chooser[number] = nil end
  for number, entry in ipairs(offered) do
    chooser[number + 1] = number <= #first and "▸ " .. entry.name or entry.name
  end
end

local wanted, filling

-- Fill the chooser, with these lenses first. What comes while it is being filled waits: widgets let others in between.
local function offer(first)
  wanted = first
  if filling then return end
  filling = true
  local well, why = true, nil
  while wanted and well do
    local now = wanted
    wanted = nil
    well, why = pcall(fill, now)
  end
  filling = false
  if not well then error(why, 0) end
end

local function chosen()
  local entry = offered[widgets.chooser.selected - 1]
  local image = selected()[1]
  local record = image and lens.found[image.id]
  return entry or (record and record.lens and lens.of(record.lens))
end

local function show_calibration()
  local entry = chosen()
  local picked = offered[widgets.chooser.selected - 1]
  widgets.known.label = picked and text.wrapped(lens.calibrations(picked)) or ""
  widgets.known.visible = picked ~= nil
  widgets.calibrate.visible = entry ~= nil and not lens.is_calibrated(entry)
end

local function show()
  local image = selected()[1]
  local record = image and lens.found[image.id]
  if not record then
    widgets.headline.label = image and text.shown(image.filename) or _("no photo is selected")
    widgets.detail.label = image and _("not identified yet") or ""
  else
    widgets.headline.label = lens.headline(record)
    widgets.detail.label = lines_of(record)
    offer(record.lens and {} or record.candidates)
  end
  widgets.chooser.selected = 1
  show_calibration()
end

-- What is done ------------------------------------------------------------------------------------------------------

local function candidates_of(record)
  local said = {}
  for _, identity in ipairs(record.candidates) do
    local entry = lens.of(identity)
    said[#said + 1] = entry and entry.name or identity
  end
  return table.concat(said, _(" or "))
end

-- Say what came of it, short enough to be read before the message goes; the panel has the rest.
local function summary(groups, records_of)
  local said = {}
  local function add(status, one, many)
    local images = groups[status] or {}
    if #images == 1 then said[#said + 1] = one:format(text.shown(images[1].filename)) end
    if #images > 1 then said[#said + 1] = many:format(#images) end
  end
  add("matched", _("%s: lens found"), _("%d lenses found"))
  add("ambiguous", _("%s: several lenses fit"), _("%d fit several lenses"))
  if groups.ambiguous and #groups.ambiguous == 1 then
    said[#said] = said[#said] .. " (" .. candidates_of(records_of[groups.ambiguous[1].id]) .. ")"
  end
  add("unknown", _("%s: unknown lens"), _("%d of unknown lenses"))
  add("untagged", _("%s: names no lens"), _("%d name no lens"))
  add("not_m", _("%s: not an M lens"), _("%d not through M lenses"))
  add("cancelled", _("%s: not looked at"), _("%d not looked at"))
  add("failed", _("%s: cannot be read"), _("%d cannot be read"))
  return table.concat(said, "; ")
end

local function can_be_corrected(record)
  local entry = record and record.lens and lens.of(record.lens)
  return entry and lens.is_calibrated(entry) and #record.already_corrected == 0
end

--[[
    Find the lenses of images and tell darktable those that are certain. What is not certain is said, with the
    candidates, and tagged; nothing of it is set.
]]
function panel.identify(images)
  if #images == 0 then return say(_("Select photos first.")) end
  local records, why = with_job(_("Sixbit: identifying lenses"), function(hooks) return lens.identify(images, hooks) end)
  if not records then return say(why) end
  local groups, switched = {}, dt.preferences.read(NAME, "correct", "bool")
  for number, image in ipairs(images) do
    local record = records[number]
    local entry = record.lens and lens.of(record.lens)
    local status = record.error and (record.kind == "cancelled" and "cancelled" or "failed") or record.status
    if entry then
      lens.assign(image, entry, record)
      if switched and can_be_corrected(record) then style.apply(image) end
    end
    if status ~= "cancelled" and dt.preferences.read(NAME, "tags", "bool") then lens.mark(image, status) end
    groups[status] = groups[status] or {}
    table.insert(groups[status], image)
  end
  say("Sixbit: " .. summary(groups, lens.found))
  show()
end

-- Tell darktable the lens that was chosen, for all selected images.
local function choose()
  local images, entry = selected(), offered[widgets.chooser.selected - 1]
  if #images == 0 then return say(_("Select photos first.")) end
  if not entry then return say(_("Choose a lens first.")) end
  local known, why = lens.identify(images)  -- its aperture and crop factor are wanted all the same
  if not known then return say(why) end
  lens.choose(images, entry)
  say(_("%s: lens of %d photos now"):format(entry.name, #images))
  show()
end

-- Keep the choice for all such photos, here and in the other programs.
local function remember()
  local images, entry = selected(), chosen()
  if #images == 0 or not entry then return say(_("Select a photo, and choose its lens.")) end
  local answers, why = server.ask({ { ["do"] = "remember", photo = text.path(images[1]), lens = entry.id } })
  say(why or answers and answers[1].error or _("%s is used for all such photos from now on."):format(entry.name))
end

-- Switch darktable's correction on, for photos whose lens is certain: its module would take one that looks alike.
local function correct()
  local images, unseen, done = selected(), {}, 0
  for _, image in ipairs(images) do
    if not lens.found[image.id] then unseen[#unseen + 1] = image end
  end
  if #unseen > 0 or #images == 0 then panel.identify(unseen) end
  for _, image in ipairs(images) do
    if can_be_corrected(lens.found[image.id]) and style.apply(image) then done = done + 1 end
  end
  local left = #images - done
  say(left == 0 and _("lens correction is on for %d photos"):format(done)
    or _("lens correction is on for %d photos; %d have no certain lens, or none with a calibration"):format(done, left))
end

local function calibrate()
  local entry = chosen()
  if not entry then return say(_("Choose a lens first.")) end
  local answers, why = server.ask({ { ["do"] = "calibrate", lens = entry.id } })
  say(why or answers and answers[1].error or _("The page that leads through it opens in your browser."))
end

-- The panel itself --------------------------------------------------------------------------------------------------

local function label()
  return dt.new_widget("label") { label = "", halign = "start", selectable = true, ellipsize = "none" }
end

local function button(title, tooltip, work)
  return dt.new_widget("button") {
    label = title,
    tooltip = tooltip,
    clicked_callback = function()
      local well, why = pcall(work)
      if not well then say(_("Sixbit failed: %s"):format(tostring(why))) end
    end,
  }
end

local function row(...)
  return dt.new_widget("box") { orientation = "horizontal", expand = true, ... }
end

local function build()
  widgets.headline, widgets.detail, widgets.known = label(), label(), label()
  widgets.chooser = dt.new_widget("combobox") {
    label = _("lens"),
    tooltip = _("open it and type a part of the name to find a lens"),
    changed_callback = show_calibration,
    _("choose a lens…"),
  }
  widgets.calibrate = button(_("calibrate this lens…"), _("make a calibration from photos of your own"), calibrate)
  return dt.new_widget("box") {
    orientation = "vertical",
    widgets.headline,
    widgets.detail,
    button(_("identify lens"), _("find the lens of the selected photos, and tell darktable's lens correction"),
      function() panel.identify(selected()) end),
    dt.new_widget("separator") {},
    widgets.chooser,
    widgets.known,
    row(
      button(_("use this lens"), _("tell darktable the chosen lens, for the selected photos"), choose),
      button(_("remember it"), _("use it for all photos with these tags"), remember)
    ),
    row(button(_("switch correction on"), _("apply the style that switches darktable's lens correction on"), correct)),
    widgets.calibrate,
  }
end

local registered = false

local function install()
  if registered then return end
  registered = true
  dt.register_lib(NAME, _("Leica M lens"), true, false,
    { [dt.gui.views.lighttable] = { "DT_UI_CONTAINER_PANEL_RIGHT_CENTER", 250 } }, build(), nil, nil)
  show()
  offer({})
end

-- Put the panel there, now or when lighttable is entered: before that, darktable would hang (issue 5884 of its own).
function panel.start()
  dt.register_event(NAME, "selection-changed", function() if registered then show() end end)
  if registered then
    dt.gui.libs[NAME].visible = true
  elseif dt.gui.current_view().id == "lighttable" then
    install()
  else
    dt.register_event(NAME, "view-changed", function(_event, _old, new) if new.id == "lighttable" then install() end end)
  end
end

-- Hide it; darktable cannot take a panel away.
function panel.stop()
  pcall(dt.destroy_event, NAME, "selection-changed")
  pcall(dt.destroy_event, NAME, "view-changed")
  if registered then dt.gui.libs[NAME].visible = false end
end

return panel
