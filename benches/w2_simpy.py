"""The reference work in SimPy, written the way its documentation teaches: one process per actor.

    python3 w2_simpy.py [seconds] [shards] [records per second] [share of the hot key] [seed]

Producers draw Poisson arrivals, sizes of 256 to 1,536 bytes and one of 100,000 keys (the hot one more often); MD5
places a key on a shard. A shard has token buckets of 1,000 records and 1 MiB a second, a second deep. A refused
record sleeps uniform(0, min(5 s, 0.1 s * 2^attempt)), attempts counted from 1, and is dropped after the eighth.
Two readers a shard poll every 200 ms plus up to 20 ms, share five calls and 2 MiB a second, and wait for their next
turn when refused. One line of JSON: counts, delays, CPU seconds.
"""

import hashlib
import json
import random
import sys
import time

import simpy

PRODUCERS, KEYS, ATTEMPTS, READERS = 100, 100_000, 8, 2
MIB = 1 << 20


class Bucket:
    """Tokens that come back at `rate` a second, at most one second's worth. May be overdrawn."""

    def __init__(self, env, rate):
        self.env, self.rate, self.tokens, self.seen = env, rate, float(rate), 0.0

    def level(self):
        now = self.env.now
        self.tokens = min(float(self.rate), self.tokens + (now - self.seen) * self.rate)
        self.seen = now
        return self.tokens


class Shard:
    """Write limits, read limits, and what is stored: (moment, bytes)."""

    def __init__(self, env):
        self.env = env
        self.records, self.bytes = Bucket(env, 1000), Bucket(env, MIB)
        self.calls, self.read_bytes = Bucket(env, 5), Bucket(env, 2 * MIB)
        self.log = []

    def put(self, size):
        if self.records.level() < 1 or self.bytes.level() < size:
            return False
        self.records.tokens -= 1
        self.bytes.tokens -= size
        self.log.append((self.env.now, size))
        return True


class Model:
    """All actors, and what they count."""

    def __init__(self, shards, rate, hot, seed):
        self.env, self.random, self.hot = simpy.Environment(), random.Random(seed), hot
        self.gap = PRODUCERS / rate
        self.shards = [Shard(self.env) for _ in range(shards)]
        self.counts = dict.fromkeys(("records", "stored", "throttled", "dropped", "polls", "refused_polls"), 0)
        self.delays = []
        for _ in range(PRODUCERS):
            self.env.process(self.producer())
        for shard in self.shards:
            for _ in range(READERS):
                self.env.process(self.reader(shard))

    def shard_of_next_key(self):
        hot = self.hot > 0 and self.random.random() < self.hot
        key = 0 if hot else self.random.randrange(KEYS)
        digest = hashlib.md5(f"user-{key:06d}".encode()).digest()
        return self.shards[(int.from_bytes(digest, "big") * len(self.shards)) >> 128]

    def producer(self):
        while True:
            yield self.env.timeout(self.random.expovariate(1 / self.gap))
            self.counts["records"] += 1
            shard, size = self.shard_of_next_key(), self.random.randint(256, 1536)
            if shard.put(size):
                self.counts["stored"] += 1
            else:
                self.counts["throttled"] += 1
                self.env.process(self.retry(shard, size))

    def retry(self, shard, size):
        for attempt in range(1, ATTEMPTS):
            yield self.env.timeout(self.random.uniform(0, min(5.0, 0.1 * 2**attempt)))
            if shard.put(size):
                self.counts["stored"] += 1
                return
            self.counts["throttled"] += 1
        self.counts["dropped"] += 1

    def reader(self, shard):
        yield self.env.timeout(self.random.uniform(0, 0.2))
        place = 0
        while True:
            self.counts["polls"] += 1
            if shard.calls.level() < 1 or shard.read_bytes.level() < 0:
                self.counts["refused_polls"] += 1
            else:
                shard.calls.tokens -= 1
                batch = shard.log[place : place + 10_000]
                place += len(batch)
                now = self.env.now
                self.delays.extend(now - stored for stored, _ in batch)
                shard.read_bytes.tokens -= sum(size for _, size in batch)
            yield self.env.timeout(0.2 + self.random.uniform(0, 0.02))


def main(seconds=60.0, shards=10, rate=8000.0, hot=0.0, seed=1):
    began = time.process_time()
    model = Model(int(shards), rate, hot, int(seed))
    model.env.run(until=seconds)
    used = time.process_time() - began
    delays = sorted(model.delays)
    result = dict(model.counts, cpu_seconds=used)
    for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99)):
        result[name] = delays[int(share * (len(delays) - 1))] * 1000 if delays else None
    print(json.dumps(result))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
