# A certificate authority, a server on loopback and a client, each certificate with its key in one file.
set -eu
days=36500
curve="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

openssl req -x509 $curve -days $days -subj "/CN=ofiuco test authority" -keyout authority.key -out authority.pem \
  -addext "keyUsage=critical,keyCertSign,cRLSign" -addext "basicConstraints=critical,CA:TRUE"

signed() { # NAME SUBJECT EXTENSION...
  name=$1 subject=$2
  shift 2
  openssl req $curve -subj "/CN=$subject" -keyout "$name.key" -out "$name.request"
  printf '%s\n' "basicConstraints=CA:FALSE" "keyUsage=critical,digitalSignature" \
    "subjectKeyIdentifier=hash" "authorityKeyIdentifier=keyid" "$@" > "$name.extensions"
  openssl x509 -req -days $days -in "$name.request" -CA authority.pem -CAkey authority.key -CAcreateserial \
    -extfile "$name.extensions" -out "$name.certificate"
  cat "$name.certificate" "$name.key" > "$name.pem"
}

signed server "ofiuco test server" "extendedKeyUsage=serverAuth" "subjectAltName=IP:127.0.0.1,DNS:localhost"
signed client "ofiuco test client" "extendedKeyUsage=clientAuth"
openssl ec -in client.key -aes256 -passout pass:secret -out encrypted.key
cat client.certificate encrypted.key > encrypted.pem
rm -f ./*.key ./*.request ./*.extensions ./*.certificate ./*.srl
