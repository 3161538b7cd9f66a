# SPDX-License-Identifier: Apache-2.0
"""Every way to get a token of CloudOne's Keystone, by plain HTTP, for accounts that are made when they are first needed."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import requests

from examples.session import authority
from lab.meaning import PATIENCE, World, exchange
from lab.signatures import Pair, oauth1, one_time_code, seed, signature
from lab.tokens import mint

AT = "CloudOne"
PASSWORD = "of-the-users-of-these-tests"
RULES = (("image", "GET", "/v2/images"), ("image", "GET", "/image/v2/images"), ("compute", "POST", "/compute/v2.1/servers"))
"""Access rules name a path as the web server of the service sees it: CloudOne's have a prefix, CloudTwo's have none."""
FOR_NOVA = (("image", "GET", "/v2/images/*"), ("image", "GET", "/v2/images/*/file"), ("image", "GET", "/v2/schemas/image"))
"""Nova's requests to CloudTwo's Glance for a boot."""
RECEIPT = "Openstack-Auth-Receipt"
MINTED = ("expired", "bound")
"""Kinds that are made by Keystone's library, for a client alone cannot get them here."""

Json = dict[str, Any]


class Logins:
    """Users of a project of CloudOne, and :meth:`log_in` for each kind of token. :meth:`close` takes all of it back."""

    def __init__(self, lab: Any, world: World) -> None:
        self.lab = lab
        self.world = world
        self.mark = uuid4().hex[:8]
        self.roles = {role["name"]: role["id"] for role in self.keystone("GET", "/v3/roles")["roles"]}
        self.made: list[str] = []
        self.project = str(self.make("POST", "/v3/projects", "project", name=f"kinds-{self.mark}", domain_id="default")["id"])
        self.user = self.new_user("kinds")

    def keystone(self, method: str, path: str, body: Any = None, token: str = "", **headers: str) -> Any:
        """Make a call that must succeed, as CloudOne's administrator or with another token, and return its JSON."""
        auth = token or self.world.token(f"{AT}-admin")
        answer = self.world.ask(method, AT, "identity", path, body, X_Auth_Token=auth, **headers)
        assert answer.ok, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else {}

    def close(self) -> None:
        """Delete all that was made."""
        for path in reversed(self.made):
            self.keystone("DELETE", path)

    def make(self, method: str, path: str, kind: str, **body: Any) -> Json:
        """Make something of Keystone's, until :meth:`close`."""
        done = dict(self.keystone(method, path, {kind: body})[kind])
        self.made.append(path if method == "PUT" else f"{path}/{done['id']}")
        return done

    def new_user(self, name: str, role: str = "member", **options: Any) -> str:
        """Make a member of the project, or a user with another role, and return the user's id."""
        user = self.make("POST", "/v3/users", "user", name=f"{name}-{self.mark}", password=PASSWORD, options=options)["id"]
        self.keystone("PUT", f"/v3/projects/{self.project}/users/{user}/roles/{self.roles[role]}")
        return str(user)

    def log_in(self, kind: str, segment: str = "") -> requests.Response:
        """Return the answer to a log-in of this kind, at an authentication URL with the scope ``segment`` in it, or ``""``."""
        ways: Mapping[str, Callable[[str], requests.Response]] = {
            "password": self._password,
            "rescoped": lambda segment: self._post(segment, self._by_token(self.token("unscoped"))),
            "unscoped": lambda segment: self._post(segment, self._by_password()),
            "domain": lambda segment: self._in(segment, "domain", "/v3/domains/default/users", {"id": "default"}),
            "system": lambda segment: self._in(segment, "system", "/v3/system/users", {"all": True}),
            "credential": lambda segment: self._by_credential(segment, self.credential),
            "credential with rules": lambda segment: self._by_credential(segment, self.limited),
            "credential with more rules": lambda segment: self._by_credential(segment, self.less_limited),
            "unrestricted credential": lambda segment: self._by_credential(segment, self.unrestricted),
            "trust": lambda segment: self._by_trust(segment, False),
            "impersonated trust": lambda segment: self._by_trust(segment, True),
            "redelegated trust": self._by_redelegated_trust,
            "OAuth1": self._oauth1,
            "OAuth2": self._oauth2,
            "EC2": self._ec2,
            "federated": lambda segment: self._post(segment, self._by_token(self._federated_unscoped())),
            "federated, unscoped": self._federated,
            "receipt": self._receipt,
            "two factors": self._two_factors,
            **{kind: partial(self._exchanged, kind) for kind in MINTED},
        }
        return ways[kind](segment)

    def token(self, kind: str) -> str:
        """Return a new token of this kind, or a similar document, got without a scope."""
        if kind in MINTED:
            return mint(self.lab, AT, kind, self.user, self.project)
        answer = self.log_in(kind)
        return answer.headers[RECEIPT] if kind == "receipt" else token_in(answer)

    def _post(self, segment: str, body: Json, **headers: str) -> requests.Response:
        return self.world.post(AT, segment, body, **headers)

    def _password(self, segment: str) -> requests.Response:
        return self._post(segment, self._by_password(scope={"project": {"id": self.project}}))

    def _by_password(self, user: str = "", scope: Json | None = None) -> Json:
        password = {"user": {"id": user or self.user, "password": PASSWORD}}
        return authentication("password", password, scope)

    def _by_token(self, token: str) -> Json:
        body = exchange(token)
        body["auth"]["scope"] = {"project": {"id": self.project}}
        return body

    def _exchanged(self, kind: str, segment: str) -> requests.Response:
        """Log in by a token that Keystone's library made, for the same project."""
        return self._post(segment, self._by_token(self.token(kind)))

    def _in(self, segment: str, kind: str, path: str, what: Json) -> requests.Response:
        """Log in to something else than a project, where the user is made a reader first."""
        self.keystone("PUT", f"{path}/{self.user}/roles/{self.roles['reader']}")
        return self._post(segment, self._by_password(scope={kind: what}))

    def new_credential(self, name: str, **options: Any) -> Json:
        """Make an application credential of the user."""
        body = {"application_credential": {"name": name, **options}}
        path = f"/v3/users/{self.user}/application_credentials"
        return dict(self.keystone("POST", path, body, token_in(self._password("")))["application_credential"])

    @cached_property
    def credential(self) -> Json:
        return self.new_credential("plain")

    @cached_property
    def unrestricted(self) -> Json:
        return self.new_credential("unrestricted", unrestricted=True)

    @cached_property
    def limited(self) -> Json:
        return self._limited("limited", RULES)

    @cached_property
    def less_limited(self) -> Json:
        return self._limited("less limited", (*RULES, *FOR_NOVA))

    def _limited(self, name: str, rules: Iterable[tuple[str, str, str]]) -> Json:
        named = [{"service": service, "method": method, "path": path} for service, method, path in rules]
        return self.new_credential(name, access_rules=named)

    def _by_credential(self, segment: str, credential: Json) -> requests.Response:
        shown = {"id": credential["id"], "secret": credential["secret"]}
        return self._post(segment, authentication("application_credential", shown))

    @cached_property
    def trustee(self) -> str:
        return self.new_user("trustee")

    @cached_property
    def second_trustee(self) -> str:
        return self.new_user("second")

    def new_trust(self, token: str, trustee: str, impersonation: bool) -> Json:
        """Make a trust by the token of the trustor, and return its part of a log-in's scope."""
        trust = {
            "trustor_user_id": self.user,
            "trustee_user_id": trustee,
            "project_id": self.project,
            "impersonation": impersonation,
            "allow_redelegation": True,
            "roles": [{"name": "member"}],
        }
        made = self.keystone("POST", "/v3/OS-TRUST/trusts", {"trust": trust}, token)["trust"]
        return {"OS-TRUST:trust": {"id": made["id"]}}

    def _by_trust(self, segment: str, impersonation: bool) -> requests.Response:
        trust = self.new_trust(token_in(self._password("")), self.trustee, impersonation)
        return self._post(segment, self._by_password(self.trustee, trust))

    def _by_redelegated_trust(self, segment: str) -> requests.Response:
        trust = self.new_trust(token_in(self._by_trust("", True)), self.second_trustee, True)
        return self._post(segment, self._by_password(self.second_trustee, trust))

    def _oauth2(self, segment: str) -> requests.Response:
        """Keystone takes an application credential for a client of OAuth2."""
        credential = self.credential
        return requests.post(
            self._url(segment, "/v3/OS-OAUTH2/token"),
            data={"grant_type": "client_credentials"},
            auth=(credential["id"], credential["secret"]),
            timeout=PATIENCE,
            verify=authority(),
        )

    def _url(self, segment: str, path: str) -> str:
        return self.world.url(AT, "identity", f"/scope/{segment}{path}" if segment else path)

    @cached_property
    def access(self) -> tuple[Pair, Pair]:
        """A consumer of OAuth1 and its access token, each with its secret; by default, only an administrator may authorize."""
        user = self.new_user("authorizer", role="admin")
        made = self.make("POST", "/v3/OS-OAUTH1/consumers", "consumer", description="kinds")
        consumer = made["id"], made["secret"]
        asked = self._signed("request_token", consumer, oauth_callback="oob", Requested_Project_Id=self.project)
        admin = token_in(self._post("", self._by_password(user, {"project": {"id": self.project}})))
        roles = {"roles": [{"id": self.roles["member"]}]}
        authorized = self.keystone("PUT", f"/v3/OS-OAUTH1/authorize/{asked[0]}", roles, admin)["token"]
        return consumer, self._signed("access_token", consumer, asked, oauth_verifier=authorized["oauth_verifier"])

    def _signed(self, path: str, consumer: Pair, token: Pair = ("", ""), **more: str) -> Pair:
        """Take a step of OAuth1, and return the token that it gives, with its secret."""
        url = self._url("", f"/v3/OS-OAUTH1/{path}")
        fields = {name: value for name, value in more.items() if name.startswith("oauth_")}
        headers = {name.replace("_", "-"): value for name, value in more.items() if name not in fields}
        headers["Authorization"] = oauth1(url, consumer, token, **fields)
        answer = requests.post(url, headers=headers, timeout=PATIENCE, verify=authority())
        assert answer.ok, answer.text
        given = parse_qs(answer.text)
        return given["oauth_token"][0], given["oauth_token_secret"][0]

    def _oauth1(self, segment: str) -> requests.Response:
        """Log in by a request that is signed for the URL to which it goes."""
        signed = oauth1(self._url(segment, "/v3/auth/tokens"), *self.access)
        return self._post(segment, authentication("oauth1", {}), Authorization=signed)

    def _ec2(self, segment: str) -> requests.Response:
        """Sign as a client of EC2 does. Keystone answers services and administrators."""
        path = f"/v3/users/{self.user}/credentials/OS-EC2"
        pair = self.keystone("POST", path, {"tenant_id": self.project}, token_in(self._password("")))["credential"]
        parameters = {"SignatureVersion": "0", "Action": "List", "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        signed = {
            "access": pair["access"],
            "host": "localhost",
            "verb": "GET",
            "path": "/",
            "params": parameters,
            "signature": signature(pair["secret"], parameters["Action"] + parameters["Timestamp"]),
        }
        admin = self.world.token(f"{AT}-admin")
        scoped = f"/scope/{segment}" if segment else ""
        return self.world.ask("POST", AT, "identity", f"{scoped}/v3/ec2tokens", {"ec2Credentials": signed}, X_Auth_Token=admin)

    @cached_property
    def federation(self) -> str:
        """The path of a log-in whose users an identity provider names; here a header does, where Apache has a variable."""
        group = self.make("POST", "/v3/groups", "group", name=f"kinds-{self.mark}", domain_id="default")["id"]
        self.keystone("PUT", f"/v3/projects/{self.project}/groups/{group}/roles/{self.roles['member']}")
        local = [{"user": {"name": "{0}"}, "group": {"id": group}}]
        rules = [{"local": local, "remote": [{"type": "HTTP_X_FEDERATED_USER"}]}]
        name = f"kinds-{self.mark}"
        self.make("PUT", f"/v3/OS-FEDERATION/mappings/{name}", "mapping", rules=rules)
        provider = f"/v3/OS-FEDERATION/identity_providers/{name}"
        self.make("PUT", provider, "identity_provider", enabled=True)
        self.make("PUT", f"{provider}/protocols/mapped", "protocol", mapping_id=name)
        return f"{provider}/protocols/mapped/auth"

    def _federated(self, segment: str) -> requests.Response:
        scoped = f"/scope/{segment}" if segment else ""
        return self.world.ask("POST", AT, "identity", f"{scoped}{self.federation}", X_Federated_User=f"alice-{self.mark}")

    def _federated_unscoped(self) -> str:
        return token_in(self._federated(""))

    @cached_property
    def careful(self) -> str:
        """A user with a password and a one-time code."""
        rules = [["password", "totp"]]
        user = self.new_user("careful", multi_factor_auth_enabled=True, multi_factor_auth_rules=rules)
        self.make("POST", "/v3/credentials", "credential", type="totp", user_id=user, blob=seed())
        return user

    def _receipt(self, segment: str) -> requests.Response:
        return self._post(segment, self._by_password(self.careful, {"project": {"id": self.project}}))

    def _two_factors(self, segment: str) -> requests.Response:
        receipt = self._receipt(segment).headers[RECEIPT]
        user = {"user": {"id": self.careful, "passcode": one_time_code()}}
        body = authentication("totp", user, {"project": {"id": self.project}})
        return self._post(segment, body, Openstack_Auth_Receipt=receipt)


def authentication(method: str, shown: Json, scope: Json | None = None) -> Json:
    """Return the body of an authentication."""
    auth: Json = {"identity": {"methods": [method], method: shown}}
    return {"auth": auth if scope is None else auth | {"scope": scope}}


def token_in(answer: requests.Response) -> str:
    """Return the token that an answer gives."""
    assert answer.ok, answer.text
    return str(answer.headers.get("X-Subject-Token") or answer.json()["access_token"])
