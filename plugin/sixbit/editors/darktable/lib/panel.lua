--[[
    The panel beside lighttable and darkroom: what was found of the selected photos, what may be done about it first, and
    how all that is known behind a button.
]]
local dt = require "darktable"
local deeds = require "sixbit/lib/deeds"
local lenses = require "sixbit/lib/lenses"
local module = require "sixbit/lib/module"
local photos = require "sixbit/lib/photos"
local text = require "sixbit/lib/text"

local _ = text.translated
local panel = {}

local NAME = "sixbit"
local MOST_CANDIDATES = 6  -- buttons; the list of lenses has all of them
local MOST_LINES = 8  -- of counts, for several photos
local WATCHED_EVERY = 1000  -- ms, the lens module in darkroom

local SAY = {
  title = _("Leica M lens"),
  nothing_selected = _("No photo is selected."),
  not_yet = _("not identified yet"),
  of_photos = _("{count} photos"),
  of_lens = _("{count} × {lens}"),
  more = _("and {count} more"),
  no_look = _("the photo cannot be read"),
  which = _("Which of them was it?"),
  done_before = _("The pixels of this photo were corrected before it came to darktable."),
  module_on = _("darktable's lens correction is on: {kinds}."),
  module_idle = _("darktable's lens correction is on, and corrects nothing."),
  module_as_set = _("darktable's lens correction is on."),
  module_off = _("darktable's lens correction is off."),
  why_shown = _("▾ how that is known"),
  why_hidden = _("▸ how that is known"),
  lens = _("lens"),
  choose = _("choose a lens…"),
  list_tip = _("open it and type a part of the name to find a lens"),
  identify = _("identify lens"),
  identify_tip = _("find the lens of the selected photos, and tell darktable's lens correction"),
  use = _("use this lens"),
  use_tip = _("tell darktable the chosen lens, for the selected photos"),
  remember = _("remember it"),
  remember_tip = _("use it for all photos with these tags"),
  forget = _("forget this choice"),
  forget_tip = _("go back to what the photos say themselves"),
  switch_on = _("switch correction on"),
  switch_on_tip = _("apply the style that switches darktable's lens correction on"),
  calibrate = _("calibrate this lens…"),
  calibrate_tip = _("make a calibration from photos of your own"),
  yes = _("use it all the same"),
  others = _("only for the others"),
  no = _("leave it"),
}
local STATUS = {
  matched = _("lens found"),
  ambiguous = _("several lenses fit"),
  unknown = _("the lens is not known"),
  untagged = _("the photo names no lens"),
  not_m = _("not an M lens"),
}
-- What darktable has for a lens, unless all is well.
local STATE = {
  nothing = _("darktable has nothing to correct this lens with."),
  asked = _("darktable has nothing to correct this lens with, as only a calibration is known that is off by default."),
  restart = _("darktable reads the calibration of this lens when it is started anew."),
}
local USE_UNSURE = { computed = _("use the computed calibration"), single = _("use the calibration measured once") }
local UNSURE_TIP = {
  computed = _("from the patent's prescription: production may differ; it is installed for darktable"),
  single = _("from one session of somebody else's, confirmed by nobody; it is installed for darktable"),
}

local widgets = {}
local offered = {}  -- the lenses in the list, from its second entry on
local suggested = {}  -- those on buttons
local listed_first = nil  -- those that stand first in the list, as they are now
local folded = true
local in_darkroom = nil  -- the photo there

-- Return the photos to work on: the one in darkroom, else the selection, or the photo under the mouse. Not by
-- dt.gui.action_images, which frees a list of darktable's own window from another thread: darktable would crash.
local function at_work()
  if in_darkroom then return { in_darkroom } end
  local images = dt.gui.selection()
  return #images > 0 and images or { dt.gui.hovered }
end

-- What is said of photos ---------------------------------------------------------------------------------------------

local function headline(record)
  if not record then return SAY.not_yet end
  if record.error then return SAY.no_look end
  local entry = record.lens and lenses.of(record.lens)
  return entry and entry.name or STATUS[record.status] or record.status
end

