#!/usr/bin/env bash
# Deploys a binary to the idle colour on DEPLOY_HOST and points nginx at it.
#
# The job that runs it is the one that `lockgate.yaml` replaces. What it cannot do is why:
# it watches nothing after the switch, cuts the requests in flight, and when it is killed half way
# it leaves both colours as they happen to be.
set -euo pipefail

binary=${1:?usage: blue_green_deploy.sh BINARY VERSION}
version=${2:?usage: blue_green_deploy.sh BINARY VERSION}

if [ -z "${DEPLOY_HOST:-}" ]; then
  echo "DEPLOY_HOST is not set: $version stays where it is"
  exit 0
fi

on_host() { ssh -o BatchMode=yes "$DEPLOY_HOST" "$@"; }

active=$(on_host cat /srv/doc-server/active || echo blue)
if [ "$active" = blue ]; then idle=green port=8082; else idle=blue port=8081; fi

echo "Deploying $version to $idle"
scp -o BatchMode=yes "$binary" "$DEPLOY_HOST:/srv/doc-server/$idle/doc-server"
on_host chmod +x "/srv/doc-server/$idle/doc-server"
on_host sudo systemctl restart "doc-server@$idle"

for attempt in $(seq 1 30); do
  if on_host curl -fsS -o /dev/null "http://127.0.0.1:$port/health"; then
    echo "server 127.0.0.1:$port;" | on_host sudo tee /etc/nginx/doc-server-upstream.conf >/dev/null
    on_host sudo systemctl reload nginx
    echo "$idle" | on_host tee /srv/doc-server/active >/dev/null
    echo "Traffic switched to $idle"
    on_host sudo systemctl stop "doc-server@$active"
    exit 0
  fi
  sleep 2
done

echo "$idle did not become healthy, $active keeps serving" >&2
on_host sudo systemctl stop "doc-server@$idle"
exit 1
