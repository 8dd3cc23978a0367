// Checks Jobs against the models of Kubernetes: node check_jobs.js FILE, a JSON array of Jobs. Prints each fault; status 1
// when there is one.
'use strict';
const fs = require('fs');
const { Job } = require('kubernetes-models/batch/v1');

const jobs = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
for (const job of jobs) {
  try {
    new Job(job).validate();
  } catch (error) {
    console.log(`${job?.metadata?.name}: ${error.message}`);
    process.exitCode = 1;
  }
}
console.log(`${jobs.length} checked`);
