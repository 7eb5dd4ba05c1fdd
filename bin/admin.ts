#!/usr/bin/env node
/** `npm run admin -- <command>`: clients and their secrets, with the caller's own AWS credentials. */
import { runAdmin } from "../admin/run.ts";

process.exitCode = await runAdmin(process.argv.slice(2), process.env);
