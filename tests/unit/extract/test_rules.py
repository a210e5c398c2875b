from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from app.extract.keyless.extractor import RulesExtractor, draw_facts
from app.rules.types import Fact, Message, Transcript, Usage, Window

SAID_AT = datetime(2024, 5, 15, 10, 0, tzinfo=UTC)  # A Wednesday.


def drawn(*messages: Message) -> list[Fact]:
    return draw_facts(Transcript(messages, SAID_AT), Window(0, len(messages), 0))


def texts(content: str) -> list[str]:
    return [fact.text for fact in drawn(Message("user", content))]


@pytest.mark.parametrize(
    ("said", "remembered"),
    [
        ("I live in Oslo.", "User lives in Oslo."),
        (
            "i have been working as a nurse since 2019",
            "User has been working as a nurse since 2019.",
        ),
        ("I don't like phone calls", "User doesn't like phone calls."),
        ("My dog's name is Rex.", "User's dog's name is Rex."),
        ("I'm 34 years old", "User is 34 years old."),
        ("yesterday i bought a car", "User bought a car on 14 May 2024."),
        ("Went to the opera last night!", "User went to the opera on the night of 14 May 2024!"),
        ("Call me Ana", "User wants to be called Ana."),
        ("From now on, call me Captain.", "User wants to be called Captain."),
        (
            "Please always answer in bullet points.",
            "User wants the assistant to always answer in bullet points.",
        ),
        ("Remember that my flight leaves on 3 June.", "User's flight leaves on 3 June."),
        ("We use PostgreSQL in production.", "User and others use PostgreSQL in production."),
        (
            "My sister Anita is painting the sign for us.",
            "User's sister Anita is painting the sign for them.",
        ),
        ("Our team gave us a cake.", "User's team gave them a cake."),
    ],
)
def test_a_first_person_statement_becomes_a_fact_about_the_user(said: str, remembered: str) -> None:
    assert texts(said) == [remembered]


@pytest.mark.parametrize(
    "said",
    [
        "Hi there! How are you?",
        "Thanks so much for your help!",
        "That's awesome!",
        "I really appreciate your help",
        "Do I need a visa for Japan?",
        "I told you I moved to Oslo last year, right?",
        "If I were rich I'd buy a boat",
        "I need you to write a function that sorts a list.",
        "I'm trying to understand how decorators work",
        "Kindness matters in every part of life.",
        "My password is hunter2",
        "my card is 4111 1111 1111 1111",
        "[1] (importance: 0.9, decay: 1.0, source: api) I like tea",
        "",
        "?!... 😀",
    ],
)
def test_small_talk_questions_tasks_and_secrets_are_not_remembered(said: str) -> None:
    assert texts(said) == []


def test_a_sentence_with_two_statements_becomes_two_facts() -> None:
    assert texts("I don't eat meat, I'm vegan") == ["User doesn't eat meat.", "User is vegan."]


def test_sentences_that_lean_on_the_one_before_stay_with_it() -> None:
    assert texts("I have a dog called Rex. He loves swimming in the lake near our house.") == [
        "User has a dog called Rex. He loves swimming in the lake near User's house."
    ]


def test_a_list_gives_a_fact_for_each_line() -> None:
    assert texts("- I like tea\n- I hate coffee\n* my favourite colour is green") == [
        "User likes tea.",
        "User hates coffee.",
        "User's favourite colour is green.",
    ]


@pytest.mark.parametrize(
    "pasted",
    [
        "2024-05-01 12:00:03 ERROR I could not connect to my database\n2024-05-01 12:00:04 INFO "
        "my retry",
        "Summarize this article:\n\nI walked into the room and my heart sank.\nMy fellow "
        "citizens, I was wrong.",
        "```python\nI = my_var\nmy_name = 'bob'  # I like this\n```",
        "> I love my job, wrote the colleague\n> my boss too",
        "The committee met in June. " * 100,
    ],
)
def test_pasted_logs_articles_code_and_quotes_are_no_facts(pasted: str) -> None:
    assert texts(pasted) == []


def test_what_stands_beside_code_is_still_read() -> None:
    assert texts("Can you fix this?\n```\nx = 1\n```\nI use Python 3.11 on Ubuntu.") == [
        "User uses Python 3.11 on Ubuntu."
    ]


def test_an_address_is_not_rewritten() -> None:
    assert texts("my site is https://example.com/my/page") == [
        "User's site is https://example.com/my/page."
    ]


