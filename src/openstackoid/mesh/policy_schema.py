# SPDX-License-Identifier: Apache-2.0
"""The schema of a cloud's ``policy``: keys, values, and plain words for the faults."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from openstackoid.policy import ANY, APART, EVERY_REQUEST, KEEP, AuditMode, PeerPolicy, Policy, RequestPattern, TokenStep
from openstackoid.policy.principal import identifier
from openstackoid.policy.principal import name as printable
from openstackoid.scope.model import IDENTITY
from openstackoid.scope.services import official_service_type

ALL = "all"
ONLY_BY_NAME = ("admin", "service")
"""Roles that OpenStack's services trust above others: the short form of ``roles`` does not grant them."""

_RULE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,62}[A-Za-z0-9._-])?")


def _rule(text: str) -> str:
    if _RULE.fullmatch(text) is None:
        raise ValueError(f"{text!r}: letters, digits, ' ', '.', '_' and '-' are accepted, 64 at most")
    return text


def _name(text: str) -> str:
    return printable(text, repr(text[:64]))


def _id(text: str) -> str:
    return identifier(text, repr(text[:64]))


def _written_out(text: str) -> str:
    if "*" in text:
        raise ValueError(f"{text!r}: domains are written out, by name or id; '*' is accepted in 'names'")
    return _name(text)


def _role(text: str) -> str:
    if "," in text or text != text.strip():
        raise ValueError(f"{text!r}: a role's name has no ',' and no space around it")
    if "*" in text and text != ANY:
        raise ValueError(f"{text!r}: write the role out; '*' alone is any other role of theirs")
    return _name(text)


def _our_role(text: str) -> str:
    if text == ANY:
        raise ValueError("'*' is for roles of theirs; write the role of ours out")
    return _role(text)


def _official(name: str) -> str:
    return name if name == ANY else official_service_type(name) or name


def _service(name: str) -> str:
    if _official(name) == IDENTITY:
        raise ValueError("Keystone judges its own requests; any other service is accepted")
    return _official(name)


def _named_once(value: object) -> object:
    if value == ALL:
        raise ValueError(f'a mapping of services to requests is accepted; {{"*": {ALL}}} is every service')
    if isinstance(value, dict):
        seen: dict[str, str] = {}
        for name in value:
            official = official_service_type(name) or name if isinstance(name, str) else None
            if official is not None and seen.setdefault(official, name) != name:
                raise ValueError(f"'{seen[official]}' and '{name}' are the same service; name it once")
    return value


def as_list(value: object) -> object:
    """Return a single text as a list."""
    return [value] if isinstance(value, str) else value


def _requests(value: object) -> object:
    if value == ALL:
        return [str(EVERY_REQUEST)]
    if not isinstance(value, list) and not (isinstance(value, str) and " " in value):
        raise ValueError(f"'{ALL}', or a list of requests as in [GET /v2/images/**], is accepted")
    return as_list(value)


def _pattern(text: str) -> str:
    if text == ALL:
        raise ValueError(f"'{ALL}' is written alone, in place of the list")
    RequestPattern.parse(text)
    return text


def _long_form(value: object) -> object:
    """Expand ``[member, reader]`` to ``{member: [member], reader: [reader]}``."""
    if not isinstance(value, list):
        return value
    for role in value:
        if role == ANY:
            raise ValueError("'*' is not accepted in the short form; {\"*\": reader} maps any other role")
        if isinstance(role, str) and role.lower() in ONLY_BY_NAME:
            raise ValueError(f"'{role}' is not granted by the short form; write {{{role}: {role}}} if you mean it")
    if not all(isinstance(role, str) for role in value):
        raise ValueError("a list of names, or a mapping of their roles to ours, is accepted")
    return {role: [role] for role in value}


def _granting(roles: dict[str, list[str]]) -> dict[str, list[str]]:
    lower = [role.lower() for role in roles]
    for role in roles:
        if lower.count(role.lower()) > 1:
            raise ValueError(f"'{role}' is there twice: names of roles are compared without case")
    if not any(roles.values()):
        raise ValueError("no role is granted; one at least is needed")
    return roles


def _which_project(value: object) -> str | None:
    if value in (KEEP, APART):
        return "[word]"
    return "[project]" if isinstance(value, dict | BaseModel) else None


def _distinct(people: "list[MappingRuleSchema]") -> "list[MappingRuleSchema]":
    names = [entry.name for entry in people]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two entries have the name '{name}'; audit lines tell them apart by it")
    return people


