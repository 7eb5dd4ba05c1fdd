/** One immutable key per upload. */
export function objectKey(workspaceId: string, uploadId: string): string {
  return `o/${workspaceId}/${uploadId}`;
}

/** Where a form puts what becomes an upload's bytes: as often as it is posted, so it is no file's key. */
export function postedKey({ workspace_id, upload_id }: { workspace_id: string; upload_id: string }): string {
  return `f/${workspace_id}/${upload_id}`;
}

/** The upload to whose form an object was posted, or `undefined` where it is no form's. */
export function uploadOfPosted(key: string): string | undefined {
  return /^f\/ws_[0-9A-Z]{26}\/(upl_[0-9A-Z]{26})$/.exec(key)?.[1];
}

/** The upload that an object's key names, or `undefined` where it is no upload's. */
export function uploadOfKey(key: string): string | undefined {
  return /^o\/ws_[0-9A-Z]{26}\/(upl_[0-9A-Z]{26})$/.exec(key)?.[1];
}