def test_only_user_messages_are_sources() -> None:
    facts = drawn(
        Message("assistant", "I live in the cloud."),
        Message("system", "I am a helpful assistant."),
        Message("tool", "I have 3 results."),
        Message("user", "I live in Oslo."),
    )

    assert [fact.text for fact in facts] == ["User lives in Oslo."]


@pytest.mark.parametrize(
    ("question", "answer", "remembered"),
    [
        ("Are you vegetarian?", "Yes, I am", 'User, asked "Are you vegetarian?", said yes.'),
        ("Do you have kids?", "no", 'User, asked "Do you have kids?", said no.'),
        (
            "Where do you live?",
            "Oslo, since March.",
            'User, asked "Where do you live?", said: Oslo, since March.',
        ),
    ],
)
def test_a_short_answer_is_remembered_with_its_question(
    question: str, answer: str, remembered: str
) -> None:
    (fact,) = drawn(Message("assistant", question), Message("user", answer))

    assert (fact.text, fact.message_indexes, fact.quote) == (remembered, (1, 0), answer)


def test_a_yes_to_an_offer_says_nothing_about_the_user() -> None:
    assert (
        drawn(Message("assistant", "Shall I run the tests?"), Message("user", "yes please")) == []
    )


def test_named_speakers_are_told_apart() -> None:
    facts = drawn(
        Message("user", "Hey Mel! I went to a support group yesterday.", "Caroline"),
        Message("user", "Wow, Caroline! I'm swamped with the kids and I miss you.", "Melanie"),
        Message("user", "You should call my sister, she helped me a lot last year.", "Caroline"),
    )

    assert [(fact.about, fact.text) for fact in facts] == [
        ("Caroline", "Caroline went to a support group on 14 May 2024."),
        ("Melanie", "Melanie is swamped with the kids and they miss Caroline."),
    ]


def test_an_answer_between_two_people_cites_the_question_too() -> None:
    facts = drawn(
        Message("user", "What's your favourite flower, Mel?", "Caroline"),
        Message("user", "Sunflowers!", "Melanie"),
    )

    assert [(fact.text, fact.message_indexes) for fact in facts] == [
        ('Melanie, asked "What\'s your favourite flower?", said: Sunflowers!', (1, 0))
    ]


def test_a_shared_photo_is_a_passing_fact() -> None:
    facts = drawn(Message("user", "Take a look! [shares a photo: a sunset over a lake]", "Melanie"))

    assert [(fact.text, fact.importance, fact.quote) for fact in facts] == [
        (
            "Melanie shared a photo: a sunset over a lake.",
            0.2,
            "[shares a photo: a sunset over a lake]",
        )
    ]


@pytest.mark.parametrize(
    ("said", "importance"),
    [
        ("I live in Oslo.", 0.9),
        ("I'm allergic to peanuts.", 0.9),
        ("I'm Ana.", 0.9),
        ("I love jazz.", 0.7),
        ("I take my coffee black.", 0.7),
        ("I usually drink my tea without sugar.", 0.7),
        ("I'm not vegetarian anymore.", 0.9),
        ("I'm no longer vegetarian.", 0.9),
        ("I don't live in Oslo anymore.", 0.9),
        ("I don't like jazz any more.", 0.7),
        ("I'm not tired anymore.", 0.2),
        ("Please always answer in bullet points.", 0.7),
        ("I wish I had a dog.", 0.7),
        ("I'm going to visit Rome.", 0.6),
        ("I bought a bike.", 0.4),
        ("I feel tired.", 0.2),
    ],
)
def test_importance_follows_the_kind(said: str, importance: float) -> None:
    assert [fact.importance for fact in drawn(Message("user", said))] == [importance]


@pytest.mark.parametrize(
    ("said", "valid_from"),
    [
        ("I moved to Oslo last year.", datetime(2023, 1, 1, tzinfo=UTC)),
        ("I have lived in Oslo since 2019.", datetime(2019, 1, 1, tzinfo=UTC)),
        ("I live in Oslo.", SAID_AT),
        ("I'm moving to Oslo next month.", SAID_AT),
        ("I want to learn Japanese this year.", SAID_AT),
    ],
)
def test_a_fact_is_true_from_its_event_and_a_plan_from_when_it_was_told(
    said: str, valid_from: datetime
) -> None:
    assert [fact.valid_from for fact in drawn(Message("user", said))] == [valid_from]


