// Plays the channel's stream close to live, and starts anew when it stops.

const RETRY_MS = 2000;
const STUCK_MS = 6000; // longer than any segment
const TUNING = {
  enableWorker: false, // one small stream; a worker from a blob would need a wider security policy
  lowLatencyMode: true,
  liveSyncDurationCount: 1, // segments from the end; hls.js steps back by itself when that stalls
  liveMaxLatencyDurationCount: 4,
  maxLiveSyncPlaybackRate: 1.1, // catches up unheard instead of by a jump
  backBufferLength: 10,
  manifestLoadPolicy: { default: { maxTimeToFirstByteMs: 5000, maxLoadTimeMs: 8000, timeoutRetry: null, errorRetry: null } },
};

const video = document.getElementById("video");
const screen = document.getElementById("screen");
const veil = document.getElementById("veil");
const lag = document.getElementById("lag");
const sound = document.getElementById("sound");
const source = `/hls/${document.body.dataset.channel}/index.m3u8`;

let hls = null;
let moved = { at: 0, time: 0 };

export function startPlayer() {
  sound.addEventListener("click", () => setMuted(!video.muted));
  document.getElementById("fullscreen").addEventListener("click", toggleFullscreen);
  video.addEventListener("playing", () => show("playing", ""));
  setInterval(watch, 500);
  tune();
}

function tune() {
  hls?.destroy();
  hls = null;
  moved = { at: Date.now(), time: video.currentTime };
  if (window.Hls?.isSupported()) {
    hls = new window.Hls(TUNING);
    hls.on(window.Hls.Events.ERROR, (_, error) => error.fatal && again(error.type));
    hls.on(window.Hls.Events.MANIFEST_PARSED, play);
    hls.loadSource(source);
    hls.attachMedia(video);
  } else if (video.canPlayType("application/vnd.apple.mpegurl")) {
    video.src = source;
    video.onerror = () => again("");
    play();
  } else {
    show("waiting", "This browser cannot play the stream.");
  }
}

function again(kind) {
  if (kind === window.Hls?.ErrorTypes.MEDIA_ERROR) return hls.recoverMediaError();
  hls?.stopLoad();
  show("waiting", "No stream at the moment. Trying again …");
  setTimeout(tune, RETRY_MS);
}

function play() {
  video.play().catch(() => setMuted(true)); // sound may only start with a click
}

/** Tell how far behind live the picture is; tune anew where it stands still. */
function watch() {
  const now = Date.now();
  if (video.currentTime !== moved.time) moved = { at: now, time: video.currentTime };
  const playing = screen.dataset.state === "playing";
  lag.textContent = playing && hls?.latency > 0 ? `${hls.latency.toFixed(1)} s behind` : "";
  if (playing && now - moved.at > STUCK_MS && !document.hidden) {
    show("waiting", "The stream stopped. Trying again …");
    tune();
  }
}

function show(state, text) {
  screen.dataset.state = state;
  if (veil.textContent !== text) veil.textContent = text;
}

function setMuted(muted) {
  video.muted = muted;
  sound.setAttribute("aria-pressed", String(!muted));
  document.getElementById("sound-words").textContent = muted ? "Unmute" : "Mute";
  if (video.paused) video.play().catch(() => {});
}

function toggleFullscreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (screen.requestFullscreen) screen.requestFullscreen();
  else video.webkitEnterFullscreen?.(); // iPhones know no other
}
