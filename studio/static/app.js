// The viewers' room: the host over WebRTC, the chat over a WebSocket. Texts are only ever set as text.

const $ = (id) => document.getElementById(id);
const video = $("video");
const room = (path) => new URL(path, location.href).href.replace(/^http/, "ws");
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const LIMIT = 200; // messages kept on the page

function progress(text) {
  $("progress").textContent = text;
  $("veil").hidden = !text;
}

// -- the show ---------------------------------------------------------------------------------------------------

async function watch() {
  for (let failures = 0; ; failures++) {
    try {
      await session(() => { failures = 0; });
    } catch (error) {
      console.info("show:", error.message);
    }
    progress("Reconnecting…");
    await wait(Math.min(15000, 500 * 2 ** failures) * (0.5 + Math.random() / 2));
  }
}

async function session(connected) {
  const socket = new WebSocket(room("watch"));
  const peer = new RTCPeerConnection();
  const stream = new MediaStream();
  try {
    await new Promise((ok, no) => { socket.onopen = ok; socket.onerror = () => no(new Error("no connection")); });
    progress("Waking the host…");
    peer.ontrack = ({ track }) => { stream.addTrack(track); video.srcObject = stream; play(); };
    peer.addTransceiver("video", { direction: "recvonly" });
    peer.addTransceiver("audio", { direction: "recvonly" });
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer);
    const answered = new Promise((ok, no) => {
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        message.type === "answer" ? ok(message) : no(new Error(message.message));
      };
    });
    socket.send(JSON.stringify({ type: "offer", sdp: peer.localDescription.sdp }));
    await peer.setRemoteDescription(await answered);
    await new Promise((ok, no) => {
      socket.onclose = () => no(new Error("the room closed"));
      peer.onconnectionstatechange = () => {
        if (peer.connectionState === "connected") connected();
        if (["failed", "closed"].includes(peer.connectionState)) no(new Error(`connection ${peer.connectionState}`));
      };
    });
  } finally {
    peer.close();
    socket.close();
  }
}

function gathered(peer) {
  return new Promise((done) => {
    const check = () => peer.iceGatheringState === "complete" && done();
    peer.onicegatheringstatechange = check;
    setTimeout(done, 1500);
    check();
  });
}

async function play() {
  try {
    await video.play();
  } catch (error) {
    console.info("play:", error.message);
  }
  $("sound").hidden = !video.muted;
}

video.addEventListener("playing", () => progress(""));
$("sound").addEventListener("click", () => { video.muted = false; play(); });

// -- the chat ---------------------------------------------------------------------------------------------------

let chat = null;

async function talk() {
  for (let failures = 0; ; failures++) {
    chat = new WebSocket(room("chat"));
    chat.onmessage = ({ data }) => show(JSON.parse(data));
    await new Promise((closed) => {
      chat.onopen = () => { failures = 0; $("problem").textContent = ""; $("chat").replaceChildren(); };
      chat.onclose = closed;
    });
    $("problem").textContent = "The chat is reconnecting…";
    await wait(Math.min(15000, 500 * 2 ** failures) * (0.5 + Math.random() / 2));
  }
}

const shows = { comment, reply, said, state, error: (message) => { $("problem").textContent = message.message; } };
function show(message) {
  shows[message.type]?.(message);
}

function line(className, parts, id) {
  const item = document.createElement("li");
  item.className = className;
  if (id) item.dataset.id = id;
  for (const [tag, cls, text, lang] of parts) {
    const part = document.createElement(tag);
    part.className = cls;
    part.textContent = text;
    if (lang) part.lang = lang;
    item.append(part);
    redraw(part, text);
  }
  const list = $("chat");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  list.append(item);
  while (list.children.length > LIMIT) list.firstChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

// A text that was drawn before the letters of its script had come is set anew: not every browser does so by itself.
async function redraw(part, text) {
  const came = await document.fonts.load('1em "Show Han", "Show Thai", "Show Devanagari"', text);
  if (came.length) part.textContent = text;
}

function comment({ user, text, id }) {
  line("viewer", [["b", "", user], ["span", "", text]], id);
}

function reply({ to, question, text, language, card, id }) {
  const parts = [["b", "", `${hostName} to ${to.join(", ")}`], ["span", "asked", question], ["span", "answer", text, language]];
  if (card) parts.push(["span", "offer", `${card.title}: ${card.price}`]);
  line("host", parts, id);
  doing(`Answering ${to[0]}…`);
}

let hostName = "Host";
let answering = 0;
function doing(text) {
  $("doing").textContent = text;
  answering = Date.now();
}

function said({ kind, title }) {
  if (kind !== "answer" && Date.now() - answering > 1500) $("doing").textContent = title ? `Presenting: ${title}` : "";
}

function state({ phase, title, host, viewers, detail }) {
  if (title) { $("title").textContent = title; document.title = title; }
  if (host) hostName = host;
  $("live").textContent = { starting: "Starting", live: "Live", ending: "Ended" }[phase] ?? phase;
  $("live").classList.toggle("on", phase === "live");
  if (viewers !== undefined) $("viewers").textContent = viewers === 1 ? "1 viewer" : `${viewers} viewers`;
  if (phase === "starting" && detail) progress(detail);
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  if (chat?.readyState !== WebSocket.OPEN) {
    $("problem").textContent = "Not connected yet; your question is still here, please try again in a moment.";
    return;
  }
  $("problem").textContent = "";
  chat.send(JSON.stringify({ type: "comment", user: $("name").value.trim() || "Guest", text }));
  $("text").value = "";
});

watch();
talk();
