"""Teams: what one member stores for the team, all members find.

python -m examples.teams
"""

from __future__ import annotations

from uuid import uuid4

from smara import PermissionDenied, Smara

from examples import environment

RUN = uuid4().hex[:8]
ADA, BOT, EVE = f"ada-{RUN}", f"review-bot-{RUN}", f"eve-{RUN}"


def main() -> None:
    """Create a team of a person and an agent, share a fact, and see who can find it."""
    with Smara() as client:
        team = client.teams.create("Platform", f"platform-{RUN}", ADA)
        client.teams.add_member(team.id, BOT, added_by=ADA)

        client.store(ADA, "The old API goes away on 15 May", team_id=team.id, importance=0.9)
        client.store(ADA, "Dreads the migration", team_id=team.id, visibility="private")

        for user in (ADA, BOT):
            found = client.search(user, "API migration", team_id=team.id)
            print(f"{user.removesuffix('-' + RUN)}: {sorted(memory.fact for memory in found)}")
        try:
            client.search(EVE, "API migration", team_id=team.id)
        except PermissionDenied as refused:
            print(f"eve: {refused.code}")


if __name__ == "__main__":
    environment.require()
    main()
