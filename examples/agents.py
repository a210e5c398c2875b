"""Agent-scoped memory: two agents, one user, and nothing leaks from one to the other.

python -m examples.agents
"""

from __future__ import annotations

from uuid import uuid4

from smara import Smara

from examples import environment

USER = f"ada-{uuid4().hex[:8]}"


def main() -> None:
    """Give two agents a memory each, and search as each of them and as the user."""
    with Smara() as client:
        coder = client.agents.create("Coder", "ada", description="Writes code")
        chef = client.agents.create("Chef", "ada", description="Plans meals")

        client.agents.store(coder.id, USER, "Likes short functions", importance=0.8)
        client.agents.store(chef.id, USER, "Likes short recipes", importance=0.8)
        client.store(USER, "Speaks Portuguese")

        question = "What does she like?"
        for agent in (coder, chef):
            known = [memory.fact for memory in client.agents.search(agent.id, USER, question)]
            print(f"{agent.name}: {known}")
        print("the user's own:", [memory.fact for memory in client.search(USER, question)])
        everything = client.search(USER, question, include_agents=True)
        print("with all agents:", sorted(memory.fact for memory in everything))


if __name__ == "__main__":
    environment.require()
    main()
