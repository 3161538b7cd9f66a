-- SPDX-License-Identifier: Apache-2.0
-- The old way, as a yardstick: for each request, a script reads the scope's JSON, looks through a list of all services of all
-- clouds for the one that the URL names, completes the scope, writes it back, and names the backend.
-- It does the work of the research prototype's script. That one also logged a line at each step, tables printed out: with `log`
-- as the second argument of the action, this one does so, too.

local services = {}
for line in io.lines((...)) do
  local cloud, kind, interface, url = line:match("^(%S+) (%S+) (%S+) (%S+)$")
  services[#services + 1] = { cloud = cloud, kind = kind, interface = interface, url = url }
end

-- A small parser of JSON, by descent: each function returns a value and the position behind it.
local value

local function skip(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function characters(text, at)
  local parts = {}
  local from = at + 1
  while true do
    local stop = text:find('["\\]', from) or error("a string has no end")
    parts[#parts + 1] = text:sub(from, stop - 1)
    if text:sub(stop, stop) == '"' then
      return table.concat(parts), stop + 1
    end
    local kind = text:sub(stop + 1, stop + 1)
    if kind == "u" then
      parts[#parts + 1] = utf8.char(tonumber(text:sub(stop + 2, stop + 5), 16) or error("not four digits"))
      from = stop + 6
    else
      parts[#parts + 1] = escapes[kind] or error("an unknown escape")
      from = stop + 2
    end
  end
end

local function object(text, at)
  local result = {}
  at = skip(text, at + 1)
  if text:sub(at, at) == "}" then
    return result, at + 1
  end
  while true do
    local key
    if text:sub(at, at) ~= '"' then error("a key is missing") end
    key, at = characters(text, at)
    at = skip(text, at)
    if text:sub(at, at) ~= ":" then error("a colon is missing") end
    result[key], at = value(text, skip(text, at + 1))
    at = skip(text, at)
    local mark = text:sub(at, at)
    if mark == "}" then
      return result, at + 1
    elseif mark ~= "," then
      error("a comma is missing")
    end
    at = skip(text, at + 1)
  end
end

local function array(text, at)
  local result = {}
  at = skip(text, at + 1)
  if text:sub(at, at) == "]" then
    return result, at + 1
  end
  while true do
    result[#result + 1], at = value(text, at)
    at = skip(text, at)
    local mark = text:sub(at, at)
    if mark == "]" then
      return result, at + 1
    elseif mark ~= "," then
      error("a comma is missing")
    end
    at = skip(text, at + 1)
  end
end

local words = { ["true"] = true, ["false"] = false }

function value(text, at)
  local first = text:sub(at, at)
  if first == "{" then
    return object(text, at)
  elseif first == "[" then
    return array(text, at)
  elseif first == '"' then
    return characters(text, at)
  end
  local word = text:match("^[%w.+-]+", at) or error("a value is missing")
  if word == "null" then
    return nil, at + 4
  end
  local known = words[word]
  if known == nil then
    known = tonumber(word) or error("an unknown word")
  end
  return known, at + #word
end

local function encode(scope)
  local parts = {}
  for kind, cloud in pairs(scope) do
    parts[#parts + 1] = string.format("%q: %q", kind, cloud)
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

local function lookup(wanted)
  for _, service in ipairs(services) do
    if wanted(service) then
      return service
    end
  end
end

local function read_scope(headers, home)
  local scope = {}
  for _, service in ipairs(services) do
    scope[service.kind] = home
  end
  local plain, token = headers["x-scope"], headers["x-auth-token"]
  local said = plain and plain[0] or token and token[0]:match("!SCOPE!(.*)$")
  if said then
    for kind, cloud in pairs((value(said, skip(said, 1)))) do
      scope[kind] = cloud
    end
  end
  return scope
end

local function printed(thing)
  if type(thing) ~= "table" then
    return string.format("%q", thing)
  end
  local parts = {}
  for key, entry in pairs(thing) do
    parts[#parts + 1] = string.format("  [%q] = %s", key, printed(entry))
  end
  return "{\n" .. table.concat(parts, ",\n") .. "\n}"
end

core.register_action("old_way", { "http-req" }, function(txn, home, talk)
  local say = talk == "log" and function(what, thing) core.log(core.info, what .. printed(thing)) end or function() end
  local url = txn.sf:base()
  local headers = txn.http:req_get_headers()
  say("request: ", url)
  local service = lookup(function(known)
    return url:sub(1, #known.url) == known.url
  end)
  if not service then
    return
  end
  local scope = read_scope(headers, home)
  say("x-scope: ", headers["x-scope"] or {})
  say("x-auth-token: ", headers["x-auth-token"] or {})
  say("scope: ", scope)
  say("cloud: ", scope[service.kind])
  local identity = lookup(function(known)
    return known.cloud == scope.identity and known.kind == "identity" and known.interface == "admin"
  end)
  txn.http:req_set_header("X-Identity-Url", "http://" .. identity.url)
  txn.http:req_set_header("X-Scope", encode(scope))
  local backend = scope[service.kind] .. "_" .. service.kind
  say("backend: ", backend)
  txn:set_var("txn.backend", backend)
end, 2)
