--[[
    Sixbit's server, asked from darktable: requests in a file, answers from a pipe (docs/server-protocol.md).

    Lua can start a program only through a shell. So that no shell ever reads the name of a photo, the requests stand
    in a file, and what is started is always the same command, which `sixbit install darktable` wrote into server.json.
]]
local dt = require "darktable"
local json = require "sixbit/lib/json"
local text = require "sixbit/lib/text"
local ways_out = require "sixbit/lib/ways_out"

local _ = text.translated
local server = {}

local PROTOCOL = 1
local windows = dt.configuration.running_os == "windows"

-- One word for the shell, which takes it as it stands.
local function word(value)
  if not windows then return "'" .. value:gsub("'", "'\\''") .. "'" end
  -- cmd.exe has no way to quote these.
  if value:find('["%%!]') then error(_("Sixbit cannot be started from a path with one of \" % ! in it")) end
  return '"' .. value .. '"'
end

local function command_line(settings, requests)
  local words = {}
  for _, part in ipairs(settings.command) do words[#words + 1] = word(part) end
  words[#words + 1] = "serve --requests"
  words[#words + 1] = word(requests)
  local line = table.concat(words, " ")
  if windows then return '"' .. line .. '"' end  -- cmd.exe takes the outer quotes away
  -- What an editor's package sets for its own Python must not reach another one.
  return "env -u PYTHONHOME -u PYTHONPATH " .. line
end

local function temporary_name(settings)
  local name = os.tmpname()
  if windows then return dt.configuration.tmp_dir .. "\\sixbit-" .. name:gsub("[^%w]", "") end
  if settings.command[1] ~= "flatpak-spawn" then return name end
  -- The server lives outside of the sandbox, and sees another folder for temporary files.
  os.remove(name)
  return text.folder .. name:match("[^/]*$")
end

local function write(path, mode, requests)
  local file, why = io.open(path, mode)
  if not file then error(why, 0) end
  for _, request in ipairs(requests) do file:write(json.encode(request), "\n") end
  local well, reason = file:close()
  if not well then error(reason, 0) end
end

-- Wait for the next line without holding up darktable, which has one Lua for everything.
local function next_line(pipe)
  if not windows then dt.control.read(pipe) end
  return pipe:read("l")
end

local function with_mend(message)
  return message .. " " .. ways_out.MEND
end

local function check(hello, settings)
  if hello.error then return hello.error end
  if hello.result.version ~= settings.version then
    return with_mend(_("The script is of Sixbit %s, but Sixbit %s answers."):format(
      settings.version, hello.result.version))
  end
end

local function collect(pipe, requests, settings, hooks)
  local answers = {}
  for line in function() return next_line(pipe) end do
    local well, answer = pcall(json.decode, line)
    if well and type(answer) == "table" and answer.error then
      answer.error = ways_out.told(answer.error, { answer.code })
    end
    if not well or type(answer) ~= "table" then
      dt.print_log("sixbit: no answer of the server: " .. text.shown(line))
    elseif answer.progress then
      if hooks.progress then hooks.progress((answer.id - 1 + answer.progress) / #requests) end
    elseif answer.id == 0 then
      local why = check(answer, settings)
      if why then return nil, why end
    elseif requests[answer.id] then
      answers[answer.id] = answer
      if hooks.answered then hooks.answered(answer.id, answer) end
      if hooks.progress then hooks.progress(answer.id / #requests) end
    end
  end
  return answers
end

--[[
    Ask for all requests, in their order, and wait for the answers: a list of tables with `result`, or with `error` (and
    what can be done about it) and `kind`. Nothing, and why, if the server cannot be asked.

    hooks.progress(share) hears how much is done, hooks.answered(number, answer) of each answer; hooks.on_cancel gets
    a function that takes back what is not done yet.
]]
function server.ask(requests, hooks)
  hooks = hooks or {}
  local settings = text.read("server.json") or text.read("engine.json")  -- its old name, kept for one version
  if not settings then return nil, with_mend(_("The script does not know where Sixbit is.")) end
  local file = temporary_name(settings)
  local lines = { { id = 0, ["do"] = "hello", protocol = PROTOCOL, client = "darktable " .. dt.configuration.version,
    language = text.language } }
  for number, request in ipairs(requests) do
    request.id = number
    lines[#lines + 1] = request
  end
  lines[#lines + 1] = { id = #requests + 1, ["do"] = "quit" }
  local well, pipe = pcall(function()
    write(file, "wb", lines)
    return assert(io.popen(command_line(settings, file), "r"))
  end)
  if not well then
    os.remove(file)
    return nil, _("Sixbit cannot be started: %s."):format(pipe)
  end
  pipe:setvbuf("no")  -- else a line may wait in the buffer while darktable waits for the pipe
  if hooks.on_cancel then
    hooks.on_cancel(function()
      local cancels = {}
      for number = 1, #requests do cancels[number] = { ["do"] = "cancel", cancel = number } end
      pcall(write, file, "ab", cancels)
    end)
  end
  local answers, why = collect(pipe, requests, settings, hooks)
  local _well, _how, code = pipe:close()
  os.remove(file)
  if not answers then return nil, why end
  if #answers < #requests then
    return nil, with_mend(_("Sixbit has ended without an answer (status %s)."):format(code))
  end
  return answers
end

return server
