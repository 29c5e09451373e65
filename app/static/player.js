// Plays the channel's stream close to live, and starts anew when it stops.

const RETRY_MS = 2000;
const STILL_MS = 3000; // longer than a segment: no stall that passes by itself
const NO_STREAM = "No stream at the moment. Trying again …";
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
let lost = false; // whether the stream ended, or was not there
let seen = null; // the playlist as it was then
let asking = false;

export function startPlayer() {
  sound.addEventListener("click", () => setMuted(!video.muted));
  document.getElementById("fullscreen").addEventListener("click", toggleFullscreen);
  video.addEventListener("error", () => hls || lose(NO_STREAM));
  setInterval(watch, 500);
  setInterval(retry, RETRY_MS);
  tune();
}

function tune() {
  hls?.destroy();
  hls = null;
  lost = false;
  moved = { at: Date.now(), time: video.currentTime };
  if (window.Hls?.isSupported()) {
    hls = new window.Hls(TUNING);
    hls.on(window.Hls.Events.ERROR, (_, error) => error.fatal && stop(error));
    hls.on(window.Hls.Events.MANIFEST_PARSED, play);
    hls.loadSource(source);
    hls.attachMedia(video);
  } else if (video.canPlayType("application/vnd.apple.mpegurl")) {
    video.src = source;
    play();
  } else {
    show("waiting", "This browser cannot play the stream.");
  }
}

function stop(error) {
  if (error.type === window.Hls.ErrorTypes.MEDIA_ERROR) return hls.recoverMediaError();
  hls.stopLoad();
  lose(NO_STREAM);
}

/** Tune anew once the server has another playlist: that of a streamer which ended would play its end again. */
async function retry() {
  if (!lost || asking || document.hidden) return;
  asking = true;
  const playlist = await fetch(source, { cache: "no-store" })
    .then((answer) => (answer.ok ? answer.text() : ""))
    .catch(() => "");
  asking = false;
  if (!lost) return;
  if (seen !== null && playlist && playlist !== seen) tune();
  else seen = playlist;
}

function play() {
  video.play().catch(() => setMuted(true)); // sound may only start with a click
}

/** Tell whether the picture moves, and how far behind live it is. */
function watch() {
  const now = Date.now();
  const moves = video.currentTime !== moved.time && video.readyState > 2;
  if (moves) {
    moved = { at: now, time: video.currentTime };
    lost = false;
    show("playing", "");
  } else if (screen.dataset.state === "playing" && now - moved.at > STILL_MS && !document.hidden) {
    lose("The stream stopped. Trying again …");
  }
  lag.textContent = moves && hls?.latency > 0 ? `${hls.latency.toFixed(1)} s behind` : lag.textContent;
}

function lose(words) {
  if (!lost) seen = null;
  lost = true;
  show("waiting", words);
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
