/** RTCP packet types: RFC 3550 section 12.1, RFC 4585 section 6.1, RFC 3611 section 2. */
export const SENDER_REPORT = 200;
export const RECEIVER_REPORT = 201;
export const SOURCE_DESCRIPTION = 202;
export const BYE = 203;
export const TRANSPORT_FEEDBACK = 205;
export const PAYLOAD_FEEDBACK = 206;
export const EXTENDED_REPORT = 207;

/** Formats of transport-layer feedback: RFC 4585 section 6.2, draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1. */
export const FORMAT_NACK = 1;
export const FORMAT_TRANSPORT_WIDE = 15;

/** Formats of payload-specific feedback: RFC 4585 section 6.3, RFC 5104 section 4.3, draft-alvestrand-rmcat-remb-03. */
export const FORMAT_PLI = 1;
export const FORMAT_FIR = 4;
export const FORMAT_APPLICATION_LAYER = 15;

/** Block types of extended reports: RFC 3611 sections 4.4 and 4.5. */
export const BLOCK_RECEIVER_REFERENCE_TIME = 4;
export const BLOCK_DLRR = 5;
