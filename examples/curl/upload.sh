#!/usr/bin/env bash
# Upload a file of any size in parts and print a link that expires. Needs bash and curl.
#
#   WHARF_URL=http://localhost:4400 WHARF_CLIENT_ID=cli_… WHARF_CLIENT_SECRET=whs_… bash upload.sh FILE [SECONDS]
set -euo pipefail

if [ $# -lt 1 ]; then
  sed -n '2,4s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
for name in WHARF_CLIENT_ID WHARF_CLIENT_SECRET; do
  [ -n "${!name:-}" ] && continue
  printf '%s\n' "$name is not set. For a local cloud, in Wharf's folder: eval \"\$(npm run --silent env)\"; for a deployment npm run admin -- create-client prints it." >&2
  exit 2
done
api=${WHARF_URL:-http://localhost:4400}
api=${api%/}/v1
file=$1
expire_in=${2:-86400}
name=$(basename -- "$file" | sed -e 's/[\\"]/\\&/g' -e $'s/\t/\\\\t/g')
part=$(mktemp)
trap 'rm -f "$part"' EXIT

# Headers and credentials come by standard input: arguments are seen by everybody on the machine.
send() { curl -sS --fail-with-body --retry 5 -K - "$@"; }
# The answer in $answer; one that is a refusal is shown, since it says what to do.
ask() { answer=$(send "$@") || { printf '%s\n' "$answer" >&2; exit 1; }; }
json=(-H content-type:application/json -X POST)
pick() { sed -E "s/.*\"$1\":\"?([^\",}]+)\"?.*/\1/"; }

# A token lives for 15 minutes: after 10 the next call asks for another.
asked_at=-600
call() {
  if [ $((SECONDS - asked_at)) -ge 600 ]; then
    asked_at=$SECONDS
    ask "$api/auth/token" -d grant_type=client_credentials <<<"user = \"$WHARF_CLIENT_ID:$WHARF_CLIENT_SECRET\""
    token=$(pick access_token <<<"$answer")
  fi
  ask "$api$1" "${json[@]}" -d "$2" <<<"header = \"Authorization: Bearer $token\""
}

size=$(wc -c <"$file")
call /uploads "{\"filename\":\"$name\",\"size\":$((size)),\"expire_in\":$expire_in}"
upload=$(pick upload_id <<<"$answer")
part_size=$(pick part_size <<<"$answer")
count=$(pick part_count <<<"$answer")

for ((number = 1; number <= count; number++)); do
  # dd's blocks of 1 MiB: every part_size is made of them, unless it is the whole file.
  if [ "$count" = 1 ]; then cp -- "$file" "$part"; else
    dd if="$file" of="$part" bs=1048576 skip=$(((number - 1) * (part_size / 1048576))) \
      count=$((part_size / 1048576)) 2>/dev/null
  fi
  call "/uploads/$upload/parts" "{\"first\":$number,\"count\":1}"
  # Straight to S3, which gets no token; a part may be sent again.
  send -T "$part" "$(pick url <<<"$answer")" -o /dev/null </dev/null
done

call "/uploads/$upload/finalize" "{\"expire_in\":$expire_in}"
pick share_url <<<"$answer"
