// The page: plays the stream, takes a sound, lists jobs, tells what is missing.

import { showJobs } from "./jobs.js";
import { startPlayer } from "./player.js";
import { poll } from "./poll.js";
import { startPosting } from "./post.js";
import { showReadiness } from "./readiness.js";

const EVERY_MS = 1000;

startPlayer();
startPosting(showJobs);
poll(showJobs, EVERY_MS);
poll(showReadiness, EVERY_MS);
