// Our budgets. AWS's own quotas stand in simulator/quotas.ts; test/contract/limits.test.ts holds the laws between the two.

/** A whole frame as it crosses API Gateway: header line, payload and seal. AWS: 128 KB for a WebSocket message. */
export const FRAME_MAX_BYTES = 128 * 1024;
/** A frame that a client itself sends (hello, heartbeat, …). AWS closes with 1009 above 32 KB. */
export const CLIENT_FRAME_MAX_BYTES = 32 * 1024;
/** Room kept in a frame for header line and seal when a body is cut into payloads. */
export const FRAME_OVERHEAD_BYTES = 1024;
/** Payload bytes of a body frame: what base64 lets into a full frame. */
export const PAYLOAD_MAX_BYTES = Math.floor(((FRAME_MAX_BYTES - FRAME_OVERHEAD_BYTES) * 3) / 4);
/** What a compressed payload may open to: bounds what a receiver holds of one frame. */
export const DECODED_MAX_BYTES = 512 * 1024;
/** AWS bills a message by each so many bytes. */
export const METERED_BYTES = 32 * 1024;
/** Header line of a request or response: what the user may send (10,240 B) or an origin answer, with JSON's escapes. */
export const HEADER_LINE_MAX_BYTES = 64 * 1024;

/** Response bytes a connector may send beyond what the router has acknowledged. Also bounds what either side holds. */
export const WINDOW_BYTES = 4 * 1024 * 1024;
/** A frame costs at least this much of the window, so that tiny frames are bounded in number too. */
export const FRAME_MIN_COST_BYTES = 1024;
/** Request bodies are bounded by Lambda's 6 MB event, base64 included; so an upload needs no credit. */
export const REQUEST_BODY_MAX_BYTES = 4_400_000;
/** What a router has of an upload at once: one part. A client cuts an upload into parts of this size at most. */
export const UPLOAD_PART_MAX_BYTES = 4 * 1024 * 1024;
/** A response's status and header fields as JSON, with the delimiter after them: API Gateway wants both within the first 16 KB of a stream. */
export const RESPONSE_HEAD_MAX_BYTES = 16_000;
/** An address to come back to after signing in, percent-encoded in the portal's: that, and the provider's answer, must fit the header limits. */
export const RETURN_MAX_CHARACTERS = 3_000;
/** Response bodies are bounded by Lambda's 200 MB of a response stream, prelude included, whichever megabyte AWS means. */
export const RESPONSE_MAX_BYTES = 199_000_000;
/** Frames of one direction of one exchange that a receiver holds while an earlier one is missing. */
export const REASSEMBLY_MAX_FRAMES = WINDOW_BYTES / FRAME_MIN_COST_BYTES;

/** How long a sealed request frame may be acted on after it was issued. */
export const REQUEST_LIFETIME_MS = 30_000;
/** A connector that has not answered within this time says that it is still working (`progress`). */
export const PROGRESS_FIRST_MS = 1_000;
/** Between two `progress` frames while the origin has not answered. */
export const PROGRESS_WAIT_MS = 4_000;
/** Between two `progress` frames while the origin's body is silent. */
export const PROGRESS_IDLE_MS = 15_000;
/** A connector unheard for this long after a request was posted is taken for dead. */
export const SILENCE_FIRST_MS = 3_000;
/**
 * The same, where no other connector may or can take the request: so long a connector needs to notice that its tunnel is dead and to open
 * another, over which the request reaches it after all.
 */
