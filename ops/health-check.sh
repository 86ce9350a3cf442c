#!/bin/bash
# The health check of the image. Exit code 0: the process is alive. The image has neither curl nor wget, and a second Node
# every ten seconds would cost more than all other work of an idle service. So bash opens the connection by itself.
host=${LISTEN_ADDRESS:-::}
[[ $host == :: || $host == 0.0.0.0 ]] && host=127.0.0.1
# MANAGEMENT_PORT, where set, is the port of /health.
exec 3<>"/dev/tcp/$host/${MANAGEMENT_PORT:-${PORT:-3000}}" || exit 1
printf 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 4 _ status _ <&3
[[ $status == 200 ]]
