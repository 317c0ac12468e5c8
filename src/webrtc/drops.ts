/** What was dropped, since the start, of what peers have sent and of what they were to be sent. */
export class Drops {
  /** Datagrams of no known protocol, or that came before their protocol could be spoken. */
  unknown = 0;
  /** DTLS and RTCP beyond a peer's budgets (rules B215, B216). */
  overBudget = 0;
  /** RTP packets beyond a peer's bitrate (rule B245). */
  overBitrate = 0;
  /** SRTP and SRTCP: see SrtpReceiver. */
  tooShort = 0;
  replayed = 0;
  wrongTag = 0;
  tooManySsrcs = 0;
  /** RTP packets of no known track. */
  noTrack = 0;
  /** Packets to a peer that is not connected, or for which no slot was free. */
  notSent = 0;
  /** Datagrams to a peer that its queue had no room for, or that the system refused. */
  queueFull = 0;
}
