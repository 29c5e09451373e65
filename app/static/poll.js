// Asks the server again and again, one question at a time, and not while the page is hidden.

const TIMEOUT_MS = 6000; // the server answers within 5 s, also when Redis does not

/** Call `ask` now and then every `everyMs` after its end; errors are its own affair. */
export function poll(ask, everyMs) {
  const turn = async () => {
    if (!document.hidden) await ask();
    setTimeout(turn, everyMs);
  };
  turn();
}

/** Return the JSON answer of `path`, with its status; throws where there is none. */
export const get = (path) => ask("GET", path);

/** The same, asked with another method. */
export async function ask(method, path) {
  const answer = await fetch(path, { method, signal: AbortSignal.timeout(TIMEOUT_MS), cache: "no-store" });
  return { ok: answer.ok, json: await answer.json() };
}