@pytest.mark.parametrize(
    ("said", "remembered"),
    [
        ("Vivo en Madrid con mi mujer.", ["User vive en Madrid con su mujer."]),
        (
            "Hola, me llamo Ana y trabajo como enfermera.",
            ["User se llama Ana y trabaja como enfermera."],
        ),
        ("Mi perro se llama Rex.", ['User said: "Mi perro se llama Rex."']),
        (
            "Ich wohne in Berlin und habe zwei Katzen.",
            ["User wohnt in Berlin und hat zwei Katzen."],
        ),
        (
            "Gestern? Nein. Seit 2019 arbeite ich bei Siemens.",
            ['User said: "Seit 2019 arbeite ich bei Siemens."'],
        ),
        (
            "Je suis végétarien et je n'aime pas le poisson.",
            ["User est végétarien et n'aime pas le poisson."],
        ),
        ("Je n'ai pas d'enfants.", ["User n'a pas d'enfants."]),
        ("Ahora vivo en Valencia.", ["User ahora vive en Valencia."]),
        ("Actualmente, trabajo para Acme.", ["User actualmente trabaja para Acme."]),
        (
            "Ya no vivo en Sevilla, ahora vivo en Valencia.",
            ["User ya no vive en Sevilla.", "User ahora vive en Valencia."],
        ),
        (
            "Vivo en Valencia, como siempre, con mis padres.",
            ["User vive en Valencia, como siempre, con sus padres."],
        ),
        (
            "Vivo en Valencia, mi mujer dice que soy feliz.",
            ['User said: "Vivo en Valencia, mi mujer dice que soy feliz."'],
        ),
        ("Ich wohne jetzt in Hamburg.", ["User wohnt jetzt in Hamburg."]),
        ("Jetzt wohne ich in Hamburg.", ["User wohnt jetzt in Hamburg."]),
        (
            "Ich wohne nicht mehr in Berlin, jetzt wohne ich in Hamburg.",
            ["User wohnt nicht mehr in Berlin.", "User wohnt jetzt in Hamburg."],
        ),
        (
            "Jetzt freue ich mich auf meine Katze.",
            ['User said: "Jetzt freue ich mich auf meine Katze."'],
        ),
        (
            "Ich bin Lehrer, habe zwei Kinder und wohne in Köln.",
            ["User ist Lehrer, hat zwei Kinder und wohnt in Köln."],
        ),
        ("Nací en Lima, crecí en Quito.", ['User said: "Nací en Lima, crecí en Quito."']),
        ("Vivo en Lima, sí, por aquí.", ["User vive en Lima, sí, por aquí."]),
        ("Vivo en Madrid, creo.", ['User said: "Vivo en Madrid, creo."']),
        (
            "Me llamo Ana, trabajo como enfermera.",
            ["User se llama Ana.", "User trabaja como enfermera."],
        ),
        ("Maintenant j'habite à Paris.", ["User habite maintenant à Paris."]),
        (
            "Je n'habite plus à Lyon, maintenant j'habite à Paris.",
            ["User n'habite plus à Lyon.", "User habite maintenant à Paris."],
        ),
        ("Abito a Roma con mio fratello.", ['User said: "Abito a Roma con mio fratello."']),
        ("私は東京に住んでいます。", ['User said: "私は東京に住んでいます。"']),
        ("Я живу в Москве. Как дела?", ['User said: "Я живу в Москве."']),
        ("¡Hola! ¿Qué tal?", []),
        ("Danke!", []),
    ],
)
def test_other_languages_are_turned_around_or_quoted_whole(
    said: str, remembered: list[str]
) -> None:
    assert texts(said) == remembered


def test_messages_before_the_fresh_ones_are_context_only() -> None:
    messages = (
        Message("user", "I live in Oslo."),
        Message("assistant", "Any pets?"),
        Message("user", "Two old cats."),
    )

    facts = draw_facts(Transcript(messages, SAID_AT), Window(0, 3, 2))

    assert [fact.text for fact in facts] == ['User, asked "Any pets?", said: Two old cats.']


def test_one_message_gives_at_most_twelve_facts() -> None:
    assert len(texts("\n".join(f"I have a book about topic {n} at home." for n in range(50)))) == 12


def test_the_extractor_says_what_it_is_and_uses_nothing() -> None:
    transcript = Transcript((Message("user", "I live in Oslo. " * 600),), SAID_AT)

    extraction = asyncio.run(RulesExtractor().extract(transcript, Window(0, 1, 0)))

    assert RulesExtractor.version == "rules-1"
    assert extraction.usage == Usage(provider="rules", model="rules-1")
    assert extraction.facts[0].text == "User lives in Oslo."
