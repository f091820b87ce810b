# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protected resources and grants on them."""

from __future__ import annotations

from typing import Any

import pytest
from conformance_support import Emulator, Names, Row, encode, table

SOURCE = "iam-api section 4"
TEXTS = "iam-api section 1.2"
UNKNOWN_RID: dict[str, Any] = {
    "code": "ERR_UNKNOWN_RESOURCE_ID",
    "text": "Protected resource with rid `{unknown}` not known.",
}
REQUIRED = "Unexpected JSON input. Hint: 'description' is a required property"
URL = "/acs/api/v1/acls/{rid_path}"


def grant_rows(kind: str, holder: str, other: str) -> list[Row]:
    """The rows about users and groups are the same, but for the names."""
    name, unknown = kind.capitalize(), f"ERR_UNKNOWN_{kind.upper()}_ID"
    not_in_acl: dict[str, Any] = {
        "code": f"ERR_{kind.upper()}_NOT_IN_ACL",
        "text": f"{name} `{{{other}}}` is not part of ACL for resource `{{rid}}`",
    }
    at, at_other, at_unknown = (f"/acls/{{rid_path}}/{kind}s/{{{who}}}" for who in (holder, other, "unknown"))
    no_acl = f"/acls/{{unknown}}/{kind}s/{{{other}}}"
    read = {"name": "read", "url": f"{URL}/{kind}s/{{{holder}}}/read"}
    invalid_action: dict[str, Any] = {"code": "ERR_INVALID_ACTION"}
    return [
        Row(f"{SOURCE}: grant, without a body or a type", f"PUT {at_other}/create", 204, answer=b""),
        Row(f"{SOURCE}: grant another action", f"PUT {at}/full", 204),
        Row(f"{SOURCE}: grant again", f"PUT {at}/read", 409, code="ERR_PERMISSION_EXISTS"),
        Row(f"{SOURCE}: grant without the ACL", f"PUT {no_acl}/read", 400, **UNKNOWN_RID),
        Row(f"{SOURCE}: grant to nobody", f"PUT {at_unknown}/read", 400, code=unknown),
        Row(f"{SOURCE}: grant an unknown action", f"PUT {at_other}/write", 400, **invalid_action),
        Row("iam-api section 8: action before resource", f"PUT {no_acl}/write", 400, **invalid_action),
        Row(
            "iam-api section 8: resource before holder",
            f"PUT /acls/{{unknown}}/{kind}s/{{unknown}}/read",
            400,
            **UNKNOWN_RID,
        ),
        Row(f"{SOURCE}: actions", f"GET {at}", 200, answer={"array": [read]}),
        Row(f"{SOURCE}: actions of someone else", f"GET {at_other}", 400, **not_in_acl),
        Row(f"{SOURCE}: actions of nobody", f"GET {at_unknown}", 400, code=unknown),
        Row(f"{SOURCE}: actions without the ACL", f"GET {no_acl}", 400, **UNKNOWN_RID),
        Row(f"{SOURCE}: a stored action", f"GET {at}/read", 200, answer={"allowed": True}),
        Row(f"{SOURCE}: another action", f"GET {at}/create", 200, answer={"allowed": False}),
        Row("chosen: an action of someone else", f"GET {at_other}/read", 200, answer={"allowed": False}),
        Row(f"{SOURCE}: an action of nobody", f"GET {at_unknown}/read", 400, code=unknown),
        Row("chosen: an unknown action", f"GET {at}/write", 400, **invalid_action),
        Row(f"{SOURCE}: revoke", f"DELETE {at}/read", 204, answer=b""),
        Row(
            f"{TEXTS}: revoke another action",
            f"DELETE {at}/create",
            400,
            code="ERR_ACTION_NOT_YET_STORED",
            text=f"Action `create` unknown for {kind} `{{{holder}}}` in ACL for resource `{{rid}}`",
        ),
        Row(f"{TEXTS}: revoke from someone else", f"DELETE {at_other}/read", 400, **not_in_acl),
        Row(f"{SOURCE}: revoke from nobody", f"DELETE {at_unknown}/read", 400, code=unknown),
        Row(f"{SOURCE}: revoke without the ACL", f"DELETE {no_acl}/read", 400, **UNKNOWN_RID),
        Row("chosen: revoke an unknown action", f"DELETE {at}/write", 400, **invalid_action),
        Row(f"{SOURCE}: revoke all", f"DELETE {at}", 204, answer=b""),
        Row(f"{SOURCE}: revoke all from someone else", f"DELETE {at_other}", 400, **not_in_acl),
        Row("chosen: no other method", f"PATCH {at}/read", 405, {}, answer=b""),
    ]


