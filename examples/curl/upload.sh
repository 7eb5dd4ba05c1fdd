#!/usr/bin/env bash
# Upload a file of any size in chunks of 8 MiB and print a link that expires. Needs bash and curl.
#
#   WHARF_URL=http://localhost:4400 WHARF_CLIENT_ID=cli_… WHARF_CLIENT_SECRET=whs_… bash upload.sh FILE [SECONDS]
set -euo pipefail

api=${WHARF_URL:-http://localhost:4400}/v1
file=$1
expire_in=${2:-86400}
name=$(basename "$file" | sed 's/[\\"]/\\&/g')
chunk=$(mktemp)
trap 'rm -f "$chunk"' EXIT

# Headers and credentials come by standard input: arguments are seen by everybody on the machine.
call() { curl -sS --fail-with-body --retry 3 -K - "$@" <<<"${auth:-}"; }
pick() { sed -E "s/.*\"$1\":\"([^\"]+)\".*/\1/"; }
json=(-H content-type:application/json -X POST)

auth="user = \"$WHARF_CLIENT_ID:$WHARF_CLIENT_SECRET\""
token=$(call "$api/auth/token" -d grant_type=client_credentials | pick access_token)
auth="header = \"Authorization: Bearer $token\""

size=$(wc -c <"$file")
upload=$(call "$api/uploads" "${json[@]}" -d "{\"filename\":\"$name\",\"size\":$((size))}" | pick upload_id)

number=0
while dd if="$file" of="$chunk" bs=8388608 skip="$number" count=1 2>/dev/null && [ -s "$chunk" ]; do
  number=$((number + 1))
  # The API answers 307 and curl sends the chunk on to S3; a numbered chunk may be sent again.
  call -L -T "$chunk" -H content-type:application/octet-stream "$api/uploads/$upload/chunks?part=$number"
done

call "$api/uploads/$upload/finalize" "${json[@]}" -d "{\"expire_in\":$expire_in}" | pick share_url
