"""Teams, their members, and invitations."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.api.auth import Reader, Writer
from app.api.errors import ErrorBody
from app.api.routes.memories import OVER_PLAN
from app.api.schemas.idempotency import IdempotencyKey, idempotent_request, unwrap
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import MASKED, STORABLE, USER_ID, Email, IsoTime, Text, UserId
from app.api.schemas.versions import CHANGED_SINCE, IfMatch, tag
from app.rules.types import Member, Team
from app.tenancy import teams
from app.tenancy.teams import Invited

router = APIRouter(prefix="/v1", tags=["teams"], route_class=StrictRoute)

Name = Annotated[str, StringConstraints(min_length=1, max_length=100), STORABLE, MASKED]
Slug = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[a-z0-9-]+$")]
Role = Literal["admin", "member", "read_only"]
MemberPath = Annotated[UserId, Path(description="The member's user_id.")]


class TeamIn(BaseModel):
    """A team to create."""

    name: Name
    slug: Slug = Field(description="Lowercase letters, digits and hyphens.")
    user_id: UserId = Field(description="Who creates it, and becomes its first admin.")
    email: Email | None = None


class TeamPatch(BaseModel):
    """What to change; at least one of name and slug."""

    user_id: UserId = Field(description="The admin who asks for it.")
    name: Name | None = None
    slug: Slug | None = None

    @model_validator(mode="after")
    def something_changes(self) -> Self:
        if self.name is None and self.slug is None:
            raise ValueError("give name or slug")
        return self


class MemberIn(BaseModel):
    """A user to add."""

    user_id: UserId
    added_by: UserId = Field(description="The admin who asks for it.")
    email: Email | None = None
    role: Role = "member"


class RoleIn(BaseModel):
    """A member's new role."""

    role: Role
    changed_by: UserId = Field(description="The admin who asks for it.")


class InvitationIn(BaseModel):
    """A person to invite."""

    email: Email
    invited_by: UserId = Field(description="The admin who asks for it.")
    role: Role = Field(
        "member", description="`member` or `read_only`: an invitation cannot make admins."
    )


class AcceptIn(BaseModel):
    """The user who joins."""

    user_id: UserId
    email: Email = Field(description="The address that was invited.")


class TeamOut(BaseModel):
    """A team."""

    id: UUID
    tenant_id: UUID
    name: str
    slug: str
    created_at: IsoTime

    @classmethod
    def of(cls, team: Team) -> Self:
        """Render a team."""
        return cls(
            id=team.team_id,
            tenant_id=team.tenant_id,
            name=team.name,
            slug=team.slug,
            created_at=team.created_at,
        )


class TeamListed(TeamOut):
    """A team with the number of its members."""

    member_count: int

    @classmethod
    def of(cls, team: Team) -> Self:
        """Render a team as in a list."""
        return cls(**TeamOut.of(team).model_dump(), member_count=team.member_count)


class TeamList(BaseModel):
    """Oldest first."""

    teams: list[TeamListed]


class MemberOut(BaseModel):
    """A member."""

    id: UUID
    user_id: str
    email: str | None
    role: Role
    invited_by: str | None
    joined_at: IsoTime

    @classmethod
    def of(cls, member: Member) -> Self:
        """Render a member."""
        return cls.model_validate(
            {
                "id": member.member_id,
                "user_id": member.user_id,
                "email": member.email,
                "role": member.role,
                "invited_by": member.invited_by,
                "joined_at": member.joined_at,
            }
        )


class TeamDetail(TeamListed):
    """A team with its members, in the order in which they joined."""

    members: list[MemberOut]


class InvitationOut(BaseModel):
    """The only answer that holds the token."""

    id: UUID
    email: str
    role: Role
    token: str = Field(
        description="64 hexadecimal digits; whoever has it may join with the invited address."
    )
    expires_at: IsoTime
    created_at: IsoTime

    @classmethod
    def of(cls, invited: Invited) -> Self:
        """Render an invitation with its token."""
        invitation = invited.invitation
        return cls.model_validate(
            {
                "id": invitation.invitation_id,
                "email": invitation.email,
                "role": invitation.role,
                "token": invited.token,
                "expires_at": invitation.expires_at,
                "created_at": invitation.created_at,
            }
        )


class Accepted(BaseModel):
    """The user is in the team."""

    team_id: UUID
    role: Role
    message: str


