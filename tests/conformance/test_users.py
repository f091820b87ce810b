# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and service accounts."""

from __future__ import annotations

from collections.abc import Callable

from conformance_support import KEY, Emulator, Names, Row, encode, login_token, public_pem, table

GET = "bouncer-observed: Users GET"
PUT = "bouncer-observed: Users PUT"
UID = "bouncer-observed: uid"
PATCH = "bouncer-observed: Users PATCH and DELETE"
NOT_KNOWN = "User with uid `{unknown}` not known."
UNKNOWN = "ERR_UNKNOWN_USER_ID"
INVALID = "ERR_INVALID_DATA"
ONE_OF = "One of `password` or `public_key` must be provided"
HINT = "Unexpected JSON input. Hint: "
KEYED = {"public_key": "{public_key}"}
SECRET = {"password": "abcde"}


def reads_back(**expected: object) -> Callable[[Emulator, Names], None]:
    def check(emulator: Emulator, names: Names) -> None:
        user = emulator.iam("GET", f"/users/{names['unknown']}").json
        assert {name: user[name] for name in expected} == expected

    return check


def unchanged(emulator: Emulator, names: Names) -> None:
    user = emulator.iam("GET", names.fill("/users/{account}")).json
    assert (user["description"], user["public_key"]) == ("A", public_pem(KEY))


LONG = "x" * 100_000
TEXT = " Ünïcödé\n\tand more "


