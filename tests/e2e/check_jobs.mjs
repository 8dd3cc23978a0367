// What Kubernetes' models say of the Jobs that we send: node check_jobs.mjs FILE, a JSON array. One line a fault, then how
// many were checked.
import { readFileSync } from "node:fs";
import { schemaFaults, unknownFields } from "../deploy/kubernetes_models.mjs";

const jobs = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const job of jobs) {
  for (const fault of [...schemaFaults(job), ...unknownFields(job)]) console.log(`${job.metadata?.name}: ${fault}`);
}
console.log(`${jobs.length} checked`);