@table(
    Row(f"{SOURCE}: read", "GET /acls/{rid_path}", 200, answer={"rid": "{rid}", "url": URL, "description": "D"}),
    Row(f"{SOURCE}: read an unknown one", "GET /acls/{unknown}", 400, **UNKNOWN_RID),
    Row(f"{SOURCE}: create", "PUT /acls/dcos:test:{unknown}:%252Fa%252F*", 201, {"description": "d"}, answer=b""),
    Row(f"{SOURCE}: description may be empty", "PUT /acls/{unknown}", 201, {"description": ""}),
    Row(f"{SOURCE}: description is required", "PUT /acls/{unknown}", 400, {}, text=REQUIRED, title="Bad Request"),
    Row(f"{SOURCE}: no body", "PUT /acls/{unknown}", 400, text="Request has bad Content-Type or lacks JSON data"),
    Row(f"{SOURCE}: create again", "PUT /acls/{rid_path}", 409, {"description": "other"}, code="ERR_ACL_EXISTS"),
    Row(f"{SOURCE}: an encoded slash ends the path", "PUT /acls/dcos:x:%2Fa", 404, {"description": ""}, answer=b""),
    Row(
        f"{SOURCE}: a blank in the rid", "PUT /acls/dcos:%20x", 400, {"description": ""}, code="ERR_INVALID_RESOURCE_ID"
    ),
    Row(
        f"{SOURCE}: a control character", "PUT /acls/dcos:%07", 400, {"description": ""}, code="ERR_INVALID_RESOURCE_ID"
    ),
    Row("chosen: any other rid", "PUT /acls/{unknown}:%C3%A9$", 201, {"description": ""}),
    Row(f"{SOURCE}: update", "PATCH /acls/{rid_path}", 204, {"description": "n"}, answer=b""),
    Row(f"{SOURCE}: update an unknown one", "PATCH /acls/{unknown}", 400, {"description": "n"}, **UNKNOWN_RID),
    Row(f"{SOURCE}: delete", "DELETE /acls/{rid_path}", 204, answer=b""),
    Row(f"{SOURCE}: delete an unknown one", "DELETE /acls/{unknown}", 400, **UNKNOWN_RID),
    Row(f"{SOURCE}: the superuser's stays", "DELETE /acls/dcos:superuser", 400, code="ERR_IS_SUPERUSER_ACL"),
    Row(f"{SOURCE}: no permissions", "GET /acls/{rid_path}/permissions", 200, answer={"users": [], "groups": []}),
    Row(f"{SOURCE}: permissions on an unknown one", "GET /acls/{unknown}/permissions", 400, **UNKNOWN_RID),
    *grant_rows("user", "reader", "account"),
    *grant_rows("group", "reading_group", "group"),
    Row(
        f"{TEXTS}: the superusers' power stays",
        "DELETE /acls/dcos:superuser/groups/superusers/full",
        400,
        code="ERR_IS_SUPERUSER_GROUP",
        text="The `superusers` group must have `full` permission on the `dcos:superuser` resource.",
    ),
    Row(f"{TEXTS}: all of it", "DELETE /acls/dcos:superuser/groups/superusers", 400, code="ERR_IS_SUPERUSER_GROUP"),
    *(
        Row("iam-api section 4: the five actions", f"PUT /acls/{{rid_path}}/users/{{account}}/{action}", 204)
        for action in ("create", "read", "update", "delete", "full")
    ),
)
def test_table(row: Row, emulator: Emulator, names: Names) -> None:
    row.check(emulator, names)


def test_a_repeated_put_changes_nothing(emulator: Emulator, names: Names) -> None:
    """iam-api section 4: 409 and no update."""
    path = f"/acls/{names['rid_path']}"
    emulator.must(409, "PUT", path, {"description": "other"})
    assert emulator.iam("GET", path).json["description"] == "D"


def test_permissions_view(emulator: Emulator, names: Names) -> None:
    """iam-api section 4: who may do what on a resource."""
    reader, group, path = names["reader"], names["reading_group"], names["rid_path"]
    emulator.must(204, "PUT", f"/acls/{path}/users/{reader}/delete")
    url = f"/acs/api/v1/acls/{path}"
    assert emulator.iam("GET", f"/acls/{path}/permissions").json == {
        "users": [
            {
                "uid": reader,
                "userurl": f"/acs/api/v1/users/{reader}",
                "actions": [
                    {"name": "read", "url": f"{url}/users/{reader}/read"},
                    {"name": "delete", "url": f"{url}/users/{reader}/delete"},
                ],
            }
        ],
        "groups": [
            {
                "gid": group,
                "groupurl": f"/acs/api/v1/groups/{group}",
                "actions": [{"name": "read", "url": f"{url}/groups/{group}/read"}],
            }
        ],
    }


@pytest.mark.parametrize(
    "rid",
    [
        "dcos:service:marathon:marathon:services:/dev",
        "dcos:mesos:master:framework:role:slave_public/foo-role",
        "dcos:secrets:default:/svc/*",
    ],
)
def test_rids_as_clients_send_them(emulator: Emulator, rid: str) -> None:
    """iam-api section 4, rid encoding: only slashes, twice; plain in JSON, encoded in addresses."""
    emulator.must(201, "PUT", f"/acls/{encode(rid)}", {"description": ""})
    acl = emulator.iam("GET", f"/acls/{encode(rid)}").json
    assert (acl["rid"], acl["url"]) == (rid, f"/acs/api/v1/acls/{encode(rid)}")
    assert acl in emulator.iam("GET", "/acls").json["array"]
    # What a response names can be asked for as it is.
    assert emulator.call("GET", acl["url"]).json == acl


def test_deleting_an_acl_revokes(emulator: Emulator, names: Names) -> None:
    """iam-api section 4: the grants on a resource go with it, and do not come back with a new one."""
    path, reader = names["rid_path"], names["reader"]
    emulator.must(204, "DELETE", f"/acls/{path}")
    assert emulator.iam("GET", f"/users/{reader}/permissions").json["direct"] == []
    emulator.must(201, "PUT", f"/acls/{path}", {"description": ""})
    assert emulator.iam("GET", f"/acls/{path}/permissions").json == {"users": [], "groups": []}


def test_revoking_keeps_the_acl(emulator: Emulator, names: Names) -> None:
    """iam-api section 7: a revoke does not delete the ACL."""
    path = names["rid_path"]
    emulator.must(204, "DELETE", f"/acls/{path}/users/{names['reader']}/read")
    assert emulator.iam("GET", f"/acls/{path}").status == 200
