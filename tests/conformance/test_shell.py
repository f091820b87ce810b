# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented way in, with curl and openssl alone: no library that could share a mistake with the emulator."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from conformance_support import Emulator

SCRIPT = r"""
set -eu
cd "$1"
url=$2 ca=$3

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
# The answer's status on the last line, its body before it.
ask() { curl --silent --show-error --cacert "$ca" --write-out '\n%{http_code}' "$@"; }
expect() { wanted=$1; shift; answer=$(ask "$@"); test "${answer##*
}" = "$wanted" || { echo "wanted $wanted: $* => $answer" >&2; exit 1; }; }
field() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p"; }

# The CA that the cluster hands out is the one on disk.
curl --silent --cacert "$ca" "$url/ca/dcos-ca.crt" | cmp - "$ca"
openssl verify -x509_strict -CAfile "$ca" "$ca" >verified

json='Content-Type: application/json'
expect 200 -X POST "$url/acs/api/v1/auth/login" -H "$json" -d '{"uid": "bootstrapuser", "password": "deleteme"}'
admin="Authorization: token=$(printf %s "$answer" | field token)"

# A key pair, an account, a grant.
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem 2>openssl.log
openssl pkey -in private.pem -pubout -out public.pem
public=$(awk '{ printf "%s\\n", $0 }' public.pem)
printf '{"description": "by hand", "public_key": "%s"}' "$public" >account.json
expect 201 -X PUT "$url/acs/api/v1/users/svc-shell" -H "$admin" -H "$json" -d @account.json
expect 409 -X PUT "$url/acs/api/v1/users/svc-shell" -H "$admin" -H "$json" -d @account.json
acl="$url/acs/api/v1/acls/dcos:secrets:default:%252Fshell%252F*"
expect 400 -X PUT "$acl/users/svc-shell/read" -H "$admin"
expect 201 -X PUT "$acl" -H "$admin" -H "$json" -d '{"description": "shell"}'
expect 204 -X PUT "$acl/users/svc-shell/read" -H "$admin"
expect 409 -X PUT "$acl/users/svc-shell/read" -H "$admin"

# A secret, text and binary.
expect 201 -X PUT "$url/secrets/v1/secret/default/shell%2Ftext" -H "$admin" -H "$json" -d '{"value": "hello"}'
openssl rand -out random.bin 4096
expect 201 -X PUT "$url/secrets/v1/secret/default/shell/binary" -H "$admin" \
    -H 'Content-Type: application/octet-stream' --data-binary @random.bin

# The service's own login: a token of five minutes, signed with its key.
header=$(printf '{"alg":"RS256","typ":"JWT"}' | base64url)
payload=$(printf '{"uid":"svc-shell","exp":%d}' $(($(date +%s) + 300)) | base64url)
signature=$(printf %s "$header.$payload" | openssl dgst -sha256 -sign private.pem -binary | base64url)
printf '{"uid": "svc-shell", "token": "%s"}' "$header.$payload.$signature" >login.json
expect 200 -X POST "$url/acs/api/v1/auth/login" -H "$json" -c cookies -d @login.json
token=$(printf %s "$answer" | field token)
service="Authorization: token=$token"
grep -q "dcos-acs-auth-cookie.$token" cookies

# The token is signed by the key that the cluster shows: rebuild that key from the JWKS and let openssl check.
curl --silent --cacert "$ca" "$url/acs/api/v1/auth/jwks" >jwks.json
modulus=$(field n <jwks.json | tr -- '-_' '+/')==
{ printf 'asn1=SEQUENCE:spki\n[spki]\nalgorithm=SEQUENCE:rsa\nkey=BITWRAP,SEQUENCE:pair\n'
  printf '[rsa]\noid=OID:rsaEncryption\nparameters=NULL\n[pair]\ne1=INTEGER:0x'
  printf %s "$modulus" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n'
  printf '\ne2=INTEGER:0x010001\n'; } >jwks.cnf
openssl asn1parse -genconf jwks.cnf -noout -out jwks.der
openssl pkey -pubin -inform DER -in jwks.der -pubout -out jwks.pem
signed=${token%.*} signature=$(printf %s "${token##*.}" | tr -- '-_' '+/')==
printf %s "$signature" | openssl base64 -d -A >token.sig
printf %s "$signed" | openssl dgst -sha256 -verify jwks.pem -signature token.sig >verified

# What it may, and what it may not.
expect 200 "$url/secrets/v1/secret/default/shell/text" -H "$service"
test "$answer" = '{"value": "hello"}
200'
expect 200 "$url/secrets/v1/secret/default/shell/text" -b cookies
curl --silent --cacert "$ca" -H "$service" "$url/secrets/v1/secret/default/shell/binary" | cmp - random.bin
expect 403 -X DELETE "$url/secrets/v1/secret/default/shell/text" -H "$service"
expect 403 "$url/acs/api/v1/users" -H "$service"
expect 401 "$url/acs/api/v1/users"
expect 200 "$url/acs/api/v1/users/svc-shell/permissions" -H "$service"

# Without the account there is no login.
expect 204 -X DELETE "$url/acs/api/v1/users/svc-shell" -H "$admin"
expect 401 -X POST "$url/acs/api/v1/auth/login" -H "$json" -d @login.json
echo done
"""


# The tutorial's own programs, which make test does not install: it needs Python, make and git only.
@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl")
def test_with_curl_and_openssl(emulator: Emulator, tmp_path: Path) -> None:
    """The vendor's tutorial for custom services: account, secret, grant, login token, use."""
    (tmp_path / "script.sh").write_text(SCRIPT)
    command = ["sh", str(tmp_path / "script.sh"), str(tmp_path), emulator.url, emulator.ca_path]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (0, "done\n"), result.stderr


def test_with_requests(emulator: Emulator) -> None:
    """The library that most clients use, with the certificate verified."""
    requests = pytest.importorskip("requests")
    with requests.Session() as session:
        session.verify = emulator.ca_path
        session.trust_env = False
        body = {"uid": "bootstrapuser", "password": "deleteme"}
        answer = session.post(f"{emulator.url}/acs/api/v1/auth/login", json=body)
        assert answer.status_code == 200
        # The session sends the cookie by itself.
        assert session.get(f"{emulator.url}/acs/api/v1/users").status_code == 200
        session.cookies.clear()
        assert session.get(f"{emulator.url}/acs/api/v1/users").status_code == 401