-- Say what darktable's lens module does to the photo in darkroom.
local function of_module(entry)
  local state = module.live()
  if not state then return nil end
  if not state.on then return SAY.module_off end
  local kinds = {}
  for _number, kind in ipairs(state.kinds or {}) do
    if not entry or entry.calibrations[kind] then kinds[#kinds + 1] = kind end
  end
  if not state.kinds or not entry then return SAY.module_as_set end
  return #kinds > 0 and text.filled(SAY.module_on, { kinds = lenses.spoken(kinds) }) or SAY.module_idle
end

local function about_one(image, record)
  local lines = { headline(record) }
  local entry = record and record.lens and lenses.of(record.lens)
  if not record or record.error then table.insert(lines, 1, text.shown(image.filename)) end
  if entry then
    lines[#lines + 1] = lenses.calibrations(entry)
    lines[#lines + 1] = STATE[lenses.state(entry)]
  elseif record and #record.candidates > 1 then
    lines[#lines + 1] = SAY.which
  end
  if in_darkroom then lines[#lines + 1] = of_module(entry) end
  return table.concat(lines, "\n")
end

local function about_many(images)
  local counts, order = {}, {}
  for _number, image in ipairs(images) do
    local name = headline(photos.record(image))
    if not counts[name] then order[#order + 1] = name end
    counts[name] = (counts[name] or 0) + 1
  end
  table.sort(order, function(a, b) return counts[a] > counts[b] or counts[a] == counts[b] and a < b end)
  local lines, rest = { text.filled(SAY.of_photos, { count = #images }) }, 0
  for number, name in ipairs(order) do
    if number <= MOST_LINES then
      lines[#lines + 1] = text.filled(SAY.of_lens, { count = counts[name], lens = name })
    else
      rest = rest + counts[name]
    end
  end
  if rest > 0 then lines[#lines + 1] = text.filled(SAY.more, { count = rest }) end
  return table.concat(lines, "\n")
end

local function evidence(record)
  local lines = {}
  local function add(sentence) lines[#lines + 1] = "• " .. text.shown(sentence) end
  if record.error then add(record.error) end
  for _number, name in ipairs({ "evidence", "place", "unmarked" }) do
    for _place, sentence in ipairs(record[name] or {}) do add(sentence) end
  end
  if #(record.already_corrected or {}) > 0 then add(SAY.done_before) end
  return table.concat(lines, "\n")
end

-- Return the lenses that every one of some photos may have been taken with, if that is not known.
local function common_candidates(images)
  local first = images[1] and photos.record(images[1])
  if not first or first.lens then return {} end
  local key = table.concat(first.candidates, " ")
  for _number, image in ipairs(images) do
    local record = photos.record(image)
    if not record or record.lens or table.concat(record.candidates, " ") ~= key then return {} end
  end
  return first.candidates
end

-- The list of lenses -------------------------------------------------------------------------------------------------

local function fill(first)
  local all, why = lenses.all()
  if not all then
    widgets.about.text = why
    return
  end
  local key = table.concat(first, " ")
  if key == listed_first then return end
  listed_first, offered = key, {}
  for _number, identity in ipairs(first) do offered[#offered + 1] = lenses.of(identity) end
  for _number, entry in ipairs(all) do offered[#offered + 1] = entry end
  local chooser = widgets.chooser
  for number = #chooser, 2, -1 do chooser[number] = nil end
  for number, entry in ipairs(offered) do
    chooser[number + 1] = number <= #first and "▸ " .. entry.name or entry.name
  end
end

local wanted, filling

-- Fill the list, with these lenses first. What comes while it is being filled waits: widgets let others in between.
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

-- Return the lens that is chosen in the list, if one is.
local function picked()
  return offered[widgets.chooser.selected - 1]
end

-- Return the lens that buttons are about: the one in the list, else that of the photos, if they are of one.
local function meant()
  if picked() then return picked() end
  local images = at_work()
  local record = images[1] and photos.record(images[1])
  for _number, image in ipairs(images) do
    local other = photos.record(image)
    if not other or other.lens ~= record.lens then return nil end
  end
  return record and record.lens and lenses.of(record.lens)
end

-- Show ---------------------------------------------------------------------------------------------------------------

-- All words stand in one view that is always there: one that comes later has its height before its width.
local function show_words()
  local images, paragraphs = at_work(), {}
  local record = #images == 1 and photos.record(images[1])
  if #images == 0 then
    paragraphs[1] = SAY.nothing_selected
  else
    paragraphs[1] = #images == 1 and about_one(images[1], record) or about_many(images)
  end
  local known = record and evidence(record) or ""
  if deeds.question then paragraphs[#paragraphs + 1] = deeds.question.said end
  if known ~= "" and not folded then paragraphs[#paragraphs + 1] = known end
  widgets.about.text = table.concat(paragraphs, "\n\n")
  widgets.why.visible = known ~= ""
  widgets.why.label = folded and SAY.why_hidden or SAY.why_shown
end

local function show_lens()
  local entry, chosen = meant(), picked()
  local state = entry and lenses.state(entry)
  widgets.chooser.tooltip = chosen and lenses.calibrations(chosen) or SAY.list_tip
  widgets.calibrate.visible = state ~= nil and state ~= "ready"
  widgets.unsure.visible = state == "asked"
  if state == "asked" then
    widgets.unsure.label = USE_UNSURE[entry.unsure.grade] or entry.unsure.grade
    widgets.unsure.tooltip = UNSURE_TIP[entry.unsure.grade] or ""
  end
end

local function show_candidates(images)
  suggested = {}
  local candidates = common_candidates(images)
  for number, candidate in ipairs(widgets.candidates) do
    local entry = #candidates > 1 and candidates[number] and lenses.of(candidates[number])
    suggested[number] = entry or nil
    candidate.visible = entry ~= nil and entry ~= false
    if entry then
      candidate.label = entry.name
      candidate.tooltip = lenses.calibrations(entry)
    end
  end
  offer(candidates)
end

local function show_question()
  local question = deeds.question
  widgets.yes.visible = question ~= nil
  widgets.no.visible = question ~= nil
  widgets.others.visible = question ~= nil and question.others ~= nil
end

local function was_chosen(images)
  for _number, image in ipairs(images) do
    local record = photos.record(image)
    if record and (record.chosen or record.remembered) then return true end
  end
  return false
end

local function show()
  local images = at_work()
  show_candidates(images)
  show_words()
  show_question()
  widgets.forget.visible = was_chosen(images)
  widgets.chooser.selected = 1
  show_lens()
end

-- The panel itself ---------------------------------------------------------------------------------------------------

local function button(title, tooltip, work)
  return dt.new_widget("button") {
    label = title,
    tooltip = tooltip,
    clicked_callback = function() deeds.safely(work) end,
  }
end

local function row(...)
  return dt.new_widget("box") { orientation = "horizontal", expand = true, ... }
end

local function answer(name)
  return function()
    local work = deeds.question and deeds.question[name]
    if work then work() end
  end
end

local function toggle_evidence()
  folded = not folded
  show_words()
end

local function build()
  widgets.about = text.view()
  widgets.yes, widgets.others = button(SAY.yes, "", answer("yes")), button(SAY.others, "", answer("others"))
  widgets.no = button(SAY.no, "", deeds.leave)
  widgets.candidates = {}
  for number = 1, MOST_CANDIDATES do
    widgets.candidates[number] = button("", "", function() deeds.choose(at_work(), suggested[number]) end)
  end
  widgets.chooser = dt.new_widget("combobox") {
    label = SAY.lens, tooltip = SAY.list_tip, changed_callback = show_lens, SAY.choose,
  }
  widgets.unsure = button("", "", function() deeds.use_unsure(at_work(), meant()) end)
  widgets.forget = button(SAY.forget, SAY.forget_tip, function() deeds.forget(at_work()) end)
  widgets.why = button("", "", toggle_evidence)
  widgets.calibrate = button(SAY.calibrate, SAY.calibrate_tip, function() deeds.calibrate(meant()) end)
  local all = {
    orientation = "vertical",
    widgets.about,
    row(widgets.yes, widgets.others, widgets.no),
  }
  for _number, candidate in ipairs(widgets.candidates) do all[#all + 1] = candidate end
  for _number, widget in ipairs({
    button(SAY.identify, SAY.identify_tip, function() deeds.identify(at_work()) end),
    button(SAY.switch_on, SAY.switch_on_tip, function() deeds.switch_on(at_work()) end),
    widgets.unsure,
    widgets.forget,
    widgets.why,
    dt.new_widget("separator") {},
    widgets.chooser,
    row(
      button(SAY.use, SAY.use_tip, function() deeds.choose(at_work(), picked()) end),
      button(SAY.remember, SAY.remember_tip, function() deeds.remember(at_work(), meant()) end)
    ),
    widgets.calibrate,
  }) do all[#all + 1] = widget end
  return dt.new_widget("box")(all)
end

local registered = false

local function install()
  if registered then return end
  registered = true
  dt.register_lib(NAME, SAY.title, true, false, {
    [dt.gui.views.lighttable] = { "DT_UI_CONTAINER_PANEL_RIGHT_CENTER", 250 },
    [dt.gui.views.darkroom] = { "DT_UI_CONTAINER_PANEL_LEFT_CENTER", 450 },
  }, build(), nil, nil)
  deeds.changed = show
  show()
end

local watching = false

-- Show anew what darktable's lens module does to the photo in darkroom, when that changes: darktable has no event for it.
local function watch()
  if watching then return end
  watching = true
  dt.control.dispatch(function()
    local last
    while in_darkroom and not dt.control.ending do
      local now = of_module(meant())
      if now ~= last and widgets.chooser.selected <= 1 then show() end
      last = now
      dt.control.sleep(WATCHED_EVERY)
    end
    watching = false
  end)
end

local EVENTS = {
  ["selection-changed"] = function()
    deeds.question = nil
    if registered then show() end
  end,
  -- Before lighttable was entered once, darktable would hang at a new panel (issue 5884 of its own).
  ["view-changed"] = function(_event, _old, new)
    if new.id == "lighttable" then install() end
    if new.id ~= "darkroom" then in_darkroom = nil end
    if registered then show() end
  end,
  ["darkroom-image-loaded"] = function(_event, _clean, image)
    in_darkroom, deeds.question = image, nil
    if registered then
      show()
      watch()
    end
  end,
}

-- Put the panel there, now or when lighttable is entered.
function panel.start()
  for event, work in pairs(EVENTS) do
    dt.register_event(NAME .. " " .. event, event, function(...) deeds.safely(work, ...) end)
  end
  if registered then
    dt.gui.libs[NAME].visible = true
  elseif dt.gui.current_view().id == "lighttable" then
    install()
  end
end

-- Hide it; darktable cannot take a panel away.
function panel.stop()
  for event in pairs(EVENTS) do pcall(dt.destroy_event, NAME .. " " .. event, event) end
  if registered then dt.gui.libs[NAME].visible = false end
end

return panel
