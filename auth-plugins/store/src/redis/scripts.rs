//! What has to happen at once in Redis, as scripts: Redis runs one at a time.
//! <https://redis.io/docs/latest/develop/programmability/eval-intro/>
//!
//! A record is a hash that Redis expires by itself. Two sorted sets index each namespace, one by
//! rank and one by the end of life; they may still name a record that has expired, and every reader
//! of them clears such names away first.

use redis::Script;

pub(super) struct Scripts {
    pub(super) put_new: Script,
    pub(super) get: Script,
    pub(super) take: Script,
    pub(super) update: Script,
    pub(super) delete: Script,
    pub(super) count: Script,
    pub(super) lowest: Script,
    pub(super) lease: Script,
    pub(super) renew: Script,
    pub(super) release: Script,
    pub(super) incr: Script,
    pub(super) expire: Script,
}

/// Milliseconds of Redis' own clock, and the two indexes.
const START: &str = "
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local by_rank, by_end = KEYS[1], KEYS[2]
local function sweep(most)
    local names = redis.call('ZRANGEBYSCORE', by_end, '-inf', now, 'LIMIT', 0, most)
    for _, name in ipairs(names) do
        redis.call('ZREM', by_rank, name)
        redis.call('ZREM', by_end, name)
    end
    return #names
end
";

impl Scripts {
    #[expect(clippy::too_many_lines, reason = "a table of scripts")]
    pub(super) fn new() -> Self {
        let indexed = |rest: &str| Script::new(&format!("{START}{rest}"));
        Self {
            put_new: indexed(
                "local record, name = KEYS[3], ARGV[1]
                if redis.call('EXISTS', record) == 1 then return 0 end
                redis.call('HSET', record, 'b', ARGV[2], 'r', ARGV[3], 'v', 1)
                redis.call('PEXPIRE', record, ARGV[4])
                redis.call('ZADD', by_rank, ARGV[3], name)
                redis.call('ZADD', by_end, now + ARGV[4], name)
                return 1",
            ),
            get: Script::new(
                "local found = redis.call('HMGET', KEYS[1], 'b', 'r', 'v', 't')
                if not found[1] or found[4] then return nil end
                return {found[1], found[2], found[3]}",
            ),
            take: indexed(
                "local record, name = KEYS[3], ARGV[1]
                local found = redis.call('HMGET', record, 'b', 'r', 'v', 't')
                if not found[1] then return {'absent', '', 0, 0} end
                if found[4] then return {'before', found[1], 0, math.max(0, now - found[4])} end
                redis.call('HSET', record, 'b', ARGV[2], 't', now)
                redis.call('PEXPIRE', record, ARGV[3])
                redis.call('ZREM', by_rank, name)
                redis.call('ZADD', by_end, now + ARGV[3], name)
                return {'first', found[1], found[2], found[3]}",
            ),
            update: indexed(
                "local record, name = KEYS[3], ARGV[1]
                local found = redis.call('HMGET', record, 'v', 't')
                if not found[1] or found[2] then return {'absent', 0} end
                if found[1] ~= ARGV[2] then return {'moved', 0} end
                if ARGV[6] ~= '0' and redis.call('GET', KEYS[4]) ~= ARGV[6] then
                    return {'fenced', 0}
                end
                local version = redis.call('HINCRBY', record, 'v', 1)
                redis.call('HSET', record, 'b', ARGV[3], 'r', ARGV[4])
                redis.call('PEXPIRE', record, ARGV[5])
                redis.call('ZADD', by_rank, ARGV[4], name)
                redis.call('ZADD', by_end, now + ARGV[5], name)
                return {'done', version}",
            ),
            delete: indexed(
                "redis.call('ZREM', by_rank, ARGV[1])
                redis.call('ZREM', by_end, ARGV[1])
                return redis.call('DEL', KEYS[3])",
            ),
            count: indexed(
                "while sweep(1000) > 0 do end
                return redis.call('ZCARD', by_rank)",
            ),
            lowest: indexed(
                "while sweep(1000) > 0 do end
                local names = redis.call(
                    'ZRANGEBYSCORE', by_rank, '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
                local answer = {}
                for _, name in ipairs(names) do
                    local found = redis.call('HMGET', ARGV[1] .. name, 'b', 'r', 'v', 't')
                    if found[1] and not found[4] then
                        answer[#answer + 1] = {name, found[1], found[2], found[3]}
                    end
                end
                return answer",
            ),
            lease: Script::new(
                "if redis.call('EXISTS', KEYS[1]) == 1 then return nil end
                local fence = redis.call('INCR', KEYS[2])
                redis.call('SET', KEYS[1], fence, 'PX', ARGV[1])
                return fence",
            ),
            renew: Script::new(
                "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
                return redis.call('PEXPIRE', KEYS[1], ARGV[2])",
            ),
            release: Script::new(
                "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
                return redis.call('DEL', KEYS[1])",
            ),
            incr: Script::new(
                "local seen = redis.call('INCR', KEYS[1])
                if seen == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
                return seen",
            ),
            expire: indexed("return sweep(ARGV[1])"),
        }
    }
}
