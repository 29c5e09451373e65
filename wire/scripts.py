"""The few rules that Redis itself must hold: each script below is one atomic step on one server.

A script that is there to forget does so first. Over its `maxmemory` Redis refuses a script whose first write
may grow what it holds, and then nothing would ever be freed; after a write that cannot, it lets the others
pass.
"""

APPEND = """
-- KEYS fence, frames stream; ARGV epoch, chunk, batch, frames, patch bytes, ttl ms, head, sound, patches
local fence = redis.call('HMGET', KEYS[1], 'epoch', 'chunk')
if not fence[1] then return {'refused', 'no fence'} end
if fence[1] ~= ARGV[1] then return {'refused', 'epoch ' .. fence[1]} end
if tonumber(ARGV[2]) < tonumber(fence[2]) then return {'refused', 'aired'} end
if #ARGV[8] ~= ARGV[4] * 3840 or #ARGV[9] ~= tonumber(ARGV[5]) then return {'refused', 'misshapen'} end
local have = redis.call('XLEN', KEYS[2])
local batch = tonumber(ARGV[3])
if batch < have then return {'known'} end
if batch > have then return {'expected', tostring(have)} end
redis.call('XADD', KEYS[2], (batch + 1) .. '-0', 'head', ARGV[7], 'sound', ARGV[8], 'patches', ARGV[9])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return {'taken'}
"""
"""Take a batch if it is the next of its chunk, and the chunk has not aired."""

ADVANCE = """
-- KEYS fence, then what to forget; ARGV chunk, ttl ms
for i = 2, #KEYS do redis.call('UNLINK', KEYS[i]) end
if redis.call('PEXPIRE', KEYS[1], ARGV[2]) == 1 then redis.call('HSET', KEYS[1], 'chunk', ARGV[1]) end
return 0
"""
"""Move the fence past what has aired, and forget its sound and frames."""

MOVE_JOB = """
-- KEYS job, playlist, chunks, turn, expiring
-- ARGV id, new state, ended ('1' or ''), ttl s, now, count, states.., fields..
local state = redis.call('HGET', KEYS[1], 'state')
local count = tonumber(ARGV[6])
local allowed = false
for i = 7, 6 + count do allowed = allowed or ARGV[i] == state end
if not allowed then return 0 end
if ARGV[3] == '1' or ARGV[2] == 'on_air' then redis.call('ZREM', KEYS[5], ARGV[1]) end
if ARGV[2] == 'on_air' and state ~= 'on_air' then
  if redis.call('LREM', KEYS[2], 0, ARGV[1]) > 0 then redis.call('LPUSH', KEYS[2], ARGV[1]) end
  redis.call('HSET', KEYS[1], 'on_air_ms', ARGV[5])
end
if ARGV[3] == '1' then
  redis.call('LREM', KEYS[2], 0, ARGV[1])
  redis.call('DEL', KEYS[3])
  redis.call('EXPIRE', KEYS[1], ARGV[4])
  redis.call('HSET', KEYS[1], 'ended_ms', ARGV[5])
  redis.call('INCR', KEYS[4])
end
redis.call('HSET', KEYS[1], 'state', ARGV[2])
for i = 7 + count, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
"""
"""Move a job to another state if it is in one that allows it. One that goes on air heads the playlist, as it
may have begun before others that were put in front of it. An ended job leaves the playlist, and turns back
dispatch passes that saw it there."""

_NOT_DEPOSED = """
-- the last of KEYS is the lease of a streamer, the last of ARGV the epoch by which it held it
local newest = redis.call('HGET', table.remove(KEYS), 'epoch')
if tonumber(newest or 0) > tonumber(table.remove(ARGV)) then return -1 end
"""
"""Take no word of a streamer after another took its channel, not even one that was long on its way."""

MOVE_JOB_ON_AIR = _NOT_DEPOSED + MOVE_JOB
"""Move a job as the streamer tells that holds its channel."""

_NOW = """
local now = redis.call('TIME')
now = string.format('%d', now[1] * 1000 + math.floor(now[2] / 1000))
"""

REPORT = (
    _NOT_DEPOSED
    + _NOW
    + """
-- KEYS channel, channels; ARGV name, fields..
redis.call('PERSIST', KEYS[1])
redis.call('SADD', KEYS[2], ARGV[1])
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], 'at_ms', now)
return 1
"""
)
"""Keep what a channel's streamer plays and where it is; its first write grows nothing either."""

