import type { TcpPeers } from "../tcp/tcp_peer.ts";
import type { FlushList } from "./flush_list.ts";
import type { Libc } from "./libc.ts";
import type { SocketLoop } from "./loop.ts";
import type { ReceiveBatch } from "./receive_batch.ts";
import type { SendBatch } from "./send_batch.ts";
import type { ChunkPool } from "./chunk_pool.ts";

/** What all sockets of one loop share. */
export interface SocketContext {
  readonly libc: Libc;
  readonly loop: SocketLoop;
  readonly received: ReceiveBatch;
  readonly sent: SendBatch;
  readonly pool: ChunkPool;
  readonly flushList: FlushList;
  /** Whether runs of datagrams go out as one message: false where the kernel does not know UDP GSO. */
  readonly segmentation: boolean;
  /** Against addresses that are chosen to be found slowly. */
  readonly hashSeed: number;
  /** Undefined where peers have UDP alone. */
  readonly tcp?: TcpPeers | undefined;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}
