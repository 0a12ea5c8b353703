#!/bin/bash
# Resident memory of heddled with the demo home, after it has run for a while. Fails above the limit.
# usage: memory.sh BUILD-FOLDER [SECONDS]
set -euo pipefail
limit_mb=48
build=$(realpath "$1")
seconds=${2:-30}
profiles=$(realpath "$(dirname "$0")/../device-profiles")
export XDG_RUNTIME_DIR
XDG_RUNTIME_DIR=$(mktemp -d)

"$build/heddle" demo --profiles "$profiles" >"$XDG_RUNTIME_DIR/demo.txt" 2>&1 &
demo=$!
stop() {
  kill -INT "$demo" 2>/dev/null || true
  wait "$demo" 2>/dev/null || true
  rm -rf "$XDG_RUNTIME_DIR"
}
trap stop EXIT

for _ in $(seq 1 150); do
  grep -q "Ctrl-C stops everything" "$XDG_RUNTIME_DIR/demo.txt" && break
  kill -0 "$demo" 2>/dev/null || { cat "$XDG_RUNTIME_DIR/demo.txt"; exit 1; }
  sleep 0.2
done
sleep "$seconds"

daemon=$(pgrep -f "heddled run --config $XDG_RUNTIME_DIR" | head -1)
rss_kb=$(awk '/^VmRSS/ {print $2}' "/proc/$daemon/status")
anonymous_kb=$(awk '/^RssAnon/ {print $2}' "/proc/$daemon/status")
ticks=$(awk '{print $14 + $15}' "/proc/$daemon/stat")
printf '%-62s %6.1f MB  (anonymous %.1f MB, limit %d MB)\n' \
  "resident memory of heddled with the demo, after ${seconds} s" \
  "$(echo "$rss_kb" | awk '{print $1 / 1024}')" "$(echo "$anonymous_kb" | awk '{print $1 / 1024}')" "$limit_mb"
printf '%-62s %6.2f s\n' "CPU time of heddled so far" "$(echo "$ticks $(getconf CLK_TCK)" | awk '{print $1 / $2}')"
[ "$rss_kb" -le $((limit_mb * 1024)) ] || { echo "more than $limit_mb MB"; exit 1; }