TELL = (
    _NOT_DEPOSED
    + """
-- KEYS what; ARGV ttl s, fields..
redis.call('DEL', KEYS[1])
if #ARGV == 1 then return 1 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""
)
"""Keep for a short time what a channel's streamer tells, in place of what was told before."""

TAKE_LEASE = (
    _NOW
    + """
-- KEYS lease; ARGV holder, epoch, the epoch and time of the lease as it was seen
local holder, epoch, at = unpack(redis.call('HMGET', KEYS[1], 'holder', 'epoch', 'at_ms'))
if holder == ARGV[1] and epoch == ARGV[2] then return 1 end
if (epoch or '0') ~= ARGV[3] or (at or '0') ~= ARGV[4] then return 0 end
redis.call('PERSIST', KEYS[1])
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'epoch', ARGV[2], 'since_ms', now, 'at_ms', now)
return 1
"""
)
"""Take a lease that is as it was seen, or was taken by this very call: a client that hears no answer sends it
once more.

The first write of this and the next grows nothing, so that a full broker takes it as well: it stops no
standby, and has none think that the holder is dead.
"""

RENEW_LEASE = (
    _NOW
    + """
-- KEYS lease; ARGV holder, epoch
local holder, epoch, at = unpack(redis.call('HMGET', KEYS[1], 'holder', 'epoch', 'at_ms'))
local newer = tonumber(epoch or -1) - ARGV[2]
if newer > 0 or (newer == 0 and holder ~= ARGV[1]) then return {holder, epoch} end
redis.call('PERSIST', KEYS[1])
if newer < 0 then redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'epoch', ARGV[2], 'since_ms', now) end
redis.call('HSET', KEYS[1], 'at_ms', string.format('%d', math.max(now, (at or 0) + 1)))
return false
"""
)
"""Renew a lease, or lay it down anew where it is lost or older; return who holds it where it is another's.

Its time grows each time, whatever the clock does: that it changed is how others see that the holder lives.
"""

RELEASE_LEASE = """
-- KEYS lease; ARGV holder, epoch
local holder, epoch = unpack(redis.call('HMGET', KEYS[1], 'holder', 'epoch'))
if holder == ARGV[1] and epoch == ARGV[2] then redis.call('HSET', KEYS[1], 'holder', '') end
return 0
"""
"""Let a lease go; its epoch stays."""

_RECORD = """
for i = 5, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1 - ARGV[3])) do
  redis.call('ZREM', KEYS[2], id)
  if redis.call('HGET', 'job:' .. id, 'ended_ms') ~= '-1' then redis.call('UNLINK', 'job:' .. id) end
end
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, 7)) do
  if redis.call('EXISTS', 'job:' .. id) == 0 then redis.call('ZREM', KEYS[2], id) end
end
"""
"""Record a job among the latest, and forget the oldest of those that ended, and of the eight oldest names
those that no record goes by any more."""

ADMIT = (
    """
-- KEYS job, jobs, playlist, expiring; ARGV job id, posted ms, jobs kept, bound, fields..
if redis.call('EXISTS', KEYS[1]) == 1 then return 1 end
if redis.call('LLEN', KEYS[3]) >= tonumber(ARGV[4]) then return 0 end
"""
    + _RECORD
    + """
local steps = {append = 0, next = 10, now = 20}
local function rank(id)
  local state, mode, priority = unpack(redis.call('HMGET', 'job:' .. id, 'state', 'mode', 'priority'))
  return state == 'on_air' and math.huge or (steps[mode] or 0) + (tonumber(priority) or 0)
end
local ids, mine = redis.call('LRANGE', KEYS[3], 0, -1), rank(ARGV[1])
local at = #ids
while at > 0 and rank(ids[at]) < mine do at = at - 1 end
if at == #ids then
  redis.call('RPUSH', KEYS[3], ARGV[1])
else
  redis.call('LINSERT', KEYS[3], 'BEFORE', ids[at + 1], ARGV[1])
end
local expires = tonumber(redis.call('HGET', KEYS[1], 'expires_ms') or -1)
if expires >= 0 then redis.call('ZADD', KEYS[4], expires, ARGV[1]) end
return 1
"""
)
"""Record a job in its place on the playlist, unless that is full; once, however often it is sent.

Its place is behind what is on air and all that wait with its own mode and priority or a higher one: `now`
goes before `next`, that before `append`, and within each the priority counts, 0 to 9.
"""

RECALL = (
    """
-- KEYS job, jobs; ARGV job id, posted ms, jobs kept, ttl s, fields..
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
"""
    + _RECORD
    + """
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""
)
"""Record a job that has ended, unless there is a record of it."""

CHANGE_CHUNK = """
-- KEYS chunk table; ARGV chunk, attempt, row, allowed stages..
local row = redis.call('HGET', KEYS[1], ARGV[1])
if not row then return 0 end
if row == ARGV[3] then return 1 end
row = cjson.decode(row)
if row.attempt ~= tonumber(ARGV[2]) then return 0 end
for i = 4, #ARGV do
  if ARGV[i] == row.stage then
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
    return 1
  end
end
return 0
"""
"""Change a chunk's row if it still is in this attempt and in an allowed stage.

A row that is there already was written by this call: a client that waited too long sends it once more.
"""

RAISE = """
-- KEYS fence; ARGV epoch, chunk, ttl ms
local fence = redis.call('HMGET', KEYS[1], 'epoch', 'chunk')
local is_past = fence[1] == ARGV[1] and tonumber(fence[2]) >= tonumber(ARGV[2])
if not is_past then redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'chunk', ARGV[2]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 0
"""
"""Raise a fence; one of the same epoch is never moved back."""

BEAT = """
-- KEYS worker, workers; ARGV owner, ttl ms, name, record
local record = redis.call('GET', KEYS[1])
if record and cjson.decode(record).owner ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[2])
redis.call('SADD', KEYS[2], ARGV[3])
return 1
"""
"""A worker's heartbeat; refused while another owner's heart beats under the same name.

It grows nothing, and so a full broker takes it as well: that is why its first write is one that cannot.
"""

LEAVE = """
-- KEYS worker, workers; ARGV owner, name
local record = redis.call('GET', KEYS[1])
if not record or cjson.decode(record).owner ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[2])
return 1
"""
"""A worker's goodbye, under its own name alone."""

