// Lists the jobs, newest first, each with a button that stops it; a job's line is made once and then changed.

import { ask, get } from "./poll.js";

const FPS = 25;
const LISTED = 20;
const STATES = {
  queued: "Waiting",
  preparing: "Preparing",
  rendering: "Ready",
  on_air: "On air",
  done: "Spoken",
  cancelled: "Stopped",
  failed: "Failed",
  expired: "Expired",
};
const ENDED = ["done", "cancelled", "failed", "expired"];
const MODES = { append: "", next: "Goes next", now: "Goes on air as soon as it is ready" };

const list = document.getElementById("jobs");
const empty = document.getElementById("no-jobs");
const news = document.getElementById("news");
const template = document.getElementById("job");
const lines = new Map();

export async function showJobs() {
  let answer;
  try {
    answer = await get(`/jobs?limit=${LISTED}`);
  } catch {
    return; // the readiness says so
  }
  if (answer.ok) show(answer.json.jobs);
}

function show(jobs) {
  empty.hidden = jobs.length > 0;
  const known = new Set(jobs.map((job) => job.id));
  for (const [id, line] of lines) {
    if (!known.has(id)) {
      line.remove();
      lines.delete(id);
    }
  }
  jobs.forEach((job, index) => {
    const line = lines.get(job.id) ?? make(job);
    update(line, job);
    if (list.children[index] !== line) list.insertBefore(line, list.children[index] ?? null);
  });
}

function make(job) {
  const line = template.content.firstElementChild.cloneNode(true);
  const time = line.querySelector("time");
  const posted = new Date(job.posted_at);
  time.dateTime = job.posted_at;
  time.textContent = posted.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  time.title = posted.toLocaleString();
  line.querySelector(".name").textContent = job.sound_name;
  line.querySelector(".name").title = job.sound_name;
  const stop = line.querySelector(".stop");
  stop.setAttribute("aria-label", `Stop ${job.sound_name}`);
  stop.addEventListener("click", () => cancel(job, line));
  lines.set(job.id, line);
  return line;
}

async function cancel(job, line) {
  const stop = line.querySelector(".stop");
  stop.disabled = true;
  delete line.dataset.refusal;
  try {
    const answer = await ask("DELETE", `/jobs/${job.id}`);
    if (!answer.ok) line.dataset.refusal = answer.json.error.message;
  } catch {
    line.dataset.refusal = "The server does not answer: it may not have been stopped";
  }
  await showJobs();
  stop.disabled = false;
}

function update(line, job) {
  const before = line.dataset.state;
  if (before && before !== job.state) news.textContent = `${job.sound_name}: ${STATES[job.state] ?? job.state}`;
  line.dataset.state = job.state;
  line.querySelector(".state").textContent = STATES[job.state] ?? job.state;
  line.querySelector("progress").value = job.frames ? job.frames_aired / job.frames : 0;
  line.querySelector(".length").textContent = length(job);
  line.querySelector(".stop").hidden = ENDED.includes(job.state);
  const turn = line.querySelector(".turn");
  turn.textContent = ENDED.includes(job.state) || job.state === "on_air" ? "" : wishes(job);
  turn.hidden = !turn.textContent;
  const why = line.querySelector(".why");
  why.textContent = [sentence(line.dataset.refusal), reason(job)].filter(Boolean).join(" ");
  why.hidden = !why.textContent;
}

function wishes(job) {
  const priority = job.priority ? `Priority ${job.priority}` : "";
  const expires = job.expires_at ? `Expires at ${new Date(job.expires_at).toLocaleTimeString()}` : "";
  return [MODES[job.mode], priority, expires].filter(Boolean).join(" · ");
}

function length(job) {
  if (job.frames === null) return "";
  const all = clock(job.frames / FPS);
  return job.state === "on_air" || job.interrupted ? `${clock(job.frames_aired / FPS)} of ${all}` : all;
}

function reason(job) {
  const degraded = job.degraded ? "in parts the lips stood still, or frames were not sent" : "";
  return sentence(job.error) || [job.warning, degraded].filter(Boolean).map(sentence).join(" ");
}

function sentence(text) {
  return text ? text[0].toUpperCase() + text.slice(1).replace(/\.?$/, ".") : "";
}

function clock(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}
