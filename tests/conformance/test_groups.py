# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups, their members and what they may do."""

from __future__ import annotations

from typing import Any

from conformance_support import Emulator, Names, Row, encode, table

SOURCE = "iam-api section 3"
NOT_KNOWN: dict[str, Any] = {"code": "ERR_UNKNOWN_GROUP_ID", "text": "Group with gid `{unknown}` not known."}
REQUIRED = "Unexpected JSON input. Hint: 'description' is a required property"
NO_SUPERUSERS = "Last member from `superusers` group cannot be removed"
GROUP = {"gid": "{group}", "url": "/acs/api/v1/groups/{group}", "description": "G", "provider_type": "internal"}


@table(
    Row(f"{SOURCE}: read", "GET /groups/{group}", 200, answer=GROUP),
    Row(f"{SOURCE}: read an unknown one", "GET /groups/{unknown}", 400, **NOT_KNOWN),
    Row(f"{SOURCE}: create", "PUT /groups/{unknown}", 201, {"description": ""}, answer=b""),
    Row(
        f"{SOURCE}: create with a provider", "PUT /groups/{unknown}", 201, {"description": "", "provider_type": "ldap"}
    ),
    Row(
        "chosen: unknown provider",
        "PUT /groups/{unknown}",
        400,
        {"description": "", "provider_type": "x"},
        code="ERR_INVALID_DATA",
    ),
    Row(f"{SOURCE}: description is required", "PUT /groups/{unknown}", 400, {}, text=REQUIRED),
    Row(f"{SOURCE}: no body", "PUT /groups/{unknown}", 400, text="Request has bad Content-Type or lacks JSON data"),
    Row(
        f"{SOURCE}: create again",
        "PUT /groups/{group}",
        409,
        {"description": "G"},
        code="ERR_GROUP_EXISTS",
        text="Group with id `{group}` already exists.",
    ),
    Row(f"{SOURCE}: bad gid", "PUT /groups/a%20b", 400, {"description": ""}, code="ERR_INVALID_GROUP_ID"),
    Row(f"{SOURCE}: update", "PATCH /groups/{group}", 204, {"description": "n"}, answer=b""),
    Row(f"{SOURCE}: update needs the description", "PATCH /groups/{group}", 400, {}, text=REQUIRED),
    Row(f"{SOURCE}: update an unknown one", "PATCH /groups/{unknown}", 400, {"description": "n"}, **NOT_KNOWN),
    Row(f"{SOURCE}: delete", "DELETE /groups/{group}", 204, answer=b""),
    Row(f"{SOURCE}: delete an unknown one", "DELETE /groups/{unknown}", 400, **NOT_KNOWN),
    Row(f"{SOURCE}: superusers stay", "DELETE /groups/superusers", 400, code="ERR_IS_SUPERUSER_GROUP"),
    Row(f"{SOURCE}: add a member", "PUT /groups/{group}/users/{account}", 204, answer=b""),
    Row(f"{SOURCE}: add it again", "PUT /groups/{group}/users/{member}", 409, code="ERR_USER_ALREADY_IN_GROUP"),
    Row(f"{SOURCE}: add to an unknown group", "PUT /groups/{unknown}/users/{account}", 400, **NOT_KNOWN),
    Row(f"{SOURCE}: add an unknown user", "PUT /groups/{group}/users/{unknown}", 400, code="ERR_UNKNOWN_USER_ID"),
    Row("chosen: the group is checked before the user", "PUT /groups/{unknown}/users/{unknown}", 400, **NOT_KNOWN),
    Row(f"{SOURCE}: remove a member", "DELETE /groups/{group}/users/{member}", 204, answer=b""),
    Row(f"{SOURCE}: remove someone else", "DELETE /groups/{group}/users/{account}", 400, code="ERR_USER_NOT_IN_GROUP"),
    Row(f"{SOURCE}: remove an unknown user", "DELETE /groups/{group}/users/{unknown}", 400, code="ERR_UNKNOWN_USER_ID"),
    Row(
        f"{SOURCE}: the last superuser stays",
        "DELETE /groups/superusers/users/bootstrapuser",
        400,
        code="ERR_NO_MORE_SUPERUSERS",
        text=NO_SUPERUSERS,
    ),
    Row(f"{SOURCE}: members of an unknown group", "GET /groups/{unknown}/users", 400, **NOT_KNOWN),
    Row(f"{SOURCE}: permissions of an unknown group", "GET /groups/{unknown}/permissions", 400, **NOT_KNOWN),
    Row(f"{SOURCE}: no permissions", "GET /groups/{group}/permissions", 200, answer={"array": []}),
    Row(
        f"{SOURCE}: permissions",
        "GET /groups/{reading_group}/permissions",
        200,
        answer={
            "array": [
                {
                    "rid": "{rid}",
                    "description": "D",
                    "aclurl": "/acs/api/v1/acls/{rid_path}",
                    "actions": [{"name": "read", "url": "/acs/api/v1/acls/{rid_path}/groups/{reading_group}/read"}],
                }
            ]
        },
    ),
)
def test_table(row: Row, emulator: Emulator, names: Names) -> None:
    row.check(emulator, names)