RING = """
-- KEYS queue; ARGV message
if redis.call('LLEN', KEYS[1]) == 0 then redis.call('LPUSH', KEYS[1], ARGV[1]) end
return 0
"""
"""Push a message, unless one waits in its queue that nobody took yet."""

COMMIT = """
-- KEYS turn; ARGV the turn that was seen, then of each command of how many parts it is, and those
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
local at = 2
while at < #ARGV do
  local stop = at + ARGV[at]
  redis.call(unpack(ARGV, at + 1, stop))
  at = stop + 1
end
return 1
"""
"""Carry out commands if nobody had a turn since."""

_LIVE = """
local function live(workers, head)
  local names, asked, found = redis.call('SMEMBERS', workers), {}, {}
  if #names == 0 then return found end
  for i, name in ipairs(names) do asked[i] = head .. name end
  for i, record in ipairs(redis.call('MGET', unpack(asked))) do
    if record then found[#found + 1] = record else redis.call('SREM', workers, names[i]) end
  end
  return found
end
"""

LIVE = (
    _LIVE
    + """
-- KEYS workers; ARGV the head of a worker's key
return live(KEYS[1], ARGV[1])
"""
)
"""Return each live worker's record; names whose heartbeat stopped are forgotten."""

_LINEUP = """
local function hash(key) return cjson.encode(redis.call('HGETALL', key)) end
local function jobs(list, frames, heads)
  local found, ahead, at, held = {}, 0, 0, math.huge
  while ahead <= frames do
    local ids = redis.call('LRANGE', list, at, at + 7)
    for _, id in ipairs(ids) do
      local job = heads.job .. id
      if ahead > frames and redis.call('HGET', job, 'mode') ~= 'now' then return found end
      local state, posted, mode, priority, length, aired =
        unpack(redis.call('HMGET', job, 'state', 'posted_ms', 'mode', 'priority', 'frames', 'frames_aired'))
      if state == 'queued' or state == 'preparing' then
        if mode == 'append' and priority == '0' then return found end
        held = math.min(held, posted)
      elseif state and tonumber(posted) < held then
        found[#found + 1] = {hash(job), hash(heads.chunks .. id)}
        ahead = ahead + length - aired
      end
    end
    if #ids < 8 then return found end
    at = at + 8
  end
  return found
end
local function lineups(channels, frames, channel, playlist, job, chunks)
  local found, heads = {}, {job = job, chunks = chunks}
  for i, name in ipairs(redis.call('SMEMBERS', channels)) do
    found[i] = {name, hash(channel .. name), jobs(playlist .. name, tonumber(frames), heads)}
  end
  return found
end
"""

