import { accessGuests } from "./access-guests.ts";
import { accessKeyMaxTtl } from "./access-key-ttl.ts";
import { accessAllowedNetworks } from "./access-networks.ts";
import type { RuleId } from "./contract.ts";
import { linksAllow } from "./links-allow.ts";
import { linksMaxDownloads } from "./links-max-downloads.ts";
import { linksOnUpload } from "./links-on-upload.ts";
import { linksRequirePassword } from "./links-password.ts";
import { linksDefaultTtl, linksMaxTtl, linksTtlMode } from "./links-ttl.ts";
import { retentionLegalHold, retentionTrashDays, retentionVersionsKeep } from "./retention.ts";
import type { Rule } from "./rule.ts";
import { uploadsRequireChecksum } from "./uploads-checksum.ts";
import { uploadsDeniedExtensions } from "./uploads-extensions.ts";
import { uploadsMaxBytes } from "./uploads-max-bytes.ts";
import { uploadsAllowedTypes, uploadsDeniedTypes } from "./uploads-types.ts";
import { webhooksAllowedHosts } from "./webhooks-hosts.ts";

/** Every rule, in the order in which they are judged and shown. */
export const rules: { readonly [Id in RuleId]: Rule<Id> } = {
  "links.allow": linksAllow,
  "links.max_ttl_seconds": linksMaxTtl,
  "links.default_ttl_seconds": linksDefaultTtl,
  "links.ttl_mode": linksTtlMode,
  "links.require_password": linksRequirePassword,
  "links.max_downloads_required": linksMaxDownloads,
  "links.on_upload": linksOnUpload,
  "uploads.max_bytes": uploadsMaxBytes,
  "uploads.allowed_types": uploadsAllowedTypes,
  "uploads.denied_types": uploadsDeniedTypes,
  "uploads.denied_extensions": uploadsDeniedExtensions,
  "uploads.require_checksum": uploadsRequireChecksum,
  "access.allowed_cidrs": accessAllowedNetworks,
  "access.key_max_ttl_days": accessKeyMaxTtl,
  "access.guests": accessGuests,
  "webhooks.allowed_hosts": webhooksAllowedHosts,
  "retention.trash_days": retentionTrashDays,
  "retention.versions_keep": retentionVersionsKeep,
  "retention.legal_hold": retentionLegalHold,
};

/** Their ids. */
export const allRules = Object.keys(rules) as RuleId[];
