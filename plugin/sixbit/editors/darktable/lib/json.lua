--[[
    JSON as the server protocol writes it (RFC 8259).

    Names of files are bytes on most systems, and need not be UTF-8. A byte that is none becomes the surrogate
    \udc80 to \udcff of it, and back: what Python calls "surrogateescape" (PEP 383).
]]
local json = {}

local list_mark = {}

-- A table that is written as a list even if it is empty.
function json.list(values)
  return setmetatable(values or {}, list_mark)
end

local function quoted(text)
  local parts, at = {}, 1
  while at <= #text do
    local length, wrong = utf8.len(text, at)
    local whole = text:sub(at, length and #text or wrong - 1)
    parts[#parts + 1] = whole:gsub('[%c"\\]', function(char) return ("\\u%04x"):format(char:byte()) end)
    if length then break end
    parts[#parts + 1] = ("\\udc%02x"):format(text:byte(wrong))
    at = wrong + 1
  end
  return '"' .. table.concat(parts) .. '"'
end

local function number(value)
  if value ~= value or value == math.huge or value == -math.huge then error("JSON has no such number") end
  -- Lua writes the decimal point that the user's country has.
  return math.type(value) == "integer" and tostring(value) or (("%.17g"):format(value):gsub(",", "."))
end

local function is_list(value)
  return getmetatable(value) == list_mark or value[1] ~= nil
end

-- Write a value as text, on one line.
function json.encode(value)
  local kind = type(value)
  if kind == "string" then return quoted(value) end
  if kind == "number" then return number(value) end
  if kind == "boolean" or kind == "nil" then return tostring(value == nil and "null" or value) end
  if kind ~= "table" then error("JSON has no " .. kind) end
  local parts = {}
  if is_list(value) then
    for _, item in ipairs(value) do parts[#parts + 1] = json.encode(item) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for key, item in pairs(value) do parts[#parts + 1] = quoted(key) .. ":" .. json.encode(item) end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }
local value_at

local function wrong(text, at)
  error(("no JSON at character %d: %s"):format(at, text:sub(at, at + 20)), 0)
end

local function skip(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

-- Read the character of \uXXXX, which may be half of a pair; also returns where the text goes on.
local function unicode(text, at)
  local code = tonumber(text:match("^%x%x%x%x", at) or wrong(text, at), 16)
  at = at + 4
  local low = code >= 0xd800 and code < 0xdc00 and text:match("^\\u([dD][c-fC-F]%x%x)", at)
  if low then return utf8.char(0x10000 + (code - 0xd800) * 0x400 + tonumber(low, 16) - 0xdc00), at + 6 end
  if code >= 0xdc80 and code <= 0xdcff then return string.char(code - 0xdc00), at end
  return utf8.char(code), at
end

local function string_at(text, at)
  local parts = {}
  while true do
    local stop = text:find('["\\%c]', at) or wrong(text, at)
    parts[#parts + 1] = text:sub(at, stop - 1)
    local char, escape = text:sub(stop, stop), text:sub(stop + 1, stop + 1)
    at = stop + 2
    if char == '"' then return table.concat(parts), stop + 1 end
    if char == "\\" and escape == "u" then
      parts[#parts + 1], at = unicode(text, at)
    elseif char == "\\" then
      parts[#parts + 1] = escapes[escape] or wrong(text, stop)
    elseif char == "\127" then  -- a control character to Lua, not to JSON
      parts[#parts + 1] = char
      at = stop + 1
    else
      wrong(text, stop)
    end
  end
end

local function list_at(text, at)
  local values, value = json.list(), nil
  at = skip(text, at)
  if text:sub(at, at) == "]" then return values, at + 1 end
  while true do
    value, at = value_at(text, at)
    values[#values + 1] = value
    local comma = text:sub(at, at)
    if comma == "]" then return values, at + 1 end
    if comma ~= "," then wrong(text, at) end
    at = skip(text, at + 1)
  end
end

local function object_at(text, at)
  local object, key = {}, nil
  at = skip(text, at)
  if text:sub(at, at) == "}" then return object, at + 1 end
  while true do
    if text:sub(at, at) ~= '"' then wrong(text, at) end
    key, at = string_at(text, at + 1)
    at = skip(text, at)
    if text:sub(at, at) ~= ":" then wrong(text, at) end
    object[key], at = value_at(text, skip(text, at + 1))
    local comma = text:sub(at, at)
    if comma == "}" then return object, at + 1 end
    if comma ~= "," then wrong(text, at) end
    at = skip(text, at + 1)
  end
end

local words = { ["true"] = true, ["false"] = false }

-- Read the value that begins at a place without blanks; also returns where the next thing begins.
function value_at(text, at)
  local first, value = text:sub(at, at), nil
  if first == '"' then
    value, at = string_at(text, at + 1)
  elseif first == "{" then
    value, at = object_at(text, at + 1)
  elseif first == "[" then
    value, at = list_at(text, at + 1)
  else
    local word = text:match("^[%w.+-]+", at) or wrong(text, at)
    value = words[word]
    if value == nil and word ~= "null" then value = tonumber(word, 10) or tonumber(word) or wrong(text, at) end
    at = at + #word
  end
  return value, skip(text, at)
end

-- Read a text; nothing stands for null. Raises an error, a text, for what is no JSON.
function json.decode(text)
  local value, at = value_at(text, skip(text, 1))
  if at <= #text then wrong(text, at) end
  return value
end

return json
