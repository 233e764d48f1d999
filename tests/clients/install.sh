#!/bin/sh
# Installs the mail programs that `make test-clients` runs. For Debian 12; nothing is done where all are there.
set -eu

# command:package
WANTED="
mbsync:isync
offlineimap:offlineimap3
neomutt:neomutt
script:bsdutils
getmail:getmail6
fetchmail:fetchmail
mpop:mpop
curl:curl
msmtp:msmtp
swaks:swaks
postfix:postfix
thunderbird:thunderbird
"

missing=""
for pair in $WANTED; do
    PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
# swaks speaks TLS through this module.
perl -MNet::SSLeay -e 1 2>/dev/null || missing="$missing libnet-ssleay-perl"
# Thunderbird's password store is made with this library.
/sbin/ldconfig -p 2>/dev/null | grep -q 'libnss3\.so' || missing="$missing libnss3"
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "This script knows Debian's apt-get only. Install by your system's own means:$missing" >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "Installing needs root. Run: sudo tests/clients/install.sh    (missing:$missing)" >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive
echo "Installing the mail programs that are missing:$missing"
apt-get update -qq
# shellcheck disable=SC2086 - a list of names
apt-get install -y -qq --no-install-recommends $missing >/dev/null
