-- Runs in darktable: does what the test's script asks for, chunk by chunk, and leaves what it returned in a file.
local dt = require "darktable"
local json = require "sixbit/lib/json"

local WORK = "/mnt/work/"

local function asked()
  local file = io.open(WORK .. "chunk.lua", "rb")
  if not file then return nil end
  local chunk = file:read("a")
  file:close()
  os.remove(WORK .. "chunk.lua")
  return chunk
end

local function answer(well, value)
  local file = io.open(WORK .. "answer.part", "wb")
  file:write(json.encode({ well = well, value = value }))
  file:close()
  os.rename(WORK .. "answer.part", WORK .. "answer.json")
end

dt.control.dispatch(function()
  while not dt.control.ending do
    local text = asked()
    if text then
      local chunk, why = load(text)
      local well, value = false, why
      if chunk then well, value = pcall(chunk) end
      if not pcall(answer, well, value) then answer(false, tostring(value)) end
    end
    dt.control.sleep(50)
  end
end)
