import { BROKEN_TARGETS } from "./broken_targets.ts";
import { serveTargets } from "./serve_targets.ts";

serveTargets(BROKEN_TARGETS);
