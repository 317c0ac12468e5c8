import { type Metric, singleOf, WAYS } from "./metric.ts";

/** Of a server that shares rooms by a broker, and of no other. */
const ofCluster = singleOf(({ cluster }) => cluster);

/** What is told of the broker by which servers share rooms, and of the others. */
export const CLUSTER_METRICS: readonly Metric[] = [
  ofCluster(
    "gauge",
    "switchboard_broker_connected",
    "With --bus: 1 where the broker is there, else 0.",
    ({ isConnected }) => isConnected ? 1 : 0,
  ),
  ofCluster(
    "counter",
    "switchboard_broker_reconnects_total",
    "Connections to the broker after the first one.",
    ({ broker }) => broker.reconnects,
  ),
  {
    type: "counter",
    name: "switchboard_broker_messages_total",
    help: "Messages to the broker and from it: of media, rooms and nodes.",
    labels: { direction: WAYS },
    samples: ({ cluster }) =>
      cluster === undefined ? [] : [
        { labels: { direction: "sent" }, value: cluster.broker.published },
        { labels: { direction: "received" }, value: cluster.broker.received },
      ],
  },
  ofCluster(
    "counter",
    "switchboard_broker_dropped_total",
    "Messages that the broker could not be sent: it was away, or too much waited.",
    ({ broker }) => broker.dropped,
  ),
  ofCluster("gauge", "switchboard_other_nodes", "With --bus: other servers that are heard.", ({ others }) => others),
  ofCluster(
    "gauge",
    "switchboard_reached_nodes",
    "Other servers that share rooms with this one at present and are reached directly, without the broker.",
    ({ reached }) => reached,
  ),
];
