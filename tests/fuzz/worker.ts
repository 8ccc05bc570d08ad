import { serveTargets } from "./serve_targets.ts";
import { TARGETS } from "./targets.ts";

serveTargets(TARGETS);
