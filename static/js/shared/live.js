/** One socket per page, which comes back by itself. */

/**
 * @typedef {object} Wire
 * @property {(message: object) => boolean} send   false when the line is down
 * @property {() => boolean} isOpen
 * @property {() => void} close
 */

/**
 * @typedef {"connecting" | "open" | "lost" | "refused"} WireState
 */

/**
 * @typedef {object} Listeners
 * @property {(message: Record<string, any>) => void} onText
 * @property {(header: Record<string, any>, body: Uint8Array<ArrayBuffer>) => void} onBinary
 * @property {(state: WireState) => void} onState
 * @property {(milliseconds: number) => void} onRoundTrip
 */

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 1500;
/** Sockets that fail again and again are held back by browsers: after some, HTTP says first whether anybody is there. */
const TRUSTING = 3;
const PING_EVERY = 5000;
/** A page that opens is busy: the first answer says little of the line. */
const PING_AGAIN = [500, 1500];
const PONG_WITHIN = 12000;
/** Close codes with which the server says "not you": asking again would not help. */
const REFUSALS = [4401, 4403, 4404];

/**
 * A binary message: length of the header (32 bits, most significant byte first), header in JSON, body.
 * @param {ArrayBuffer} message
 * @returns {{header: Record<string, any>, body: Uint8Array<ArrayBuffer>}}
 */
export function unpack(message) {
  const length = new DataView(message).getUint32(0);
  if (4 + length > message.byteLength) throw new RangeError("a message shorter than its header says");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 4, length)));
  return { header, body: new Uint8Array(message, 4 + length) };
}

/** Whether the server can be reached: it gives this very file without asking anybody, or says that it is gone. */
async function answers() {
  try {
    return (await fetch(import.meta.url, { method: "HEAD", cache: "no-store", priority: "high" })).status < 500;
  } catch {
    return false;
  }
}

/**
 * @param {string} path below this origin
 * @param {Listeners} listeners
 * @returns {Wire}
 */
export function connect(path, { onText, onBinary, onState, onRoundTrip }) {
  const address = new URL(path, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  /** @type {WebSocket | undefined} */
  let socket;
  let pause = FIRST_PAUSE;
  let over = false;
  let failures = 0;
  let heard = 0;

  function open() {
    onState("connecting");
    socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      pause = FIRST_PAUSE;
      failures = 0;
      heard = performance.now();
      onState("open");
      ping();
      for (const milliseconds of PING_AGAIN) setTimeout(ping, milliseconds);
    });
    socket.addEventListener("message", ({ data }) => {
      heard = performance.now();
      if (typeof data === "string") {
        const message = JSON.parse(data);
        if ("pong" in message) onRoundTrip(heard - Number(message.pong));
        else onText(message);
      } else {
        const { header, body } = unpack(data);
        onBinary(header, body);
      }
    });
    socket.addEventListener("close", ({ code }) => {
      if (over) return;
      if (REFUSALS.includes(code)) {
        over = true;
        return onState("refused");
      }
      failures += 1;
      onState("lost");
      later();
    });
  }

  /** Pages that lost the line together don't come back together. */
  function later() {
    setTimeout(() => void again(), pause * (0.75 + Math.random() / 2));
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }

  async function again() {
    const isUp = over || failures < TRUSTING || (await answers());
    if (over) return;
    if (isUp) open();
    else later();
  }

  function ping() {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ ping: performance.now() }));
  }

  const heart = setInterval(() => {
    if (socket?.readyState !== WebSocket.OPEN) return;
    if (performance.now() - heard > PONG_WITHIN) socket.close();
    else ping();
  }, PING_EVERY);

  open();
  return {
    send(message) {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
    isOpen: () => socket?.readyState === WebSocket.OPEN,
    close() {
      over = true;
      clearInterval(heart);
      socket?.close();
    },
  };
}
