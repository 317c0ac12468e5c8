import type { Grants } from "../signaling/grants.ts";
import type { HttpRole } from "../signaling/http_session.ts";
import type { JoinTrace } from "../signaling/join_trace.ts";

/** What a WHIP or WHEP client asks for by its POST. */
export interface HttpOpenRequest {
  readonly role: HttpRole;
  readonly roomId: string;
  readonly name: string | undefined;
  /** WHEP: whose tracks, by peer id or name; undefined for anyone's. */
  readonly publisher: string | undefined;
  /** What the client's token allows; undefined where no tokens are asked for. */
  readonly grants?: Grants | undefined;
  readonly sdp: string;
  /** The client's IP address in text form. */
  readonly address: string;
  readonly trace?: JoinTrace | undefined;
}