export const SILENCE_ALONE_MS = 15_000;
/** The same, once it has been heard and while the head is awaited. */
export const SILENCE_WAIT_MS = 12_000;
/** The same, while the body is awaited. */
export const SILENCE_IDLE_MS = 40_000;
/** How long an application's origin may take to its first byte, at most: within the 15 minutes of an invocation, with room for the answer. */
export const ORIGIN_TIMEOUT_MAX_MS = 840_000;
/** How long it may be silent in the middle of its answer, at most. AWS ends a stream after five silent minutes. */
export const ORIGIN_IDLE_MAX_MS = 290_000;
/** Between two signs of life on a response stream whose head is awaited. */
export const RESPONSE_HOLD_MS = 60_000;
/** Kept back from an invocation's time, so that an answer still gets out. */
export const INVOCATION_RESERVE_MS = 3_000;
/** An exchange lives no longer: API Gateway and Lambda end what they carry at this age. */
export const EXCHANGE_MAX_MS = 15 * 60_000;
/** Origins of which a connector tells whether it reaches them. */
export const ORIGIN_REPORTS_MAX = 250;
/** An origin that was reached this long ago is tried again, and what was told of it is told again. */
export const ORIGIN_REPORT_MS = 5 * 60_000;
/** How long a side that lost its channel may take to resume an exchange. */
export const RESUME_MS = 30_000;
/** How long a connector keeps an upload of which nothing comes, and its response while nobody has asked for it. */
export const UPLOAD_WAIT_MS = 60_000;
/** How old an upload may get. */
export const UPLOAD_MAX_MS = 24 * 60 * 60_000;
/** Uploads that one session or token may have open at a connector: each holds a request to an application open. */
export const UPLOADS_OPEN_MAX = 50;
/** WebSockets that one session or token may have open at a connector: browsers stop at about as many for a site. */
export const SOCKETS_OPEN_MAX = 200;
/** How long a connector keeps the frames of a finished exchange for a router that may ask again. */
export const LINGER_MS = 10_000;
/** The same of an answer of several frames: that the last of them is missing shows by silence alone. */
export const LINGER_BODY_MS = 30_000;

/** Messages, or parts of them, that a frame of a WebSocket holds at most. */
export const SOCKET_PARTS_MAX = 256;
/** What each takes of the frame's payload: `["binary",12345,false],` in the header line, where base64 would carry three bytes by four characters. */
export const SOCKET_PART_ROOM_BYTES = 18;
/** A client's own frame holds this much of messages: AWS closes above 32 KB, of which base64 and the header line take their part. */
export const SOCKET_CLIENT_PAYLOAD_BYTES = 22 * 1024;
/** The same of a program's message, which it sends in several frames: AWS takes 128 KB, of which the relay's header line and seal take their part. */
export const SOCKET_PROGRAM_PAYLOAD_BYTES = 90 * 1024;
/**
 * What a user may have under way over a WebSocket beyond what the origin has taken. Each message of a user runs a function, so this also bounds
 * how many run at once.
 */
export const SOCKET_WINDOW_BYTES = 256 * 1024;
/** How long a WebSocket's receiver waits for a message of its own to send the receipt with. */
export const SOCKET_RECEIPT_MS = 10_000;
/** How long a WebSocket waits for its user's first connection, or for its user to take the end of it. */
export const SOCKET_OPEN_MS = 60_000;
/** How long one without a connection to its user waits for the next: a train's tunnel, a closed lid. TCP has about as much patience. */
export const SOCKET_AWAY_MS = 15 * 60_000;

/** The connector's heartbeat to the registry; also keeps the tunnel below AWS's 10 minutes of idleness. */
export const HEARTBEAT_MS = 60_000;
/** A tunnel unseen for this long is chosen only when no other is left. */
export const TUNNEL_STALE_MS = 150_000;
/** Between two probes of a tunnel's link. */
export const PROBE_MS = 3_000;
/** A link that answers no probe for this long is dead. */
export const PROBE_DEADLINE_MS = 9_000;
/** A tunnel or reply socket is replaced at this age, before AWS's two hours. */
export const SOCKET_MAX_AGE_MS = 105 * 60_000;

/** Attempts are counted by source (an IPv4 address, an IPv6 /64) in windows of this length. */
export const ATTEMPT_WINDOW_MS = 5 * 60_000;
/**
 * How many a source may make in a window, an office of thousands behind one address included: sign-ins that are begun, and of one-time
 * codes, tokens and enrolments those that are refused.
 */
export const ATTEMPT_LIMITS = { 'sign-in': 1_000, code: 300, token: 300, enrolment: 30 } as const;
export type AttemptKind = keyof typeof ATTEMPT_LIMITS;

/** How long registry, directory and session answers are kept in memory: the time a change needs to be seen everywhere. */
export const CACHE_MS = 10_000;
