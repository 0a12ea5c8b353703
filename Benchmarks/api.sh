#!/bin/bash
# Requests a second and latency of the API of a daemon that polls simulated meters over Modbus TCP and has a year of windows.
# Fails above the limit of latency. wrk is Debian's package.
# usage: api.sh BUILD-FOLDER HEDDLE-BENCH [DEVICES] [SECONDS]
set -euo pipefail
limit_ms=250
build=$(realpath "$1")
bench=$(realpath "$2")
devices=${3:-20}
seconds=${4:-10}
profiles=$(realpath "$(dirname "$0")/../device-profiles/eastron")
# As many as one simulator plays.
units_per_link=100
folder=$(mktemp -d)
programs=()
stop() {
  for program in "${programs[@]}"; do kill -TERM "$program" 2>/dev/null || true; done
  for program in "${programs[@]}"; do wait "$program" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap stop EXIT

"$bench" year "$folder/heddle.db" "$devices"

# One simulator for each link.
links=$(((devices + units_per_link - 1) / units_per_link))
{
  echo 'api: {listen: "127.0.0.1:0", rateLimit: none}'
  echo 'customers:'
  for ((index = 0; index <= (devices - 1) / 8; index++)); do echo "  - {id: customer-$index, name: Customer $index}"; done
  echo 'sites:'
  for ((index = 0; index <= (devices - 1) / 4; index++)); do
    echo "  - {id: site-$index, name: Site $index, customer: customer-$((index / 2)), timezone: Europe/Berlin}"
  done
  echo 'links:'
} >"$folder/heddle.yaml"
for ((link = 0; link < links; link++)); do
  {
    echo 'modbus:'
    echo '  units:'
    for ((index = link * units_per_link; index < devices && index < (link + 1) * units_per_link; index++)); do
      echo "    $((index % units_per_link + 1)): {profile: eastron-sdm630, role: load}"
    done
  } >"$folder/home-$link.yaml"
  "$build/heddle-simulator" home "$folder/home-$link.yaml" --ready-file "$folder/ready-$link.json" --profiles "$profiles" \
    >"$folder/simulator-$link.txt" 2>&1 &
  programs+=($!)
done
for ((link = 0; link < links; link++)); do
  for _ in $(seq 1 300); do [ -s "$folder/ready-$link.json" ] && break; sleep 0.2; done
  [ -s "$folder/ready-$link.json" ] || { cat "$folder/simulator-$link.txt"; exit 1; }
  port=$(sed -n 's/.*"modbusPort" *: *\([0-9]*\).*/\1/p' "$folder/ready-$link.json")
  echo "  - {id: link-$link, modbus: {tcp: \"127.0.0.1:$port\"}}" >>"$folder/heddle.yaml"
done
{
  echo 'devices:'
  for ((index = 0; index < devices; index++)); do
    echo "  - {id: device-$index, profile: eastron-sdm630, link: link-$((index / units_per_link)), parameters: {unit: $((index % units_per_link + 1))}, role: load, site: site-$((index / 4))}"
  done
} >>"$folder/heddle.yaml"

"$build/heddled" run --config "$folder/heddle.yaml" --store "$folder/heddle.db" --socket "$folder/heddle.sock" \
  --profiles "$profiles" >"$folder/heddled.txt" 2>&1 &
daemon=$!
programs+=("$daemon")
for _ in $(seq 1 300); do
  grep -q " runs " "$folder/heddled.txt" && break
  kill -0 "$daemon" 2>/dev/null || { cat "$folder/heddled.txt"; exit 1; }
  sleep 0.2
done
export HEDDLE_SOCKET=$folder/heddle.sock
address=$("$build/heddle" status --json | sed -n 's/.*"tcp" *: *"\([^"]*\)".*/\1/p')
key=$("$build/heddle" key create --scope admin 2>/dev/null | tail -1)
exchanges() { "$build/heddle" status --json | tr ',{' '\n\n' | sed -n 's/.*"exchanges" *: *\([0-9]*\).*/\1/p' | awk '{sum += $1} END {print sum}'; }

before=$(exchanges)
started=$(date +%s.%N)
failed=0
year="start_date=$(date -u -d '365 days ago' +%F)&end_date=$(date -u +%F)"
for request in "list of $devices devices|/v1/devices?perPage=100" "state of a device|/v1/devices/device-0/state" \
  "usage of a customer over a year by month|/api/v1/customers/customer-0/usage?$year&group_by=month" \
  "metric of a site over a year by day|/v1/metrics/consumption?filterSiteId=site-0&filterRangeRelative=1y&windowSize=DAY"; do
  path=${request#*|}
  status=$(curl -s -o "$folder/answer.txt" -w '%{http_code}' -H "Authorization: Bearer $key" "http://$address$path")
  [ "$status" = 200 ] || { cat "$folder/answer.txt"; exit 1; }
  # One connection for the latency that one client sees.
  wrk -t1 -c1 -d"${seconds}s" --latency -H "Authorization: Bearer $key" "http://$address$path" >"$folder/wrk.txt"
  awk -v what="GET ${request%%|*}" -v limit="$limit_ms" '
    function ms(text) { return text ~ /us$/ ? text / 1000 : text ~ /ms$/ ? text + 0 : text * 1000 }
    $1 == "50%" { p50 = ms($2) }
    $1 == "99%" { p99 = ms($2) }
    $1 == "Requests/sec:" { rate = $2 }
    /Non-2xx/ { bad = $0 }
    END {
      printf "%-62s %8.0f /s  p50 %.2f ms, p99 %.2f ms  (p99 at most %d ms) %s\n", what, rate, p50, p99, limit, bad
      exit (p99 <= limit && bad == "") ? 0 : 1
    }' "$folder/wrk.txt" || failed=1
done
# An exchange with this meter is a block of registers; what was polled meanwhile shows that the daemon did not stand still.
echo "$before $(exchanges) $started $(date +%s.%N)" |
  awk '{printf "%-62s %8.0f /s\n", "Modbus requests meanwhile", ($2 - $1) / ($4 - $3)}'
rss_kb=$(awk '/^VmRSS/ {print $2}' "/proc/$daemon/status")
printf '%-62s %6.1f MB\n' "resident memory with $devices devices and a year of windows" "$(echo "$rss_kb" | awk '{print $1 / 1024}')"
exit $failed
