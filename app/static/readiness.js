// Shows which parts of the service answer.

import { get } from "./poll.js";

const PARTS = {
  redis: "Redis, jobs",
  frames: "Redis, frames",
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
    mark.dataset.state = "missing";
    say("No answer");
    list.replaceChildren(item("The server does not answer", false));
  }
}

function show(state) {
  const missing = Object.keys(PARTS).filter((part) => !state[part]);
  mark.dataset.state = missing.length ? "missing" : "ready";
  say(summary(missing));
  list.replaceChildren(...Object.entries(PARTS).map(([part, name]) => item(name, state[part])));
}

function summary(missing) {
  if (!missing.length) return "Ready";
  return missing.length === 1 ? `Missing: ${PARTS[missing[0]].toLowerCase()}` : `${missing.length} parts missing`;
}

function item(name, there) {
  const line = document.createElement("li");
  line.dataset.there = there;
  line.textContent = name;
  const state = document.createElement("span");
  state.textContent = there ? "up" : "missing";
  line.append(state);
  return line;
}

function say(text) {
  if (words.textContent !== text) words.textContent = text; // so that it is read out once
}