_Texts = BeforeValidator(as_list)
_Names = Annotated[list[Annotated[str, AfterValidator(_name)]], _Texts, Field(min_length=1)]
_Ids = Annotated[list[Annotated[str, AfterValidator(_id)]], _Texts, Field(min_length=1)]
_Domains = Annotated[list[Annotated[str, AfterValidator(_written_out)]], _Texts, Field(min_length=1)]
_Ours = Annotated[list[Annotated[str, AfterValidator(_our_role)]], _Texts]
_Roles = Annotated[
    dict[Annotated[str, AfterValidator(_role)], _Ours],
    BeforeValidator(_long_form),
    AfterValidator(_granting),
]
_Requests = Annotated[list[Annotated[str, AfterValidator(_pattern)]], BeforeValidator(_requests)]
ServicesSchema = Annotated[dict[Annotated[str, AfterValidator(_service)], _Requests], BeforeValidator(_named_once)]
_WithKeystone = Annotated[dict[Annotated[str, AfterValidator(_official)], _Requests], BeforeValidator(_named_once)]


class Strict(BaseModel):
    """A mapping in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Return itself: it is immutable, so a default value serves all clouds."""
        return self


class ConditionSchema(Strict):
    """``users`` and ``projects``."""

    domains: _Domains = []
    names: _Names = []
    ids: _Ids = []


class DomainSchema(Strict):
    """``domain`` of a project of this cloud."""

    id: Annotated[str, AfterValidator(_id)]
    name: Annotated[str, AfterValidator(_name)]


class ProjectSchema(DomainSchema):
    """``project``, for a project of this cloud."""

    domain: DomainSchema


_Project = Annotated[
    Annotated[Literal["keep", "apart"], Tag("[word]")] | Annotated[ProjectSchema, Tag("[project]")],
    Discriminator(
        _which_project,
        custom_error_type="project",
        custom_error_message=f"{KEEP}, {APART}, or a project of this cloud by id, name and domain is accepted",
    ),
]


class MappingRuleSchema(Strict):
    """An entry of ``people``."""

    name: Annotated[str, AfterValidator(_rule)]
    users: ConditionSchema = ConditionSchema()
    projects: ConditionSchema = ConditionSchema()
    roles: _Roles
    project: _Project = APART
    services: ServicesSchema | None = None


class BudgetSchema(Strict):
    """``budget``."""

    requests: Annotated[int, Field(ge=1, le=10**12)]
    seconds: Annotated[float, Field(ge=1, le=366 * 86400)]


class PeerSchema(Strict):
    """An entry of ``peers``."""

    services: ServicesSchema = {}
    through: Annotated[list[str], _Texts] = []
    rate: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    budget: BudgetSchema | None = None
    tokens: Annotated[int, Field(ge=1, le=10_000_000)] = PeerPolicy.tokens
    people: Annotated[list[MappingRuleSchema], AfterValidator(_distinct)] = []


class DelegationSchema(Strict):
    """An entry of ``delegation``."""

    users: _WithKeystone = {}
    services: _WithKeystone = {}
    tokens: Annotated[list[TokenStep], _Texts] = []
    images: bool = True


class PolicySchema(Strict):
    """``policy`` of a cloud."""

    seconds: Annotated[float, Field(ge=0, le=3600)] = Policy.seconds
    token_cache_time: Annotated[float, Field(ge=1, le=7 * 86400)] = Policy.token_cache_time
    audit: AuditMode = Policy.audit
    peers: dict[str, PeerSchema] = {}
    delegation: dict[str, DelegationSchema] = {}


_AT: dict[tuple[Any, ...], type[BaseModel]] = {
    (): PolicySchema,
    ("peers",): PeerSchema,
    ("delegation",): DelegationSchema,
    ("peers", "budget"): BudgetSchema,
    ("peers", "people"): MappingRuleSchema,
    ("peers", "people", "users"): ConditionSchema,
    ("peers", "people", "projects"): ConditionSchema,
    ("peers", "people", "project"): ProjectSchema,
    ("peers", "people", "project", "domain"): DomainSchema,
}
"""The schemas by their places below ``policy``, without the cloud (second) and the number (fourth)."""


def schema_at(path: tuple[Any, ...]) -> type[BaseModel]:
    """Return the schema of a place below ``policy``."""
    return _AT[tuple(part for place, part in enumerate(path) if place not in (1, 3))]