@table(
    Row(
        f"{GET}: a service account",
        "GET /users/{account}",
        200,
        answer={
            "uid": "{account}",
            "description": "A",
            "url": "/acs/api/v1/users/{account}",
            "is_remote": False,
            "is_service": True,
            "provider_type": "internal",
            "provider_id": "",
            "public_key": "{public_key}",
        },
    ),
    Row(
        f"{GET}: a password user has no public_key",
        "GET /users/{person}",
        200,
        answer={
            "uid": "{person}",
            "description": "P",
            "url": "/acs/api/v1/users/{person}",
            "is_remote": False,
            "is_service": False,
            "provider_type": "internal",
            "provider_id": "",
        },
    ),
    Row(
        f"{GET}: unknown uid is a 400",
        "GET /users/{unknown}",
        400,
        code=UNKNOWN,
        text=NOT_KNOWN,
        title="400 Bad Request",
    ),
    Row(f"{GET}: bad uid", "GET /users/a%20b", 400, code=UNKNOWN, text="User with uid `a b` not known."),
    Row(f"{GET}: other letter case", "GET /users/BOOTSTRAPUSER", 400, code=UNKNOWN),
    Row(f"{GET}: percent-encoding is decoded", "GET /users/%62ootstrapuser", 200),
    Row(f"{PUT}: a service account", "PUT /users/{unknown}", 201, {**KEYED, "description": "d"}, answer=b""),
    Row(
        f"{PUT}: repeated with the same body",
        "PUT /users/{account}",
        409,
        {**KEYED, "description": "A"},
        code="ERR_USER_EXISTS",
        text="User with id `{account}` already exists.",
        title="409 Conflict",
    ),
    Row(
        f"{PUT}: repeated with another body",
        "PUT /users/{account}",
        409,
        SECRET,
        code="ERR_USER_EXISTS",
        also=unchanged,
    ),
    Row(f"{PUT}: no description", "PUT /users/{unknown}", 201, KEYED, also=reads_back(description="")),
    Row(
        f"{PUT}: any text as description",
        "PUT /users/{unknown}",
        201,
        {**SECRET, "description": TEXT},
        also=reads_back(description=TEXT),
    ),
    Row(
        f"{PUT}: a long description",
        "PUT /users/{unknown}",
        201,
        {**SECRET, "description": LONG},
        also=reads_back(description=LONG),
    ),
    Row(
        f"{PUT}: duplicate key in the JSON",
        "PUT /users/{unknown}",
        201,
        b'{"description": "first", "password": "abcde", "description": "last"}',
        {"Content-Type": "application/json"},
        also=reads_back(description="last"),
    ),
    Row(f"{PUT}: password of five characters", "PUT /users/{unknown}", 201, SECRET),
    Row(
        f"{PUT}: shorter password",
        "PUT /users/{unknown}",
        400,
        {"password": "abcd"},
        code=INVALID,
        text="Password does not match rules: Must be at least 5 characters long.",
    ),
    Row(f"{PUT}: both credentials", "PUT /users/{unknown}", 400, {**SECRET, **KEYED}, code=INVALID, text=ONE_OF),
    Row(f"{PUT}: neither", "PUT /users/{unknown}", 400, {"description": "d"}, code=INVALID, text=ONE_OF),
    Row(f"{PUT}: empty object", "PUT /users/{unknown}", 400, {}, code=INVALID, text=ONE_OF),
    Row(
        "iam-api section 2: no remote user is made from an e-mail address",
        "PUT /users/a@example.com",
        400,
        {},
        code=INVALID,
    ),
    Row(
        f"{PUT}: empty password",
        "PUT /users/{unknown}",
        400,
        {"password": ""},
        code=INVALID,
        text="`password` must not be empty when provided",
    ),
    Row(
        f"{PUT}: empty key",
        "PUT /users/{unknown}",
        400,
        {"public_key": ""},
        code=INVALID,
        text="`public_key` must not be empty when provided",
    ),
    Row(
        f"{PUT}: key null",
        "PUT /users/{unknown}",
        400,
        {"public_key": None},
        text=HINT + "None is not of type 'string'",
    ),
    Row(
        f"{PUT}: description null",
        "PUT /users/{unknown}",
        400,
        {**SECRET, "description": None},
        text=HINT + "None is not of type 'string'",
        title="Bad Request",
    ),
    Row(
        "iam-api section 2: a number",
        "PUT /users/{unknown}",
        400,
        {"description": 5},
        text=HINT + "5 is not of type 'string'",
    ),
    Row(
        f"{PUT}: a further property",
        "PUT /users/{unknown}",
        400,
        {**SECRET, "uid": "x"},
        text=HINT + "Additional properties are not allowed ('uid' was unexpected)",
    ),
    Row(
        f"{PUT}: several further properties",
        "PUT /users/{unknown}",
        400,
        {**SECRET, "uid": "x", "foo": 1},
        text=HINT + "Additional properties are not allowed ('uid', 'foo' were unexpected)",
    ),
    Row("iam-api section 2: no symmetric secret", "PUT /users/{unknown}", 400, {"secret": "abcdefgh"}),
    Row(f"{PUT}: ignored properties", "PUT /users/{unknown}", 201, {**SECRET, "cluster_url": "c", "creator_uid": "u"}),
    Row(
        f"{PUT}: internal, no provider",
        "PUT /users/{unknown}",
        201,
        {**KEYED, "provider_type": "internal", "provider_id": ""},
    ),
    Row(
        f"{PUT}: oidc without provider",
        "PUT /users/{unknown}",
        400,
        {"provider_type": "oidc"},
        code=INVALID,
        text="Invalid provider_id: provider_id must be provided if provider_type is saml or oidc",
    ),
    Row(f"{PUT}: saml without provider", "PUT /users/{unknown}", 400, {"provider_type": "saml"}, code=INVALID),
    *(
        Row(
            f"iam-api section 2: a user of a provider ({provider})",
            "PUT /users/{unknown}",
            201,
            {"description": "d", "provider_type": provider, "provider_id": "sso"},
            also=reads_back(description="d", provider_type=provider, provider_id="sso", is_remote=True),
        )
        for provider in ("oidc", "saml")
    ),
    Row(f"{PUT}: ldap", "PUT /users/{unknown}", 201, {"provider_type": "ldap"}),
    Row(
        "iam-api section 2: external with password",
        "PUT /users/{unknown}",
        400,
        {"provider_type": "ldap", **SECRET},
        code=INVALID,
        text="external provider: `password` is unexpected",
    ),
    Row(
        "iam-api section 2: external with key",
        "PUT /users/{unknown}",
        400,
        {"provider_type": "ldap", **KEYED},
        code=INVALID,
        text="external provider: `public_key` is unexpected",
    ),
    Row(
        f"{PUT}: unknown provider type",
        "PUT /users/{unknown}",
        400,
        {"provider_type": "kerberos"},
        code=INVALID,
        text="Invalid provider_type: kerberos",
    ),
    Row(
        f"{PUT}: internal with a provider",
        "PUT /users/{unknown}",
        400,
        {**KEYED, "provider_id": "x"},
        code=INVALID,
        text="Invalid provider_id: provider_id must not be provided unless provider_type is saml or oidc",
    ),
    Row(
        f"{PUT}, order: schema before emptiness",
        "PUT /users/{unknown}",
        400,
        {"password": "", "foo": 1},
        text=HINT + "Additional properties are not allowed ('foo' was unexpected)",
    ),
    Row(
        f"{PUT}, order: emptiness before provider",
        "PUT /users/{unknown}",
        400,
        {"password": "", "provider_type": "x"},
        text="`password` must not be empty when provided",
        code=INVALID,
    ),
    Row(
        f"{PUT}, order: bad key on a known uid",
        "PUT /users/{account}",
        400,
        {"public_key": "x"},
        code="ERR_INVALID_PUBLIC_KEY",
    ),
    Row(
        f"{PUT}, order: bad key before bad uid",
        "PUT /users/a%20b",
        400,
        {"public_key": "x"},
        code="ERR_INVALID_PUBLIC_KEY",
    ),
    Row(f"{PUT}, order: short password before bad uid", "PUT /users/a%20b", 400, {"password": "x"}, code=INVALID),
    Row(f"{UID}: all kinds of characters", "PUT /users/aZ0-_@.{unknown}", 201, SECRET),
    Row(f"{UID}: 96 characters", "PUT /users/" + "a" * 96, 201, SECRET),
    Row(
        f"{UID}: 97 characters",
        "PUT /users/" + "a" * 97,
        400,
        SECRET,
        code="ERR_INVALID_USER_ID",
        text="Invalid user ID: " + "a" * 97,
    ),
    *(Row(f"{UID}: just punctuation", f"PUT /users/{uid}", 201, KEYED) for uid in ("-", "_", "@", ".", "..")),
    Row(
        f"{UID}: reserved",
        "PUT /users/anonymous",
        400,
        SECRET,
        code="ERR_INVALID_USER_ID",
        text="Invalid user ID: anonymous",
    ),
    *(
        Row(
            f"{UID}: not allowed, shown decoded",
            f"PUT /users/a{sent}b",
            400,
            SECRET,
            code="ERR_INVALID_USER_ID",
            text=f"Invalid user ID: a{shown}b",
        )
        for sent, shown in (
            ("%20", " "),
            ("+", "+"),
            (":", ":"),
            ("~", "~"),
            (",", ","),
            ("'", "'"),
            ("%60", "`"),
            ("%3F", "?"),
            ("%23", "#"),
            ("%00", "\0"),
            ("%C3%A9", "é"),
            ("$", "$"),
        )
    ),
    Row(f"{UID}: a slash", "PUT /users/a/b", 404, SECRET, answer=b""),
    Row(f"{UID}: an encoded slash", "PUT /users/a%2Fb", 404, SECRET, answer=b""),
    Row(
        f"{UID}: a twice encoded slash",
        "PUT /users/a%252Fb",
        400,
        SECRET,
        code="ERR_INVALID_USER_ID",
        text="Invalid user ID: a%2Fb",
    ),
    Row(f"{UID}: one trailing newline passes", "PUT /users/{unknown}%0A", 201, SECRET),
    Row(f"{UID}: two do not", "PUT /users/{unknown}%0A%0A", 400, SECRET, code="ERR_INVALID_USER_ID"),
    Row(f"{UID}: letter case distinguishes", "PUT /users/BootstrapUser", 201, SECRET),
    Row(f"{PATCH}: description", "PATCH /users/{account}", 204, {"description": "new"}, answer=b""),
    Row(f"{PATCH}: same description", "PATCH /users/{account}", 204, {"description": "A"}),
    Row(
        f"{PATCH}: empty description",
        "PATCH /users/{account}",
        204,
        {"description": ""},
        also=lambda e, n: _has_description(e, n, ""),
    ),
    Row(
        f"{PATCH}: a key cannot be changed",
        "PATCH /users/{account}",
        400,
        KEYED,
        text=HINT + "Additional properties are not allowed ('public_key' was unexpected)",
        also=unchanged,
    ),
    Row(
        f"{PATCH}: nor together with a description",
        "PATCH /users/{account}",
        400,
        {**KEYED, "description": "n"},
        also=unchanged,
    ),
    Row(
        f"{PATCH}: empty object",
        "PATCH /users/{account}",
        400,
        {},
        code=INVALID,
        text="One of `description` and `password` must be provided.",
    ),
    Row(f"{PATCH}: empty object, unknown uid", "PATCH /users/{unknown}", 400, {}, code=INVALID),
    Row(f"{PATCH}: no body", "PATCH /users/{account}", 400, text="Request has bad Content-Type or lacks JSON data"),
    Row(
        f"{PATCH}: Content-Length 0",
        "PATCH /users/{account}",
        400,
        b"",
        text="Request has bad Content-Type or lacks JSON data",
    ),
    Row(
        f"{PATCH}: description null",
        "PATCH /users/{account}",
        400,
        {"description": None},
        text=HINT + "None is not of type 'string'",
    ),
    *(
        Row(
            f"{PATCH}: {name}",
            "PATCH /users/{account}",
            400,
            {name: "x"},
            text=f"{HINT}Additional properties are not allowed ('{name}' was unexpected)",
        )
        for name in ("uid", "provider_type", "is_service")
    ),
    Row(
        f"{PATCH}: password of a service account",
        "PATCH /users/{account}",
        400,
        {**SECRET, "description": "n"},
        code=INVALID,
        text="Password update is not available for service user accounts.",
        also=unchanged,
    ),
    Row(
        f"{PATCH}: password",
        "PATCH /users/{person}",
        204,
        {"password": "another"},
        also=lambda e, n: _logs_in(e, n, "another"),
    ),
    Row(
        f"{PATCH}: short password",
        "PATCH /users/{person}",
        400,
        {"password": "abcd"},
        code=INVALID,
        also=lambda e, n: _logs_in(e, n, Names.PASSWORD),
    ),
    Row(
        f"{PATCH}: empty password",
        "PATCH /users/{person}",
        400,
        {"password": ""},
        code=INVALID,
        text="Password does not match rules: Must be at least 5 characters long.",
    ),
    Row(f"{PATCH}: unknown uid", "PATCH /users/{unknown}", 400, {"description": "d"}, code=UNKNOWN, text=NOT_KNOWN),
    Row(f"{PATCH}: delete", "DELETE /users/{account}", 204, answer=b""),
    Row(f"{PATCH}: delete an unknown uid", "DELETE /users/{unknown}", 400, code=UNKNOWN, text=NOT_KNOWN),
    Row(f"{PATCH}: delete a bad uid", "DELETE /users/a%20b", 400, code=UNKNOWN),
    Row(
        "iam-api section 2: the last superuser stays",
        "DELETE /users/bootstrapuser",
        400,
        code="ERR_NO_MORE_SUPERUSERS",
        text="Last member from `superusers` group cannot be removed",
    ),
    Row("iam-api section 2: groups of an unknown user", "GET /users/{unknown}/groups", 400, code=UNKNOWN),
    Row("iam-api section 2: permissions of an unknown user", "GET /users/{unknown}/permissions", 400, code=UNKNOWN),
    Row(
        "iam-api section 2: permissions of nobody special",
        "GET /users/{account}/permissions",
        200,
        answer={"direct": [], "groups": []},
    ),
    Row(
        "iam-api section 2: groups",
        "GET /users/{member}/groups",
        200,
        answer={
            "array": [
                {
                    "membershipurl": "/acs/api/v1/groups/{group}/users/{member}",
                    "group": {
                        "gid": "{group}",
                        "url": "/acs/api/v1/groups/{group}",
                        "description": "G",
                        "provider_type": "internal",
                    },
                }
            ]
        },
    ),
)
def test_table(row: Row, emulator: Emulator, names: Names) -> None:
    row.check(emulator, names)


