/** One immutable key per upload. */
export function objectKey(workspaceId: string, uploadId: string): string {
  return `o/${workspaceId}/${uploadId}`;
}

/** The upload that an object's key names, or `undefined` where it is no upload's. */
export function uploadOfKey(key: string): string | undefined {
  return /^o\/ws_[0-9A-Z]{26}\/(upl_[0-9A-Z]{26})$/.exec(key)?.[1];
}
