# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The endpoints of the IAM (Bouncer), typed; nothing is decided here.

Only what the IAM itself says counts: a documented status, or an error code of its own. Whatever else came back for a
write is resolved by reading back, and for a reading is an error.

Facts: unknown users, groups and resources are a 400 with a code of their own (older clients know a 404); a repeated PUT
is a 409 and changes nothing; a grant needs its ACL first; the key of an account cannot be changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Container, Iterable, Mapping, TypeVar

from .._errors import ApiError, CredentialsError, DcosError, OddAnswerError
from .._rules.permissions import Grant
from .answers import Document, document
from .gate import OPEN, EnterpriseOnlyError, ask_gate, enterprise_only
from .http import HttpClient, Judgement, Repeats, Request, encode_rid, encode_segment

BASE = "/acs/api/v1"

_PROVIDER_OF_EMAILS = ("oidc", "https://dcos.auth0.com/")
"""Of users of open clusters from 1.13 on: no other one can be configured there."""

_ENTERPRISE_PARTS = "groups, ACLs and permissions"
_NO_ROUTE = f"The IAM has no such route: {_ENTERPRISE_PARTS} exist on DC/OS Enterprise only, not on an open cluster."

_UNKNOWN = frozenset(("ERR_UNKNOWN_USER_ID", "ERR_UNKNOWN_GROUP_ID", "ERR_UNKNOWN_RESOURCE_ID"))
_NOT_GRANTED = _UNKNOWN | {"ERR_USER_NOT_IN_ACL", "ERR_GROUP_NOT_IN_ACL", "ERR_ACTION_NOT_YET_STORED"}
_NOT_THERE = _NOT_GRANTED | {"ERR_USER_NOT_IN_GROUP"}
_WRONG_PASSWORD = frozenset(("ERR_INVALID_CREDENTIALS", "ERR_INVALID_CREDENTIALS_LDAP"))

Found = TypeVar("Found")


@dataclass(frozen=True)
class User:
    """A user or service account as the IAM shows it; the public key byte for byte as it was sent once."""

    uid: str
    description: str
    is_service: bool
    provider_type: str
    public_key: str | None
    url: str
    provider_id: str = ""
    is_remote: bool = False

    def is_same(self, other: User) -> bool:
        """Whether it is the same account, and not another one that was made under its uid: its login tells."""
        return self._login == other._login

    @property
    def _login(self) -> tuple[object, ...]:
        """Nothing of it can be changed. A password can, and nobody can see it."""
        return (self.uid, self.is_service, self.public_key, self.provider_type, self.provider_id)


@dataclass(frozen=True)
class Group:
    """A group as the IAM shows it."""

    gid: str
    description: str
    url: str


@dataclass(frozen=True)
class GroupGrant:
    """Power that an account has through a group."""

    gid: str
    grant: Grant


@dataclass(frozen=True)
class Permissions:
    """What an account may do: granted to it directly, and through its groups."""

    direct: tuple[Grant, ...] = ()
    through_groups: tuple[GroupGrant, ...] = ()

    def has_direct(self, rid: str) -> bool:
        """Whether it may do anything on a resource by a grant of its own."""
        return any(grant.rid == rid for grant in self.direct)

    def groups_with(self, rid: str) -> list[str]:
        """The groups through which it may do anything on a resource."""
        return sorted({entry.gid for entry in self.through_groups if entry.grant.rid == rid})


@dataclass(frozen=True)
class Subject:
    """Who a grant is for: a user (service accounts included) or a group."""

    kind: str
    name: str

    @property
    def words(self) -> str:
        return f"{'account' if self.kind == 'users' else 'group'} {self.name}"


def user_subject(uid: str) -> Subject:
    """The user or service account C(uid) as the subject of grants."""
    return Subject("users", uid)


def group_subject(gid: str) -> Subject:
    """The group C(gid) as the subject of grants."""
    return Subject("groups", gid)


