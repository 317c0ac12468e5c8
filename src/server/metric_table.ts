import { FORWARD_BOUNDS_MS } from "../media/forward_meter.ts";
import { addFigures, BUS_DRIVERS, type MediaFigures, noFigures } from "../media/media_figures.ts";
import type { BusCounters } from "../media/media_bus.ts";
import type { Figures } from "../io/figures.ts";
import { LAG_BOUNDS_MS } from "../io/loop_lag.ts";
import type { Stats } from "../io/stats.ts";
import { limitRefusals } from "../signaling/refusals.ts";
import { JOIN_BOUNDS_MS } from "../signaling/admissions.ts";
import { JOIN_OUTCOMES } from "../signaling/join_outcome.ts";
import { errorCodeSchema } from "../signaling/messages.ts";
import type { TrackCounters } from "../sfu/track_counters.ts";
import type { Drops } from "../webrtc/drops.ts";
import { ADMIN_PROBLEM_CODES } from "./admin/problems.ts";
import { CLUSTER_METRICS } from "./cluster_metrics.ts";
import { type Metric, NO_LABELS, type Sample, single, WAYS } from "./metric.ts";
import { WEBHOOK_METRICS } from "./webhook_metrics.ts";
import { PROBLEM_CODES } from "./whip.ts";

const KINDS = ["audio", "video"] as const;
const DIRECTIONS = ["upstream", "downstream"] as const;

/** By code: see Drops. */
const DROP_CODES: Readonly<Record<string, keyof Drops>> = {
  "unknown": "unknown",
  "over-budget": "overBudget",
  "over-bitrate": "overBitrate",
  "too-short": "tooShort",
  "replayed": "replayed",
  "wrong-tag": "wrongTag",
  "too-many-ssrcs": "tooManySsrcs",
  "no-track": "noTrack",
  "not-sent": "notSent",
  "queue-full": "queueFull",
};

const REFUSAL_CODES = [
  ...new Set([
    ...errorCodeSchema.options,
    ...PROBLEM_CODES,
    ...ADMIN_PROBLEM_CODES,
    ...Object.keys(limitRefusals({})),
  ]),
].sort();

function ofStats(name: string, key: Exclude<keyof Stats, "refusals">, help: string): Metric {
  return single("gauge", name, help, ({ stats }) => stats[key]);
}

function byKind(name: string, key: keyof TrackCounters, help: string): Metric {
  return {
    type: "counter",
    name,
    help,
    labels: { kind: KINDS },
    samples: ({ media }) => KINDS.map((kind) => ({ labels: { kind }, value: media.tracks[kind][key] })),
  };
}

function byDirection(
  name: string,
  keys: Readonly<Record<(typeof DIRECTIONS)[number], keyof TrackCounters>>,
  help: string,
): Metric {
  return {
    type: "counter",
    name,
    help,
    labels: { kind: KINDS, direction: DIRECTIONS },
    samples: ({ media }) =>
      KINDS.flatMap((kind) =>
        DIRECTIONS.map((direction) => ({ labels: { kind, direction }, value: media.tracks[kind][keys[direction]] }))
      ),
  };
}

function byWorker(
  type: "counter" | "gauge",
  name: string,
  help: string,
  value: (host: Figures["hosts"][number]) => number,
): Metric {
  return {
    type,
    name,
    help,
    labels: { worker: ["0"] },
    samples: ({ figures, workers }) =>
      figures.hosts.map((host, at) => ({ labels: { worker: workers[at] }, value: value(host) })),
  };
}

/** Of workers that share rooms, what each has counted of their bus, by what `values` has as labels. */
function ofBus(
  name: string,
  help: string,
  labels: Readonly<Record<string, readonly string[]>>,
  values: (counters: BusCounters) => readonly Sample[],
): Metric {
  return {
    type: "counter",
    name,
    help,
    labels: { bus: BUS_DRIVERS, worker: ["0"], ...labels },
    samples: ({ figures, workers }) =>
      figures.hosts.flatMap(({ figures: { bus } }, at) => {
        if (bus === undefined) return [];
        const whose = { bus: bus.driver, worker: workers[at] };
        return values(bus.counters).map(({ labels, value }) => ({ labels: { ...whose, ...labels }, value }));
      }),
  };
}

