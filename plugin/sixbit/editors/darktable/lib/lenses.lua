--[[
    The lenses that Sixbit knows, and what darktable has to correct them with.

    darktable finds a lens by the name that lensfun has for it (`sixbit install lensfun`). A lens of which only a
    calibration of a lower grade is known has it under a name of its own, and darktable only if that was asked for.
]]
local server = require "sixbit/lib/server"
local text = require "sixbit/lib/text"

local _ = text.translated
local lenses = {}

local KINDS = {
  distortion = _("distortion"), tca = _("lateral colour"), vignetting = _("fall-off"), shading = _("colour shading"),
}
local GRADES = {
  measured = _("measured"), published = _("published"), computed = _("computed"), single = _("measured once"),
}
local NO_CALIBRATION = _("no calibration")
local IN_A_ROW = _(", ")

-- By their grade: those that are false here are not installed for darktable unless they are asked for.
local TRUSTED = text.manifest.grades

local known, order
local installed = {}  -- the grades that were asked for, as a set
local loaded  -- those of them that darktable read when it started

local function keep_installed(grades)
  installed = {}
  for _number, grade in ipairs(grades) do installed[grade] = true end
  loaded = loaded or installed
end

-- Keep an answer of the server: all lenses, and what is installed of them.
function lenses.keep(result)
  known, order = {}, {}
  for _number, entry in ipairs(result.lenses) do
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
  keep_installed(result.installed)
end

-- Return all lenses, by maker and focal length; nothing, and why, if the server cannot be asked.
function lenses.all()
  if order then return order end
  local answers, why = server.ask({ { ["do"] = "lenses" } })
  if not answers then return nil, why end
  if answers[1].error then return nil, answers[1].error end
  lenses.keep(answers[1].result)
  return order
end

-- Return the lens of an identity; nothing before the server was asked.
function lenses.of(identity)
  return known and known[identity]
end

-- Say kinds of correction in a row: "distortion, fall-off".
function lenses.spoken(kinds)
  local words = {}
  for _number, kind in ipairs(kinds) do words[#words + 1] = KINDS[kind] or kind end
  return table.concat(words, IN_A_ROW)
end

-- Say what is known of a lens: "distortion measured ± 0.1 %, fall-off published".
function lenses.calibrations(entry)
  local words = {}
  for _number, kind in ipairs(text.manifest.kinds) do
    local grade = entry.calibrations[kind]
    local sure = entry.errors and entry.errors[kind]
    if grade then
      words[#words + 1] = KINDS[kind] .. " " .. (GRADES[grade] or grade) .. (sure and " " .. sure or "")
    end
  end
  return #words > 0 and table.concat(words, IN_A_ROW) or NO_CALIBRATION
end

--[[
    Tell what darktable's lens module has for a lens: "ready"; "restart", if darktable has to be started anew to read
    it; "asked", if it is there for the asking; or "nothing".
]]
function lenses.state(entry)
  for _number, kind in ipairs({ "distortion", "tca", "vignetting" }) do
    if TRUSTED[entry.calibrations[kind]] then return "ready" end
  end
  if not entry.unsure then return "nothing" end
  local grade = entry.unsure.grade
  if not installed[grade] then return "asked" end
  return loaded[grade] and "ready" or "restart"
end

-- Return the name by which lensfun knows a lens, that of the calibration which is installed. Without the space before a
-- parenthesis: darktable leaves out what follows " (" when it looks for a lens, and lensfun finds it by either name.
function lenses.name(entry)
  local name = entry.unsure and installed[entry.unsure.grade] and entry.unsure.lensfun or entry.lensfun
  return (name:gsub(" %(", "("))
end

-- Say the grade of the calibration that is off unless it is asked for.
function lenses.grade(entry)
  return entry.unsure and (GRADES[entry.unsure.grade] or entry.unsure.grade)
end

-- Have the calibrations of a lens's grade installed for darktable; nothing, or why not.
function lenses.install(entry)
  local answers, why = server.ask({ { ["do"] = "install_lensfun", grade = entry.unsure.grade }, { ["do"] = "lenses" } })
  why = why or answers[1].error or answers[2].error
  if not why then lenses.keep(answers[2].result) end
  return why
end

return lenses
