/** What holds the estimate where it is, for people. */
export type EstimateLimit =
  /** Nothing was measured yet. */
  | "start"
  /** The queue of a link grows where more is sent. */
  | "delay"
  /** Somebody else fills the queue, and this takes its part. */
  | "others"
  /** Packets are lost where more is sent. */
  | "loss"
  /** A probe found so much. */
  | "probe"
  /** More is under way than the link carries: less is given until it has arrived. */
  | "queue"
  /** The subscriber does not tell any more what arrives. */
  | "silence"
  /** The subscriber allows no more (REMB). */
  | "remb"
  /** Little is sent: nobody knows what else would fit. */
  | "application"
  /** As little, or as much, as is ever allowed. */
  | "minimum"
  | "maximum";