function ofBusBothWays(
  name: string,
  help: string,
  keys: Readonly<Record<(typeof WAYS)[number], keyof BusCounters>>,
): Metric {
  return ofBus(
    name,
    help,
    { direction: WAYS },
    (counters) => WAYS.map((direction) => ({ labels: { direction }, value: counters[keys[direction]] })),
  );
}

/** All metrics, in the order in which they are told. */
export const METRICS: readonly Metric[] = [
  {
    type: "gauge",
    name: "switchboard_info",
    help: "1; the backend that carries the media is its label.",
    labels: { backend: ["native", "portable"] },
    samples: ({ backend }) => [{ labels: { backend }, value: 1 }],
  },
  single(
    "gauge",
    "switchboard_ready",
    "1 where another peer can be taken, as /readyz tells, else 0.",
    ({ isReady }) => isReady ? 1 : 0,
  ),
  ofStats("switchboard_rooms", "rooms", "Rooms with somebody in them."),
  ofStats("switchboard_peers", "peers", "Peers that have joined and not left."),
  ofStats("switchboard_tracks", "producers", "Tracks that are published."),
  ofStats("switchboard_subscriptions", "consumers", "Tracks that are forwarded to a peer, each for each peer."),
  ofStats("switchboard_sessions", "sessions", "WebSockets, and sessions of WHIP and WHEP, that are open."),
  ofStats("switchboard_ssrcs", "ssrcs", "SSRCs that are bound to tracks."),
  ofStats("switchboard_sockets", "sockets", "Sockets of peers, each its own or its part of a shared port."),
  ofStats("switchboard_tcp_connections", "connections", "TCP connections that carry media, or may come to."),
  {
    type: "counter",
    name: "switchboard_joins_total",
    help:
      "Joins that have come to an outcome: connected, left before that by themselves, failed before that, or refused.",
    labels: { outcome: JOIN_OUTCOMES },
    samples: ({ figures }) =>
      JOIN_OUTCOMES.map((outcome) => ({ labels: { outcome }, value: figures.admissions.joins[outcome] })),
  },
  {
    type: "histogram",
    name: "switchboard_join_duration_seconds",
    help: "From a join to the end of its DTLS handshake, of those that connected.",
    boundsMs: JOIN_BOUNDS_MS,
    durations: ({ figures }) => figures.admissions.durations,
  },
  {
    type: "counter",
    name: "switchboard_refusals_total",
    help: "What clients asked for in vain, by the code that they were told.",
    labels: { code: REFUSAL_CODES },
    samples({ figures: { admissions: { refusals } } }) {
      const codes = new Set([...REFUSAL_CODES, ...Object.keys(refusals)]);
      return [...codes].map((code) => ({ labels: { code }, value: refusals[code] ?? 0 }));
    },
  },
  byKind("switchboard_packets_received_total", "packetsReceived", "RTP packets of publishers, without those by RTX."),
  byKind("switchboard_received_bytes_total", "bytesReceived", "Payloads of the RTP packets of publishers."),
  byKind("switchboard_packets_sent_total", "packetsSent", "RTP packets to subscribers, without those by RTX."),
  byKind("switchboard_sent_bytes_total", "bytesSent", "Payloads of the RTP packets to subscribers."),
  byKind(
    "switchboard_packets_dropped_total",
    "packetsDropped",
    "RTP packets for subscribers that could not be sent: not connected, or the queue was full.",
  ),
  byDirection(
    "switchboard_packets_lost_total",
    { upstream: "lostUpstream", downstream: "lostDownstream" },
    "RTP packets lost: from publishers by our receiver reports, to subscribers by theirs; before any repair.",
  ),
  byDirection(
    "switchboard_retransmitted_packets_total",
    { upstream: "recoveredUpstream", downstream: "resentDownstream" },
    "RTP packets by RTX: of publishers those that had not come before, to subscribers all.",
  ),
  byDirection(
    "switchboard_nacks_total",
    { upstream: "nacksUpstream", downstream: "nacksDownstream" },
    "NACK packets: to publishers, and of subscribers.",
  ),
  byDirection(
    "switchboard_plis_total",
    { upstream: "plisUpstream", downstream: "plisDownstream" },
    "Requests for a key frame by PLI: to publishers, and of subscribers.",
  ),
  byDirection(
    "switchboard_firs_total",
    { upstream: "firsUpstream", downstream: "firsDownstream" },
    "Requests for a key frame by FIR: to publishers, and of subscribers.",
  ),
  {
    type: "counter",
    name: "switchboard_datagrams_dropped_total",
    help: "Datagrams and packets that were dropped, by the reason.",
    labels: { code: Object.keys(DROP_CODES) },
    samples: ({ media }) =>
      Object.entries(DROP_CODES).map(([code, key]) => ({ labels: { code }, value: media.drops[key] })),
  },
  {
    type: "histogram",
    name: "switchboard_forward_latency_seconds",
    help: "From the receipt of a batch to the flush behind it, of batches of which something was forwarded.",
    boundsMs: FORWARD_BOUNDS_MS,
    durations: ({ media }) => media.turns.forwarding,
  },
  byWorker(
    "gauge",
    "switchboard_worker_up",
    "1 where the worker has told its figures, 0 where it has not within a second: then they are the last ones.",
    ({ isUp }) => isUp ? 1 : 0,
  ),
  byWorker(
    "counter",
    "switchboard_worker_failures_total",
    "How often the worker has failed; its peers lost their media.",
    ({ failures }) => failures,
  ),
  byWorker(
    "counter",
    "switchboard_worker_busy_seconds_total",
    "Time that the worker has not waited.",
    ({ figures }) => figures.turns.busyMs / 1000,
  ),
  byWorker(
    "gauge",
    "switchboard_worker_longest_turn_seconds",
    "The longest time since the last scrape in which the worker has received nothing.",
    ({ figures }) => figures.turns.longestTurnMs / 1000,
  ),
  byWorker("gauge", "switchboard_worker_peers", "Peers whose media the worker has.", ({ peers }) => peers),
  ofBusBothWays(
    "switchboard_bus_packets_total",
    "Packets, and what workers ask for of them, that went from worker to worker; sent once to however many.",
    { sent: "framesSent", received: "framesReceived" },
  ),
  ofBusBothWays("switchboard_bus_messages_total", "Messages that they went in, many in one.", {
    sent: "messagesSent",
    received: "messagesReceived",
  }),
  ofBusBothWays("switchboard_bus_bytes_total", "Bytes that went from worker to worker.", {
    sent: "bytesSent",
    received: "bytesReceived",
  }),
  ofBus(
    "switchboard_bus_dropped_total",
    "Packets for other workers that could not be sent.",
    NO_LABELS,
    ({ dropped }) => [{ labels: {}, value: dropped }],
  ),
  ofBus(
    "switchboard_bus_lost_total",
    "Packets of other workers that did not come, as the worker took them too slowly.",
    NO_LABELS,
    ({ lost }) => [{ labels: {}, value: lost }],
  ),
  ...CLUSTER_METRICS,
  ...WEBHOOK_METRICS,
  {
    type: "histogram",
    name: "switchboard_event_loop_lag_seconds",
    help: "How late timers of the main isolate are: signaling and handshakes wait as long.",
    boundsMs: LAG_BOUNDS_MS,
    durations: ({ figures }) => figures.loop.lag,
  },
  single(
    "gauge",
    "switchboard_event_loop_longest_lag_seconds",
    "The longest lag of the main isolate since the last scrape.",
    ({ figures }) => figures.loop.longestMs / 1000,
  ),
  single("counter", "process_cpu_seconds_total", "CPU time of the process.", ({ cpuSeconds }) => cpuSeconds),
  single("gauge", "process_resident_memory_bytes", "Memory of the process.", ({ residentBytes }) => residentBytes),
];

/** The sums over all isolates. */
export function sumOf({ hosts }: Figures): MediaFigures {
  return hosts.reduce((sum, { figures }) => addFigures(sum, figures), noFigures());
}

/** The table of docs/metrics.md, in Markdown. */
export function metricTable(): string {
  const rows = METRICS.map((metric) => [
    `\`${metric.name}\``,
    metric.type,
    metric.type === "histogram" ? "none" : describeLabels(metric.labels),
    metric.help,
  ]);
  const lines = [["Metric", "Type", "Labels", "Meaning"], ["---", "---", "---", "---"], ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n") + "\n";
}

function describeLabels(labels: Readonly<Record<string, readonly string[]>>): string {
  const names = Object.keys(labels);
  return names.length === 0 ? "none" : names.map((name) => `\`${name}\``).join(", ");
}