class Iam:
    """One method for each request. Methods that write return whether the request changed something."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http
        self._is_dcos_oauth = False

    # Users

    def user(self, uid: str) -> User | None:
        """The user or service account, None when there is none."""
        found = self._find(f"/users/{encode_segment(uid)}", f"reading account {uid}")
        return None if found is None else _user_with(uid, found)

    def account_for_service(self, uid: str) -> User | None:
        """The same where a service account is wanted, which an open cluster of 1.12 or before knows none of."""
        user = self.user(uid)
        if user is None and self._is_dcos_oauth:
            raise DcosError(
                f"uid: {uid} cannot be a service account: {self._http.url} is an open cluster of DC/OS 1.12 or before, "
                "whose only accounts are users with an e-mail address as uid. Nothing was changed. Service accounts "
                "exist from DC/OS 1.13 on.",
                "mode",
            )
        return user

    @property
    def knows_only_users(self) -> bool:
        """Whether an open cluster of 1.12 or before has answered: its users are e-mail addresses and nothing else."""
        return self._is_dcos_oauth

    def provider_of_emails(self) -> tuple[str, str] | None:
        """Type and id of the provider of users who are made from an e-mail address alone; None on DC/OS Enterprise."""
        if self._is_dcos_oauth:
            return ("internal", "")
        return _PROVIDER_OF_EMAILS if ask_gate(self._http, patient=True).variant == OPEN else None

    def service_accounts(self) -> list[User]:
        """All service accounts, those of DC/OS itself included."""
        users, odd = self.listed_service_accounts()
        for error in odd.values():
            raise error
        return users

    def listed_service_accounts(self) -> tuple[list[User], dict[str, OddAnswerError]]:
        """All service accounts, and those whose entry is not as documented: that is the matter of these alone."""
        users: list[User] = []
        odd: dict[str, OddAnswerError] = {}
        found = self._get("/users", "reading all service accounts", params={"type": "service"})
        for entry in self._listed(found):
            uid = entry.id("uid")
            try:
                user = _user(entry)
            except OddAnswerError as exc:
                odd[uid] = exc
                continue
            # An open cluster of 1.12 or before lists its users, whatever is asked for.
            if user.is_service or user.public_key is not None:
                users.append(user)
        return users, odd

    def persons(self) -> list[User]:
        """All users that are no service accounts."""
        return [_user(entry) for entry in self._listed(self._get("/users", "reading all users"))]

    def takes_password(self, uid: str, password: str) -> bool:
        """Whether a user logs in with this password: nothing else tells which one it has."""
        what = f"comparing the password of user {uid} by a login"
        body = {"uid": uid, "password": password}
        request = Request("POST", f"{BASE}/auth/login", what, body, authenticated=False)
        try:
            answer = self._http.send(request, Judgement(show_description=False))
        except CredentialsError as exc:
            if exc.code in _WRONG_PASSWORD:
                return False
            raise
        return document(answer, self._http.url, what).text("token") != ""

    def create_user(self, wanted: User, password: str | None) -> bool:
        """Create a user with a password, or a remote one without; False when the uid is taken."""
        body = {"description": wanted.description}
        if password is not None:
            body["password"] = password
        else:
            body["provider_type"] = wanted.provider_type
            if wanted.provider_id:
                body["provider_id"] = wanted.provider_id

        def happened() -> bool:
            user = self.user(wanted.uid)
            if user is None or not user.is_same(wanted) or user.description != wanted.description:
                return False
            return password is None or self.takes_password(wanted.uid, password)

        path = f"/users/{encode_segment(wanted.uid)}"
        return self._put(path, f"creating user {wanted.uid}", body, "ERR_USER_EXISTS", happened, is_secret=True)

    def create_service_account(self, uid: str, public_key: str, description: str) -> bool:
        """Create an account; False when the uid is taken (the IAM never updates)."""

        def happened() -> bool:
            user = self.user(uid)
            return user is not None and user.public_key == public_key and user.description == description

        return self._put(
            f"/users/{encode_segment(uid)}",
            f"creating service account {uid}",
            {"description": description, "public_key": public_key},
            "ERR_USER_EXISTS",
            happened,
        )

    def set_description(self, looked_at: User, description: str) -> bool:
        """Change the description, the only thing of a service account that can be changed.

        False when the account that was looked at is gone, also where another one has its uid by now.
        """
        return self._patch_user(
            looked_at,
            f"changing the description of account {looked_at.uid}",
            {"description": description},
            lambda user: user.description == description,
        )

    def set_password(self, looked_at: User, password: str) -> bool:
        """Give a user another password. False as for a description."""
        return self._patch_user(
            looked_at,
            f"changing the password of user {looked_at.uid}",
            {"password": password},
            lambda user: self.takes_password(user.uid, password),
        )

    def _patch_user(
        self, looked_at: User, what: str, body: Mapping[str, object], is_done: Callable[[User], bool]
    ) -> bool:
        found = [looked_at]

        def happened() -> bool:
            user = self.user(looked_at.uid)
            found[:] = [user] if user is not None and user.is_same(looked_at) else []
            return not found or is_done(found[0])

        path = f"/users/{encode_segment(looked_at.uid)}"
        return self._patch(path, what, body, happened, is_secret="password" in body) and bool(found)

    def delete_user(self, looked_at: User) -> bool:
        """Delete an account with all its grants and memberships; False when it was gone.

        What has its uid, but another key than the account that was looked at, is another one: before a deletion whose
        answer was lost is repeated, somebody may have made that.
        """
        uid = looked_at.uid

        def happened() -> bool:
            user = self.user(uid)
            return user is None or not user.is_same(looked_at)

        return self._delete(f"/users/{encode_segment(uid)}", f"deleting account {uid}", happened)

    def groups_of(self, uid: str) -> list[str]:
        """The groups that an account is a member of; empty for an unknown account."""
        found = self._find(f"/users/{encode_segment(uid)}/groups", f"reading the groups of account {uid}")
        if found is None:
            return []
        entries = found.parts("array")
        for entry in entries:
            entry.check_about("membershipurl", f"/users/{encode_segment(uid)}/")
        return sorted(entry.part("group").id("gid") for entry in entries)

    # Groups

    def groups(self) -> list[Group]:
        """All groups, in the order of their ids."""
        found = self._listed(self._get("/groups", "reading all groups"))
        return sorted(map(_group, found), key=lambda group: group.gid)

    def group(self, gid: str) -> Group | None:
        """The group, None when there is none."""
        found = self._find(f"/groups/{encode_segment(gid)}", f"reading group {gid}")
        if found is None:
            return None
        group = _group(found)
        if group.gid != gid:
            raise found.odd("it is about another group")
        return group

    def create_group(self, gid: str, description: str) -> bool:
        """Create a group; False when it is there, its description is then left as it is."""

        def happened() -> bool:
            group = self.group(gid)
            return group is not None and group.description == description

        return self._put(
            f"/groups/{encode_segment(gid)}",
            f"creating group {gid}",
            {"description": description},
            "ERR_GROUP_EXISTS",
            happened,
        )

    def describe_group(self, gid: str, description: str) -> bool:
        """Change the description of a group; False when the group is gone."""
        is_there = True

        def happened() -> bool:
            nonlocal is_there
            group = self.group(gid)
            is_there = group is not None
            return group is None or group.description == description

        what = f"changing the description of group {gid}"
        return self._patch(f"/groups/{encode_segment(gid)}", what, {"description": description}, happened) and is_there

    def delete_group(self, gid: str) -> bool:
        """Delete a group with its grants and memberships; False when it was gone."""
        return self._delete(f"/groups/{encode_segment(gid)}", f"deleting group {gid}", lambda: self.group(gid) is None)

    def members(self, gid: str, services: bool = False) -> list[str]:
        """The uids of a group's regular members, or of the service accounts in it; empty for an unknown group."""
        kind = {"type": "service"} if services else None
        found = self._find(f"/groups/{encode_segment(gid)}/users", f"reading the members of group {gid}", kind)
        if found is None:
            return []
        entries = found.parts("array")
        for entry in entries:
            entry.check_about("membershipurl", f"/groups/{encode_segment(gid)}/")
        return sorted(entry.part("user").id("uid") for entry in entries)

    def add_to_group(self, gid: str, uid: str) -> bool:
        """Make an account a member; False when it was one."""
        return self._put(
            _membership_path(gid, uid),
            f"adding account {uid} to group {gid}",
            None,
            "ERR_USER_ALREADY_IN_GROUP",
            lambda: gid in self.groups_of(uid),
        )

    def remove_from_group(self, gid: str, uid: str) -> bool:
        """End a membership; False when there was none."""
        return self._delete(
            _membership_path(gid, uid),
            f"removing account {uid} from group {gid}",
            lambda: gid not in self.groups_of(uid),
        )

    # Grants

    def permissions(self, uid: str) -> Permissions | None:
        """What an account may do, None for an unknown account. The IAM may answer from a cache up to 5 s old."""
        found = self._find(f"/users/{encode_segment(uid)}/permissions", f"reading the permissions of account {uid}")
        if found is None:
            return None
        direct = found.parts("direct")
        for entry in direct:
            for action in entry.parts("actions"):
                action.check_about("url", f"/users/{encode_segment(uid)}/")
        return Permissions(
            tuple(_grants(direct)),
            tuple(GroupGrant(entry.id("gid"), g) for entry in found.parts("groups") for g in _grants((entry,))),
        )

    def has_permissions(self) -> bool:
        """Whether this IAM knows ACLs and groups at all: that of an open cluster does not."""
        try:
            self._get("/groups", "reading the groups").parts("array")
        except EnterpriseOnlyError:
            return False
        return True

    def on_enterprise(self, read: Callable[[], Found], otherwise: Found) -> Found:
        """What a reading of groups or permissions gives; on an open cluster, which knows neither, C(otherwise)."""
        try:
            return read()
        except EnterpriseOnlyError:
            return otherwise

    def group_permissions(self, gid: str) -> Permissions | None:
        """What a group may do, None for an unknown group."""
        found = self._find(f"/groups/{encode_segment(gid)}/permissions", f"reading the permissions of group {gid}")
        return None if found is None else Permissions(tuple(_grants(found.parts("array"))))

    def grants_on(self, rid: str) -> list[tuple[Subject, Grant]] | None:
        """Who may do what on a resource directly, None for one without an ACL."""
        found = self._find(f"/acls/{encode_rid(rid)}/permissions", f"reading the permissions on {rid}")
        if found is None:
            return None
        return [
            (Subject(kind, entry.id(name)), Grant(rid, action.id("name")))
            for kind, name in (("users", "uid"), ("groups", "gid"))
            for entry in found.parts(kind)
            for action in entry.parts("actions")
        ]

    def resources(self) -> list[str]:
        """The ids of all protected resources."""
        return [entry.id("rid") for entry in self._get("/acls", "reading the list of ACLs").parts("array")]

    def create_acl(self, rid: str, description: str) -> bool:
        """Make a protected resource; False when it is there, its description is then left as it is."""
        return self._put(
            f"/acls/{encode_rid(rid)}",
            f"creating the ACL of {rid}",
            {"description": description},
            "ERR_ACL_EXISTS",
            lambda: self._has_acl(rid),
        )

    def delete_acl(self, rid: str) -> bool:
        """Delete a protected resource that nobody has a grant on; False when it was gone, or is used by now.

        Before a deletion whose answer was lost is repeated, somebody may have made the resource again and use it.
        """
        holders: list[tuple[Subject, Grant]] | None = None

        def happened() -> bool:
            nonlocal holders
            holders = self.grants_on(rid)
            return holders != []

        return self._delete(f"/acls/{encode_rid(rid)}", f"deleting the ACL of {rid}", happened) and not holders

    def _has_acl(self, rid: str) -> bool:
        return self._find(f"/acls/{encode_rid(rid)}", f"reading the ACL of {rid}") is not None

    def grant(self, subject: Subject, grant: Grant) -> bool:
        """Allow an action; False when it was allowed. The ACL must exist."""
        return self._put(
            _grant_path(subject, grant),
            f"granting {grant.rid} {grant.action} to {subject.words}",
            None,
            "ERR_PERMISSION_EXISTS",
            lambda: self._is_stored(subject, grant),
        )

    def revoke(self, subject: Subject, grant: Grant) -> bool:
        """Take an action away; False when it was not there. The ACL stays, others may use it."""
        return self._delete(
            _grant_path(subject, grant),
            f"revoking {grant.rid} {grant.action} from {subject.words}",
            lambda: not self._is_stored(subject, grant),
        )

    def grants_of_subject_on(self, subject: Subject, rid: str) -> list[Grant]:
        """What a subject may do on one resource directly, as it is stored: this answer comes from no cache."""
        found = self._find(
            f"/acls/{encode_rid(rid)}/{subject.kind}/{encode_segment(subject.name)}",
            f"reading the grants of {subject.words} on {rid}",
        )
        return [] if found is None else [Grant(rid, action.id("name")) for action in found.parts("array")]

    def _is_stored(self, subject: Subject, grant: Grant) -> bool:
        return grant in self.grants_of_subject_on(subject, grant.rid)

    # Others

    def jwks(self) -> list[dict[str, object]]:
        """The public keys that verify this cluster's authentication tokens, as JSON Web Keys."""
        what = "reading the keys of the IAM (auth/jwks)"
        return [key.fields() for key in self._get("/auth/jwks", what, authenticated=False).parts("keys")]

    # Requests

    def _get(
        self, path: str, what: str, authenticated: bool = True, params: Mapping[str, str] | None = None
    ) -> Document:
        request = Request("GET", BASE + path, what, params=params, authenticated=authenticated)
        try:
            answer = self._http.send(request)
        except ApiError as exc:
            raise self._without_route(exc, what) from None
        return document(answer, self._http.url, what)

    def _listed(self, found: Document) -> list[Document]:
        """The entries of a list. Only an open cluster of 1.12 or before writes null for an empty one."""
        if found.is_null("array") and ask_gate(self._http, patient=True).variant == OPEN:
            return []
        return found.parts("array")

    def _without_route(self, error: ApiError, what: str) -> ApiError:
        if not error.is_no_route:
            return error
        return enterprise_only(self._http, what, _ENTERPRISE_PARTS, error, otherwise=_NO_ROUTE)

    def _find(self, path: str, what: str, params: Mapping[str, str] | None = None) -> Document | None:
        """The document at a path, None when the IAM says that what it describes is not there."""
        try:
            return self._get(path, what, params=params)
        except ApiError as exc:
            self._is_dcos_oauth |= exc.is_of_dcos_oauth
            if _says_unknown(exc):
                return None
            raise

    def _put(
        self,
        path: str,
        what: str,
        body: Mapping[str, object] | None,
        exists_code: str,
        happened: Callable[[], bool],
        is_secret: bool = False,
    ) -> bool:
        """is_secret: the body holds something that an error of the IAM must not quote."""
        judgement = Judgement((201, 204), show_description=not is_secret)
        try:
            self._http.send(Request("PUT", BASE + path, what, body), judgement, Repeats(happened))
        except ApiError as exc:
            if exc.status == 409 and exc.code == exists_code:
                return False
            raise self._without_route(exc, what) from None
        return True

    def _patch(
        self,
        path: str,
        what: str,
        body: Mapping[str, object],
        happened: Callable[[], bool],
        is_secret: bool = False,
    ) -> bool:
        """False when there is nothing to change."""
        judgement = Judgement((204,), show_description=not is_secret)
        try:
            self._http.send(Request("PATCH", BASE + path, what, body), judgement, Repeats(happened))
        except ApiError as exc:
            if _says_unknown(exc, _UNKNOWN):
                return False
            raise
        return True

    def _delete(self, path: str, what: str, happened: Callable[[], bool]) -> bool:
        try:
            self._http.send(Request("DELETE", BASE + path, what), Judgement((204,)), Repeats(happened))
        except ApiError as exc:
            if _says_unknown(exc, _NOT_THERE):
                return False
            raise
        return True


