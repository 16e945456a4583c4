#!/bin/sh
# Makes the site's own certificate authority (once) and one certificate for each name.
#   ./make-certificates.sh FOLDER BROKER_HOST NAME...
#   ./make-certificates.sh /etc/palang/mosquitto broker.local sensor-bridge gw-ruang-server observer
# Existing files are kept: run it again with a further name to add one. ca.key belongs on paper or a USB stick in a
# safe, not on the broker: who holds it can be any sensor.
set -eu
umask 077

if [ $# -lt 3 ]; then
  sed -n '2,4p' "$0" >&2
  exit 2
fi
folder=$1
host=$2
shift 2
mkdir -p "$folder"
cd "$folder"

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

if [ ! -f ca.pem ]; then
  new_key ca.key
  openssl req -new -x509 -key ca.key -sha256 -days 3650 -subj "/CN=Palang Pintu site CA" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" -out ca.pem
fi

# $1 file name, $2 common name, $3 what it is for, $4 further extension
issue() {
  if [ -f "$1.pem" ]; then return 0; fi
  new_key "$1.key"
  openssl req -new -key "$1.key" -subj "/CN=$2" -out "$1.csr"
  printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n%s\n' \
    "$3" "$4" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -sha256 -days 825 -extfile "$1.ext" \
    -out "$1.pem" 2>/dev/null
  rm -f "$1.csr" "$1.ext"
  echo "made $folder/$1.pem"
}

case $host in
*[!0-9.]*) issue broker "$host" serverAuth "subjectAltName=DNS:$host" ;;
*) issue broker "$host" serverAuth "subjectAltName=IP:$host" ;;
esac
for name in "$@"; do
  issue "$name" "$name" clientAuth ""
done
chmod 644 ./*.pem