def _has_description(emulator: Emulator, names: Names, description: str) -> None:
    assert emulator.iam("GET", names.fill("/users/{account}")).json["description"] == description


def _logs_in(emulator: Emulator, names: Names, password: str) -> None:
    assert emulator.login(uid=names["person"], password=password).status == 200


def test_lists_keep_the_kinds_apart(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: Users GET: services only with exactly `type=service`; creation order; whole objects."""
    account, person = names["account"], names["person"]
    regular = [user["uid"] for user in emulator.iam("GET", "/users").json["array"]]
    assert account not in regular
    assert regular[0] == "bootstrapuser"
    assert regular[-1] == person
    for query in ("type=regular", "type=Service", "type=", "type=service&type=service", "x=y"):
        assert [user["uid"] for user in emulator.iam("GET", f"/users?{query}").json["array"]] == regular
    services = emulator.iam("GET", "/users?type=service").json["array"]
    assert services[-1] == emulator.iam("GET", f"/users/{account}").json
    assert not {user["uid"] for user in services} & set(regular)


def test_key_order_of_a_user(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: Users GET: the keys' order."""
    keys = ["uid", "description", "url", "is_remote", "is_service", "provider_type", "provider_id", "public_key"]
    assert list(emulator.iam("GET", names.fill("/users/{account}")).json) == keys


def test_a_remote_user(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: Users PUT: oidc with a provider makes a remote user; Login: it has no password here."""
    user = emulator.iam("GET", names.fill("/users/{remote}")).json
    assert (user["is_remote"], user["provider_type"], user["provider_id"]) == (True, "oidc", "https://idp.example")
    assert emulator.login(uid=names["remote"], password="whatever").status == 401


def test_delete_removes_everything_but_the_uid(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: Users PATCH and DELETE: login is refused at once, the uid is free at once.

    iam-api section 2: grants and memberships go with the account.
    """
    uid = names["member"]
    emulator.grant(uid, names["rid"], "read")
    emulator.must(204, "DELETE", f"/users/{uid}")
    assert emulator.login(uid=uid, token=login_token(KEY, uid=uid)).status == 401
    assert emulator.iam("DELETE", f"/users/{uid}").code == "ERR_UNKNOWN_USER_ID"
    emulator.must(201, "PUT", f"/users/{uid}", {"public_key": public_pem(KEY)})
    assert emulator.iam("GET", f"/users/{uid}/permissions").json == {"direct": [], "groups": []}
    assert emulator.iam("GET", f"/users/{uid}/groups").json == {"array": []}
    assert emulator.iam("GET", f"/acls/{encode(names['rid'])}/permissions").json == {"users": [], "groups": []}
    assert emulator.login(uid=uid, token=login_token(KEY, uid=uid)).status == 200


def test_own_permissions_view(emulator: Emulator, names: Names) -> None:
    """iam-api section 4.1: the shape of users/{uid}/permissions, direct and through a group."""
    uid, gid = names["member"], names["group"]
    rid, path = names["rid"], names["rid_path"]
    emulator.must(204, "PUT", f"/acls/{path}/users/{uid}/read")
    emulator.must(204, "PUT", f"/acls/{path}/users/{uid}/full")
    emulator.must(204, "PUT", f"/acls/{path}/groups/{gid}/create")
    url = f"/acs/api/v1/acls/{path}"
    assert emulator.iam("GET", f"/users/{uid}/permissions").json == {
        "direct": [
            {
                "rid": rid,
                "description": "D",
                "aclurl": url,
                "actions": [
                    {"name": "read", "url": f"{url}/users/{uid}/read"},
                    {"name": "full", "url": f"{url}/users/{uid}/full"},
                ],
            }
        ],
        "groups": [
            {
                "rid": rid,
                "gid": gid,
                "description": "D",
                "aclurl": url,
                "membershipurl": f"/acs/api/v1/groups/{gid}/users/{uid}",
                "actions": [{"name": "create", "url": f"{url}/groups/{gid}/create"}],
            }
        ],
    }