LINEUP = (
    _LINEUP
    + """
-- KEYS channels; ARGV frames, the heads of the keys of a channel, playlist, job, chunk table
return lineups(KEYS[1], unpack(ARGV))
"""
)
"""Return each channel's name and record, and the records and chunk tables of its next jobs, up to the first
that follows jobs with more frames to air than asked for and does not cut them off. Records and tables are
JSON of fields and values in turn, which a client need not read again where they did not change.

A job that is not prepared keeps back those that were posted after it; those that it overtook go on. One
with neither mode nor priority overtook none.
"""

LOOK = (
    _LIVE
    + _LINEUP
    + """
-- KEYS turn, workers, channels; ARGV the head of a worker's key, then as for the line-up
local now = redis.call('TIME')
local turn = redis.call('GET', KEYS[1]) or '0'
return {turn, now[1], now[2], live(KEYS[2], ARGV[1]), lineups(KEYS[3], unpack(ARGV, 2))}
"""
)
"""Return whose turn it is, the server's clock in s and us, and what `LIVE` and `LINEUP` tell."""

JOB_STATES = """
-- KEYS jobs; ARGV the head of a job's key
local counts, told = {}, {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local state = redis.call('HGET', ARGV[1] .. id, 'state')
  if state then counts[state] = (counts[state] or 0) + 1 end
end
for state, count in pairs(counts) do told[#told + 1] = {state, count} end
return told
"""
"""Return the states of all jobs that are known, and how many are in each."""

_MEMORY = """
local function memory()
  local told = redis.call('INFO', 'memory')
  return {tonumber(told:match('used_memory:(%d+)')), tonumber(told:match('maxmemory:(%d+)'))}
end
"""

MEMORY = (
    _MEMORY
    + """
return memory()
"""
)
"""Return how many bytes the server holds, and how many it may."""

FENCES = (
    _MEMORY
    + """
-- ARGV JSON: of each job its fence, what is heard of it, and frames streams
local function gone(streams)
  local found = {}
  if #streams == 0 or redis.call('EXISTS', unpack(streams)) == #streams then return found end
  for i, stream in ipairs(streams) do
    if redis.call('EXISTS', stream) == 0 then found[#found + 1] = i - 1 end
  end
  return found
end
local seen = {}
for i, job in ipairs(cjson.decode(ARGV[1])) do
  local epoch, chunk = unpack(redis.call('HMGET', job[1], 'epoch', 'chunk'))
  seen[i] = {epoch, chunk, redis.call('HKEYS', job[2]), gone(job[3])}
end
return {seen, memory()}
"""
)
"""Return of each job its fence's epoch and chunk, the pieces of what is heard, and which of the frames
streams asked for are not there, counted from 0; and the server's memory."""

LAY = """
-- KEYS sound, heard; ARGV ttl ms, air, rests, hears, lead, how many texts are of pieces, those, pieces gone..
redis.call('HSET', KEYS[1], 'air', ARGV[2], 'rests', ARGV[3], 'hears', ARGV[4], 'lead', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
local stop = 6 + ARGV[6]
if stop > 6 then redis.call('HSET', KEYS[2], unpack(ARGV, 7, stop)) end
if stop < #ARGV then redis.call('HDEL', KEYS[2], unpack(ARGV, stop + 1)) end
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return 0
"""
"""Lay a chunk's sound ready. It forgets last, for a full server is to refuse it: what is gone goes with the
next chunk that there is room for."""

ADD_TARGET = """
local known = redis.call('HGETALL', KEYS[1])
for i = 1, #known, 2 do
    if known[i + 1] == ARGV[2] then return known[i] end
end
if #known / 2 >= tonumber(ARGV[3]) then return false end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[1]
"""
"""Add an address under a new id, unless it is there; return its id, or nothing if there are too many."""