def _says_unknown(error: ApiError, codes: Container[str | None] = _NOT_GRANTED) -> bool:
    """Whether the IAM itself says that something is not there."""
    return (error.status in (400, 404) or error.is_of_dcos_oauth) and error.code in codes


def _grant_path(subject: Subject, grant: Grant) -> str:
    return f"/acls/{encode_rid(grant.rid)}/{subject.kind}/{encode_segment(subject.name)}/{encode_segment(grant.action)}"


def _membership_path(gid: str, uid: str) -> str:
    return f"/groups/{encode_segment(gid)}/users/{encode_segment(uid)}"


def _grants(entries: Iterable[Document]) -> list[Grant]:
    return [Grant(entry.id("rid"), action.id("name")) for entry in entries for action in entry.parts("actions")]


def _user_with(uid: str, found: Document) -> User:
    user = _user(found)
    if user.uid != uid:
        raise found.odd("it is about another account")
    return user


def _user(found: Document) -> User:
    # The provider fields are missing up to DC/OS 1.12, where everything is internal.
    provider_type = found.text_or_none("provider_type") or "internal"
    return User(
        uid=found.id("uid"),
        description=found.sentence("description"),
        is_service=found.flag("is_service", default=False),
        provider_type=provider_type,
        public_key=found.text_or_none("public_key"),
        url=found.text_or_none("url") or "",
        provider_id=found.text_or_none("provider_id") or "",
        is_remote=found.flag("is_remote", default=provider_type != "internal"),
    )


def _group(found: Document) -> Group:
    return Group(found.id("gid"), found.sentence("description"), found.text_or_none("url") or "")
