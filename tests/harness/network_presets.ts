import type { LinkConditions } from "./simulated_network.ts";

// One-way delay and jitter, mean runs of delivered and of lost packets, capacity and queue as in the emulator of str0m
// (algesten/str0m, crates/netem/src/config.rs). The queue is in bytes, a kilobyte being 1,000 of them.

export const WIFI: LinkConditions = {
  delayMs: 5,
  jitterMs: 2,
  bursts: { good: 200, bad: 2 },
  bandwidth: 100_000_000,
  queueBytes: 200_000,
};

export const CELLULAR: LinkConditions = {
  delayMs: 50,
  jitterMs: 15,
  bursts: { good: 100, bad: 2 },
  bandwidth: 30_000_000,
  queueBytes: 100_000,
};

export const CONGESTED: LinkConditions = {
  delayMs: 80,
  jitterMs: 40,
  bursts: { good: 20, bad: 2 },
  bandwidth: 10_000_000,
  queueBytes: 50_000,
};