@router.post("/teams", status_code=201, responses=OVER_PLAN)
async def create_team(
    body: TeamIn,
    caller: Writer,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> TeamOut:
    """Create a team; its members share memories that are stored with `visibility: team`."""
    made = await teams.form(
        caller,
        name=body.name,
        slug=body.slug,
        creator=body.user_id,
        email=body.email,
        request=idempotent_request(request, caller, idempotency_key, body),
    )
    return TeamOut.of(unwrap(made, response))


@router.get("/teams")
async def list_teams(caller: Reader) -> TeamList:
    """List the tenant's teams, oldest first."""
    return TeamList(teams=[TeamListed.of(team) for team in await teams.list_all(caller)])


@router.get("/teams/{team_id}")
async def get_team(caller: Reader, team_id: UUID, response: Response) -> TeamDetail:
    """Get one team with its members."""
    team, members = await teams.get(caller, team_id)
    tag(response, team)
    return TeamDetail(
        **TeamListed.of(team).model_dump(), members=[MemberOut.of(member) for member in members]
    )


@router.patch("/teams/{team_id}", responses=CHANGED_SINCE)
async def change_team(
    body: TeamPatch,
    caller: Writer,
    team_id: UUID,
    response: Response,
    if_match: IfMatch = None,
) -> TeamOut:
    """Change the name or the slug of a team. Only its admins may."""
    changed = await teams.rename(
        caller, team_id, name=body.name, slug=body.slug, by=body.user_id, if_match=if_match
    )
    tag(response, changed)
    return TeamOut.of(changed)


@router.delete("/teams/{team_id}", status_code=204)
async def delete_team(
    caller: Writer,
    team_id: UUID,
    user_id: Annotated[UserId, Query(description="The admin who asks for it.")],
) -> None:
    """Dissolve a team. Its memories go back to their authors, private."""
    await teams.dissolve(caller, team_id, by=user_id)


@router.post("/teams/{team_id}/members", status_code=201, responses=OVER_PLAN)
async def add_member(
    body: MemberIn,
    caller: Writer,
    request: Request,
    response: Response,
    team_id: UUID,
    idempotency_key: IdempotencyKey = None,
) -> MemberOut:
    """Add a user to the team: `admin` manages, `member` reads and writes, `read_only` reads."""
    made = await teams.add_member(
        caller,
        team_id,
        body.user_id,
        role=body.role,
        email=body.email,
        added_by=body.added_by,
        request=idempotent_request(request, caller, idempotency_key, body),
    )
    tag(response, made.value)
    return MemberOut.of(unwrap(made, response))


@router.patch(f"/teams/{{team_id}}/members/{USER_ID}", responses=CHANGED_SINCE)
async def change_member(
    body: RoleIn,
    caller: Writer,
    team_id: UUID,
    user_id: MemberPath,
    response: Response,
    if_match: IfMatch = None,
) -> MemberOut:
    """Change a member's role. The last admin stays admin (409)."""
    changed = await teams.set_role(
        caller, team_id, user_id, role=body.role, by=body.changed_by, if_match=if_match
    )
    tag(response, changed)
    return MemberOut.of(changed)


@router.delete(f"/teams/{{team_id}}/members/{USER_ID}", status_code=204)
async def remove_member(
    caller: Writer,
    team_id: UUID,
    user_id: MemberPath,
    removed_by: Annotated[UserId, Query(description="An admin, or the member.")],
) -> None:
    """Remove a user from the team; a member may leave. The last admin cannot leave (409)."""
    await teams.remove_member(caller, team_id, user_id, by=removed_by)


@router.post("/teams/{team_id}/invitations", status_code=201)
async def invite(body: InvitationIn, caller: Writer, team_id: UUID) -> InvitationOut:
    """Create an invitation, valid for 7 days and for one use. You send it yourself. Its token is
    not kept, so a request that is sent twice makes two invitations."""
    invited = await teams.invite(
        caller, team_id, email=body.email, role=body.role, by=body.invited_by
    )
    return InvitationOut.of(invited)


@router.post(
    "/invitations/{token}/accept",
    responses={**OVER_PLAN, 410: {"model": ErrorBody, "description": "Used, or run out."}},
)
async def accept_invitation(
    body: AcceptIn, token: Annotated[Text, Path(max_length=200)]
) -> Accepted:
    """Join a team by an invitation. It needs no API key: the token is the credential."""
    invitation = await teams.accept(token, user_id=body.user_id, email=body.email)
    return Accepted.model_validate(
        {
            "team_id": invitation.team_id,
            "role": invitation.role,
            "message": "You are in the team.",
        }
    )
