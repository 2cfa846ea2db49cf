import type { AuditRecord, Verified } from "./verified.js";
export declare function auditOf(auth: Verified): AuditRecord;