def test_list(emulator: Emulator, names: Names) -> None:
    """iam-api section 3: the list; the built-in group is there from the start."""
    group = names["group"]
    listed = [entry["gid"] for entry in emulator.iam("GET", "/groups").json["array"]]
    assert listed[0] == "superusers"
    assert group in listed


def test_members_by_kind(emulator: Emulator, names: Names) -> None:
    """iam-api section 3: regular members by default, services with `type=service`."""
    group, account, person = names["group"], names["member"], names["person"]
    emulator.must(204, "PUT", f"/groups/{group}/users/{person}")
    for query, uid in (("", person), ("?type=service", account)):
        (entry,) = emulator.iam("GET", f"/groups/{group}/users{query}").json["array"]
        assert entry["membershipurl"] == f"/acs/api/v1/groups/{group}/users/{uid}"
        assert entry["user"] == emulator.iam("GET", f"/users/{uid}").json


def test_deleting_a_group_revokes_its_permissions(emulator: Emulator, names: Names) -> None:
    """iam-api section 3, 4: grants and memberships of a group end with it."""
    group, uid = names["group"], names["member"]
    emulator.must(204, "PUT", f"/acls/{encode(names['rid'])}/groups/{group}/read")
    assert len(emulator.iam("GET", f"/users/{uid}/permissions").json["groups"]) == 1
    emulator.must(204, "DELETE", f"/groups/{group}")
    assert emulator.iam("GET", f"/acls/{encode(names['rid'])}/permissions").json["groups"] == []
    assert emulator.iam("GET", f"/users/{uid}/permissions").json == {"direct": [], "groups": []}
    assert emulator.iam("GET", f"/users/{uid}/groups").json == {"array": []}


def test_a_group_that_is_made_again_has_nothing_of_the_old_one(emulator: Emulator, names: Names) -> None:
    """iam-api section 3, 4: neither members nor permissions come back with the gid."""
    group = names["group"]
    emulator.must(204, "PUT", f"/acls/{encode(names['rid'])}/groups/{group}/read")
    emulator.must(204, "DELETE", f"/groups/{group}")
    emulator.must(201, "PUT", f"/groups/{group}", {"description": "again"})
    for path in ("users", "users?type=service", "permissions"):
        assert emulator.iam("GET", f"/groups/{group}/{path}").json == {"array": []}


def test_superusers_can_be_left_while_one_remains(emulator: Emulator, names: Names) -> None:
    """iam-api section 3: only the last member is kept."""
    person = names["person"]
    emulator.must(204, "PUT", f"/groups/superusers/users/{person}")
    assert emulator.iam("GET", "/users", token=emulator.token(person)).status == 200
    emulator.must(204, "DELETE", f"/groups/superusers/users/{person}")
    assert emulator.iam("GET", "/users", token=emulator.token(person)).status == 403
