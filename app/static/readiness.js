// Shows which parts of the service answer.

import { get } from "./poll.js";

const PARTS = {
  redis: "Redis (jobs)",
  frames: "Redis (frames)",
  prepare: "Prepare worker",
  dispatch: "Dispatch worker",
  render: "Render worker",
  streamer: "Streamer",
};

const mark = document.getElementById("readiness");
const words = document.getElementById("ready-words");
const list = document.getElementById("ready-parts");

export async function showReadiness() {
  try {
    show((await get("/ready")).json);
  } catch {
    show(null);
  }
}

/** Show the record of `/ready`; null where there is no answer. */
function show(record) {
  const states = Object.keys(PARTS).map((part) => [part, stateOf(part, record)]);
  const missing = states.filter(([, state]) => state === "missing").map(([part]) => PARTS[part]);
  mark.dataset.state = record?.ready ? "ready" : "missing";
  say(record ? summary(missing) : "The server does not answer");
  list.replaceChildren(...states.map(([part, state]) => item(PARTS[part], state)));
}

function stateOf(part, record) {
  if (record?.[part]) return "up";
  const known = record && (record.redis || part === "redis" || part === "frames");
  return known ? "missing" : "unknown"; // hearts beat in the broker: without it nobody hears them
}

function summary(missing) {
  if (!missing.length) return "Ready";
  return missing.length > 2 ? `${missing.length} parts missing` : `Missing: ${missing.join(", ").toLowerCase()}`;
}

function item(name, state) {
  const line = document.createElement("li");
  line.dataset.state = state;
  line.textContent = name;
  const word = document.createElement("span");
  word.textContent = state;
  line.append(word);
  return line;
}

function say(text) {
  if (words.textContent !== text) words.textContent = text; // so that it is read out once
}
