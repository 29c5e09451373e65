// Takes a sound by button or drop, and posts it.

const form = document.getElementById("post");
const drop = document.getElementById("drop");
const input = document.getElementById("file");
const words = document.getElementById("drop-words");
const button = document.getElementById("send");
const progress = document.getElementById("sent");
const message = document.getElementById("message");
const POSTED = {
  append: "Posted. It will be spoken in its turn.",
  next: "Posted. It will be spoken next.",
  now: "Posted. What is on air gives way once it is ready.",
};
const mode = document.getElementById("mode");
const invitation = words.innerHTML;
const maxBytes = Number(document.body.dataset.uploadMaxBytes);

let chosen = null;

export function startPosting(onPosted) {
  input.addEventListener("change", () => choose(input.files[0]));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (chosen) post(chosen, onPosted);
  });
  takeDrops();
}

function takeDrops() {
  // a file dropped beside the box would otherwise be opened in place of the page
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
  window.addEventListener("dragover", () => drop.classList.add("over"));
  window.addEventListener("dragleave", (event) => event.relatedTarget || drop.classList.remove("over"));
  window.addEventListener("drop", (event) => {
    drop.classList.remove("over");
    const files = event.dataTransfer?.files ?? [];
    if (files.length > 1) return say("One sound at a time, please.", true);
    if (files.length) choose(files[0]);
  });
}

function choose(file) {
  say("");
  if (file && file.size > maxBytes) {
    say(`${file.name} is too large: ${megabytes(file.size)}; ${megabytes(maxBytes)} are allowed.`, true);
    file = null;
  }
  chosen = file ?? null;
  button.disabled = !chosen;
  drop.classList.toggle("full", Boolean(chosen));
  if (!chosen) {
    input.value = "";
    words.innerHTML = invitation;
    return;
  }
  const name = document.createElement("b");
  name.textContent = chosen.name;
  words.replaceChildren(name, ` ${megabytes(chosen.size)}`);
}

function post(file, onPosted) {
  const content = new FormData();
  content.append("channel", document.body.dataset.channel); // first, so that a full channel refuses early
  content.append("mode", mode.value);
  content.append("priority", document.getElementById("priority").value);
  const expires = document.getElementById("expires").value;
  if (expires) content.append("expires_in", expires);
  content.append("guidance_scale", document.getElementById("guidance").value);
  content.append("inference_steps", document.getElementById("steps").value);
  content.append("audio_file", file, file.name);
  const request = new XMLHttpRequest(); // fetch tells no progress of what is sent
  request.upload.addEventListener("progress", (event) => (progress.value = event.loaded / event.total));
  request.addEventListener("loadend", () => end(request, onPosted));
  request.open("POST", "/generate_video");
  request.responseType = "json";
  button.disabled = true;
  progress.value = 0;
  progress.hidden = false;
  say("Sending …");
  request.send(content);
}

function end(request, onPosted) {
  progress.hidden = true;
  button.disabled = false;
  if (request.status === 200) {
    choose(null);
    say(POSTED[mode.value]);
    mode.value = "append"; // what cuts off is chosen each time
    onPosted();
  } else {
    say(request.response?.error?.message ?? "The sound could not be sent: the connection ended.", true);
  }
}

function say(text, wrong = false) {
  message.textContent = text;
  message.classList.toggle("wrong", wrong);
}

function megabytes(bytes) {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} kB` : `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
